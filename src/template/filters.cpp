#include "template/filters.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "template/renderer.hpp"

namespace allometer::jinja {
namespace {

/// jinja2 has them; prompts have no use for them.
constexpr std::array<std::string_view, 8> kLeftOut{
    "filesizeformat", "lipsum", "pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr"};

FilterFunction find_filter(std::string_view name, const Settings& settings) {
  if (const FilterFunction filter = find_text_filter(name)) return filter;
  if (const FilterFunction filter = find_sequence_filter(name)) return filter;
  return find_value_filter(name, settings);
}

}  // namespace

bool is_filter(std::string_view name, const Settings& settings) {
  return find_filter(name, settings) != nullptr;
}

std::string reason_for_no_filter(std::string_view name, const Settings&) {
  if (std::find(kLeftOut.begin(), kLeftOut.end(), name) != kLeftOut.end()) {
    return fmt::format("the filter '{}' is not supported", name);
  }
  return fmt::format("there is no filter named '{}'", name);
}

Value apply_filter(Renderer& renderer, std::string_view name, const Value& input,
                   const Arguments& arguments) {
  const FilterFunction filter = find_filter(name, renderer.settings());
  if (filter == nullptr) throw Failure(reason_for_no_filter(name, renderer.settings()));
  spend_reading(input, arguments, renderer.heap());
  Value result = filter(renderer, input, arguments);
  // Some texts grow: escape, tojson, urlencode.
  renderer.heap().spend_text(result);
  return result;
}

}  // namespace allometer::jinja
