// Numbers and what a hidden function makes of them, as "12 -> 27" for 2x + 3, or "7 31 -> 38" for
// the sum of two. The level is the number of digits.
#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/hidden_rule.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

constexpr std::array<Rivals, 2> kFamilies{{
    // Of one number x: x + b, ax, ax + b, ax - b.
    {"shift", "scale", "scale_and_add", "scale_and_take"},
    // Of two.
    {"sum", "distance", "larger", "smaller"},
}};
constexpr std::size_t kOfOne = 0;

class SmallFunction final : public Generator {
 public:
  explicit SmallFunction(GeneratorArguments& arguments)
      : digits_(arguments.integers("digits", {1, 2, 3}, 1, 6)),
        rule_(arguments.text("rule", "scale_and_add", rule_names(kFamilies))),
        slope_(arguments.integer("slope", 2, 2, 99)),
        shift_(arguments.integer("shift", 3, 1, 99)) {}

  int num_levels() const override { return static_cast<int>(digits_.size()); }
  int num_answers() const override { return kRivals; }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int digits = digits_[static_cast<std::size_t>(draw.level)];
    const auto [family, rule] = find_rule(kFamilies, rule_);
    const long long x = number_of(digits, draw.random);
    const long long y = number_of(digits, draw.random);
    const std::array<long long, kRivals> values =
        family == kOfOne
            ? std::array{x + shift_, slope_ * x, slope_ * x + shift_, slope_ * x - shift_}
            : std::array{x + y, std::abs(x - y), std::max(x, y), std::min(x, y)};
    if (*std::min_element(values.begin(), values.end()) < 0) return std::nullopt;
    std::array<std::string, kRivals> outputs;
    for (std::size_t i = 0; i < kRivals; ++i) outputs[i] = std::to_string(values[i]);
    return hidden_rule_document(family == kOfOne ? std::to_string(x) : fmt::format("{} {}", x, y),
                                outputs, rule, digits, draw);
  }

 private:
  /// Without leading zeros, but for 0 itself.
  static long long number_of(int digits, SplitMix64& random) {
    long long least = 1;
    for (int i = 1; i < digits; ++i) least *= 10;
    const long long first = digits == 1 ? 0 : least;
    return first +
           static_cast<long long>(random.below(static_cast<std::uint64_t>(10 * least - first)));
  }

  std::vector<int> digits_;
  std::string rule_;
  long long slope_;
  long long shift_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<SmallFunction>(arguments);
}

}  // namespace

const GeneratorKind kSmallFunction{"small_function", 1,
                                   "numbers and what a hidden function makes of them", create};

}  // namespace allometer::tasks
