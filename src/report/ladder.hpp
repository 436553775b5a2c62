#pragma once
/// What models have in common that are set against size together.

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace allometer::report {

/// What the cells of one ladder share: one rung per model, seeds pooled.
struct Ladder {
  std::int32_t task = 0;
  std::int32_t num_questions = 0;
  std::int32_t num_fewshot = 0;
  std::string precision;
  std::string levers;  ///< "tuning = base, data = web"; empty if none
  bool random_weights = false;
  bool in_job = true;

  auto operator<=>(const Ladder&) const = default;
};

/// "tuning = base, data = web"; empty if none.
std::string text_of(const std::map<std::string, std::string>& levers);

/// "family stories", "families a and b, tuning = base", "4 families (random weights)". `levers`:
/// what stands for the levers, empty if nothing does.
std::string name_of_models(const std::set<std::string>& families, const std::string& levers,
                           bool random_weights);

/// What stands for the levers of a row over several settings of them: "3 lever settings".
std::string name_of_settings(std::size_t num_settings);

/// Numbers for texts, in order of appearance: 0, 1, 2...
class Labels {
 public:
  int of(const std::string& text) {
    return labels_.try_emplace(text, static_cast<int>(labels_.size())).first->second;
  }

 private:
  std::map<std::string, int> labels_;
};

}  // namespace allometer::report
