#include "tasks/generators/generator.hpp"

#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/temporary_directory.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// "Which of 3 is it, after N?" with N below a bound that an argument sets.
class Numbers final : public Generator {
 public:
  explicit Numbers(GeneratorArguments& arguments)
      : bound_(arguments.integer("bound", 1'000'000, 1, 1'000'000)),
        levels_(arguments.integers("levels", {1, 2}, 1, 9)) {}

  int num_levels() const override { return static_cast<int>(levels_.size()); }
  int num_answers() const override { return 3; }
  std::optional<nlohmann::json> make(Draw draw) const override {
    if (draw.random.below(4) == 0) return std::nullopt;  // as if the draw led nowhere
    const std::uint64_t number = draw.random.below(static_cast<std::uint64_t>(bound_));
    return nlohmann::json{{"question", fmt::format("Which of 3 is it, after {}?", number)},
                          {"key", std::to_string(number)},
                          {"choices", {"a", "b", "c"}},
                          {"gold", draw.answer},
                          {"difficulty", levels_[static_cast<std::size_t>(draw.level)]}};
  }

 private:
  long long bound_;
  std::vector<int> levels_;
};

constexpr GeneratorKind kNumbers{"numbers", 1, "for tests",
                                 [](GeneratorArguments& arguments) -> std::unique_ptr<Generator> {
                                   return std::make_unique<Numbers>(arguments);
                                 }};

GeneratedData data_with(const std::string& arguments) {
  const YamlValue map = parse_yaml(arguments, "t.yaml");
  return GeneratedData(kNumbers, &map, "t.yaml");
}

std::string failure(const std::string& arguments) {
  return message_of<ConfigError>([&] { data_with(arguments); });
}

TEST(GeneratedData, SplitsNeverMeetEvenAcrossSeeds) {
  std::set<std::string> train;
  for (const int seed : {0, 1}) {
    const Dataset dataset =
        data_with(fmt::format("seed: {}\nbound: 4000", seed)).make(Split::train, 500);
    for (const auto& document : dataset.documents) train.insert(document.at("question"));
  }
  const Dataset test = data_with("seed: 2\nbound: 4000").make(Split::test, 1500);
  std::set<std::string> questions;
  for (const auto& document : test.documents) {
    EXPECT_TRUE(questions.insert(document.at("question")).second) << document;
    EXPECT_FALSE(train.contains(document.at("question"))) << document;
    EXPECT_FALSE(document.contains("key"));
  }
}

TEST(GeneratedData, AnswersAreBalancedWithinEachLevel) {
  const Dataset dataset = data_with("{}").make(Split::test, 600);
  std::map<std::pair<int, int>, int> counts;
  std::map<std::vector<int>, int> orders;
  for (std::size_t i = 0; i < 600; ++i) {
    const auto& document = dataset.documents[i];
    ++counts[{document.at("difficulty").get<int>(), document.at("gold").get<int>()}];
    if (i % 6 != 0) continue;
    ++orders[{document.at("gold").get<int>(), dataset.documents[i + 2].at("gold").get<int>()}];
  }
  EXPECT_EQ(counts.size(), 6U);
  for (const auto& [key, count] : counts) EXPECT_EQ(count, 100) << key.first << " " << key.second;
  EXPECT_EQ(orders.size(), 6U) << "answers come in every order, not in one";
}

TEST(GeneratedData, IsTheSameEveryTimeAndMoreBeginsWithFewer) {
  const Dataset few = data_with("seed: 3").make(Split::test, 10);
  const Dataset many = data_with("seed: 3").make(Split::test, 50);
  EXPECT_EQ(few.ids.back(), "numbers/1/3/test/9");
  EXPECT_TRUE(std::equal(few.documents.begin(), few.documents.end(), many.documents.begin()));
  EXPECT_NE(few.digest, many.digest);
  EXPECT_EQ(many.digest, data_with("seed: 3").make(Split::test, 50).digest);
  EXPECT_NE(many.digest, data_with("seed: 4").make(Split::test, 50).digest);
}

TEST(GeneratedData, SaysWhichArgumentIsWrong) {
  EXPECT_THAT(failure("seed: 1\nbuond: 3"),
              AllOf(StartsWith("t.yaml:2: unknown key 'buond'"), HasSubstr("'bound'")));
  EXPECT_THAT(failure("levels: [1, 12]"), StartsWith("t.yaml:1: levels must be an integer from 1"));
  EXPECT_THAT(failure("levels: [1, 1]"), HasSubstr("levels lists 1 twice"));
  EXPECT_THAT(failure("levels: []"), HasSubstr("levels is empty"));
  EXPECT_THAT(failure("questions: 0"), HasSubstr("questions must be an integer from 1"));
  EXPECT_THAT(failure("[1]"), HasSubstr("generator_args must be a map"));
}

TEST(GeneratedData, RefusesToAskTheSameTwice) {
  const GeneratedData data = data_with("bound: 50");
  EXPECT_EQ(data.make(Split::test, 20).documents.size(), 20U);
  EXPECT_THAT(message_of<ConfigError>([&] { data.make(Split::test, 51); }),
              AllOf(StartsWith("t.yaml:1: the generator numbers finds no new question"),
                    HasSubstr("test split")));
}

}  // namespace
}  // namespace allometer::tasks
