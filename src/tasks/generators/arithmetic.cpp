// Sums, differences and products of numbers of so many digits (after Brown et al. 2020, arXiv
// 2005.14165, section 3.9.1). The level is the number of digits of both numbers. Choices are
// numbers that a slip would give, a step of a power of ten away; the right one is the smallest,
// second, third and largest of the four equally often, so that nothing but the question tells which
// it is.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"

namespace allometer::tasks {
namespace {

constexpr int kChoices = 4;
constexpr int kMaxDigits = 9;  ///< a product then has 18, which fits 64 bits

long long power_of_ten(int exponent) {
  long long power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

class Arithmetic final : public Generator {
 public:
  explicit Arithmetic(GeneratorArguments& arguments)
      : digits_(arguments.integers("digits", {2, 3, 4}, 1, kMaxDigits)),
        operations_(arguments.texts("operations", {"plus", "minus", "times"},
                                    {"plus", "minus", "times"})) {}

  int num_levels() const override { return static_cast<int>(digits_.size()); }
  int num_answers() const override { return kChoices; }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int digits = digits_[static_cast<std::size_t>(draw.level)];
    const std::string& operation = pick(draw.random, operations_);
    long long a = number_of(digits, draw.random);
    long long b = number_of(digits, draw.random);
    if (operation == "minus" && a < b) std::swap(a, b);
    const long long answer = operation == "plus" ? a + b : operation == "minus" ? a - b : a * b;
    const auto rank = static_cast<int>(draw.random.below(kChoices));
    const std::optional<std::vector<std::string>> slips = slips_of(answer, rank, draw.random);
    if (!slips) return std::nullopt;
    nlohmann::json document{
        {"question", fmt::format("What is {} {} {}?", a, operation, b)},
        // The same sum the other way round is the same question.
        {"key", fmt::format("{} {} {}", std::max(a, b), operation, std::min(a, b))},
        {"operation", operation},
        {"difficulty", digits}};
    set_choices(document, std::to_string(answer), *slips, draw.answer);
    return document;
  }

 private:
  /// Without leading zeros, but for 0 itself.
  static long long number_of(int digits, SplitMix64& random) {
    const long long least = digits == 1 ? 0 : power_of_ten(digits - 1);
    return least + static_cast<long long>(
                       random.below(static_cast<std::uint64_t>(power_of_ten(digits) - least)));
  }

  /// Three numbers other than the answer, `below` of them smaller, in random order; nothing where
  /// they would be negative.
  static std::optional<std::vector<std::string>> slips_of(long long answer, int below,
                                                          SplitMix64& random) {
    if (answer < below) return std::nullopt;
    const auto places = static_cast<std::uint64_t>(std::to_string(answer).size());
    std::vector<long long> slips;
    while (slips.size() < kChoices - 1) {
      const bool is_below = static_cast<int>(slips.size()) < below;
      const long long step = power_of_ten(static_cast<int>(random.below(places))) *
                             static_cast<long long>(1 + random.below(3));
      const long long slip = is_below ? answer - step : answer + step;
      if (slip < 0 || std::find(slips.begin(), slips.end(), slip) != slips.end()) continue;
      slips.push_back(slip);
    }
    random.shuffle(std::span(slips));
    std::vector<std::string> texts;
    for (const long long slip : slips) texts.push_back(std::to_string(slip));
    return texts;
  }

  std::vector<int> digits_;
  std::vector<std::string> operations_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<Arithmetic>(arguments);
}

}  // namespace

const GeneratorKind kArithmetic{"arithmetic", 1, "sums, differences and products by digits",
                                create};

}  // namespace allometer::tasks
