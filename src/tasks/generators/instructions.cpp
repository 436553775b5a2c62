/// Requests with verifiable instructions for small models, to be answered freely or by choosing
/// among responses.
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/generators/instructed_responses.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

/// A level is a number of instructions combined.
class Instructions final : public Generator {
 public:
  explicit Instructions(GeneratorArguments& arguments)
      : levels_(arguments.integers("combined", {1, 2, 3}, 1, kNumAspects)),
        num_choices_(static_cast<int>(arguments.integer("choices", 4, 2, 4))),
        aspects_(aspects_named(arguments.texts("aspects", aspect_names(), aspect_names()))) {
    for (const int level : levels_) {
      if (level <= static_cast<int>(aspects_.size())) continue;
      throw ConfigError(arguments.where("combined") + std::to_string(level) +
                        " is more than the number of aspects, " + std::to_string(aspects_.size()));
    }
  }

  int num_levels() const override { return static_cast<int>(levels_.size()); }
  int num_answers() const override { return num_choices_; }
  std::optional<nlohmann::json> make(Draw draw) const override {
    return make_instructed_question(draw.random, aspects_,
                                    levels_[static_cast<std::size_t>(draw.level)], num_choices_,
                                    draw.answer);
  }

 private:
  std::vector<int> levels_;
  int num_choices_;
  std::vector<Aspect> aspects_;
};

}  // namespace

const GeneratorKind kInstructions{
    "instructions", 1, "short requests with one to six instructions that a program can verify",
    [](GeneratorArguments& arguments) -> std::unique_ptr<Generator> {
      return std::make_unique<Instructions>(arguments);
    }};

}  // namespace allometer::tasks
