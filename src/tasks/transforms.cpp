#include "tasks/transforms.hpp"

#include <algorithm>
#include <array>

#include "tasks/bbh_options.hpp"
#include "tasks/rationale_docs.hpp"
#include "tasks/story_docs.hpp"

namespace allometer::tasks {
namespace {

constexpr std::array kTransforms{
    Transform{"story_cloze", 1, story_cloze}, Transform{"story_continue", 1, story_continue},
    Transform{"story_coin", 1, story_coin},   Transform{"esnli", 1, esnli},
    Transform{"eraser", 1, eraser},           Transform{"cose", 1, cose},
    Transform{"bbh_options", 1, bbh_options},
};

}  // namespace

const Transform* find_transform(std::string_view name) {
  const auto found =
      std::find_if(kTransforms.begin(), kTransforms.end(),
                   [&](const Transform& transform) { return transform.name == name; });
  return found == kTransforms.end() ? nullptr : &*found;
}

std::vector<std::string> transform_names() {
  std::vector<std::string> names;
  for (const Transform& transform : kTransforms) names.emplace_back(transform.name);
  return names;
}

}  // namespace allometer::tasks
