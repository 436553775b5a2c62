/// Pairs of responses, of which the chosen one follows the instructions of its request.
#include <nlohmann/json.hpp>

#include "tasks/generators/instructed_responses.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

/// A level is a number of instructions combined.
class Preferences final : public Generator {
 public:
  explicit Preferences(GeneratorArguments& arguments)
      : levels_(arguments.integers("combined", {1, 2, 3}, 1, kNumAspects)) {}

  int num_levels() const override { return static_cast<int>(levels_.size()); }
  int num_answers() const override { return 2; }
  std::optional<nlohmann::json> make(Draw draw) const override {
    std::optional<nlohmann::json> document = make_instructed_question(
        draw.random, aspects_named(aspect_names()), levels_[static_cast<std::size_t>(draw.level)],
        num_answers(), draw.answer);
    if (!document) return std::nullopt;
    (*document)["chosen"] = (*document)["choices"][static_cast<std::size_t>(draw.answer)];
    (*document)["rejected"] = (*document)["choices"][static_cast<std::size_t>(1 - draw.answer)];
    return document;
  }

 private:
  std::vector<int> levels_;
};

}  // namespace

const GeneratorKind kPreferences{
    "preferences", 1, "pairs of responses to a request, of which one follows its instructions",
    [](GeneratorArguments& arguments) -> std::unique_ptr<Generator> {
      return std::make_unique<Preferences>(arguments);
    }};

}  // namespace allometer::tasks
