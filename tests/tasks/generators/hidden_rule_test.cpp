// Solves every question from its text, given the rule that a model must infer.
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/generators/generated_data.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using Solver = std::function<std::string(const std::string& question)>;

void expect_solved(const std::string& generator, const std::string& arguments,
                   const Solver& solve) {
  SCOPED_TRACE(arguments);
  const Dataset test = expect_splits_never_meet(generator, arguments);
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  for (const auto& document : test.documents) {
    const std::string answer = solve(document.at("question"));
    EXPECT_EQ(document.at("answer"), answer) << document;
    const std::vector<std::string> choices = document.at("choices");
    EXPECT_EQ(std::set<std::string>(choices.begin(), choices.end()).size(), 4U) << document;
    EXPECT_EQ(choices.at(document.at("gold").get<std::size_t>()), answer) << document;
  }
}

/// Rules on words by positions and code points, written apart from the generator's.
const std::map<std::string, Solver>& word_solvers() {
  static const std::map<std::string, Solver> solvers{
      {"first_letter", [](const std::string& w) { return std::string(1, w.at(0)); }},
      {"second_letter", [](const std::string& w) { return std::string(1, w.at(1)); }},
      {"last_letter", [](const std::string& w) { return std::string(1, w.back()); }},
      {"second_to_last_letter",
       [](const std::string& w) { return std::string(1, w.at(w.size() - 2)); }},
      {"reverse",
       [](const std::string& w) {
         std::string out;
         for (const char letter : w) out.insert(0, 1, letter);
         return out;
       }},
      {"rotate",
       [](const std::string& w) {
         std::string out;
         for (std::size_t i = 0; i < w.size(); ++i) out += w[(i + 1) % w.size()];
         return out;
       }},
      {"swap_ends",
       [](const std::string& w) { return w.back() + w.substr(1, w.size() - 2) + w.front(); }},
      {"next_letter",
       [](const std::string& w) {
         std::string out;
         for (const char letter : w) out += static_cast<char>('a' + (letter - 'a' + 1) % 26);
         return out;
       }},
      {"upper_case",
       [](const std::string& w) {
         std::string out;
         for (const char letter : w) out += static_cast<char>(std::toupper(letter));
         return out;
       }},
      {"double", [](const std::string& w) { return fmt::format("{0}{0}", w); }},
      {"remove_vowels",
       [](const std::string& w) {
         std::string out;
         for (const char letter : w) {
           if (std::string("aeiou").find(letter) == std::string::npos) out += letter;
         }
         return out;
       }},
      {"capitalize",
       [](const std::string& w) {
         return static_cast<char>(std::toupper(w.front())) + w.substr(1);
       }},
  };
  return solvers;
}

TEST(StringMappingGenerator, IsSolvedByItsRule) {
  for (const auto& [rule, solve] : word_solvers())
    expect_solved("string_mapping", "{lengths: [5, 6, 7], rule: " + rule + "}", solve);
}

long long number(const std::string& text) {
  return std::stoll(text);
}

TEST(SmallFunctionGenerator, IsSolvedByItsRule) {
  const std::map<std::string, std::function<long long(long long)>> of_one{
      {"shift", [](long long x) { return x + 7; }},
      {"scale", [](long long x) { return x * 5; }},
      {"scale_and_add", [](long long x) { return 5 * x + 7; }},
      {"scale_and_take", [](long long x) { return 5 * x - 7; }}};
  for (const auto& [rule, function] : of_one) {
    expect_solved(
        "small_function", "{digits: [5, 6], slope: 5, shift: 7, rule: " + rule + "}",
        [&](const std::string& question) { return std::to_string(function(number(question))); });
  }
  const std::map<std::string, std::function<long long(long long, long long)>> of_two{
      {"sum", [](long long x, long long y) { return x + y; }},
      {"distance", [](long long x, long long y) { return x > y ? x - y : y - x; }},
      {"larger", [](long long x, long long y) { return x > y ? x : y; }},
      {"smaller", [](long long x, long long y) { return x > y ? y : x; }}};
  for (const auto& [rule, function] : of_two) {
    expect_solved("small_function", "{digits: [3, 4], rule: " + rule + "}",
                  [&](const std::string& question) {
                    std::istringstream words(question);
                    long long x = 0;
                    long long y = 0;
                    words >> x >> y;
                    return std::to_string(function(x, y));
                  });
  }
}

TEST(HiddenRules, RivalsAskTheSameQuestionsSoThatNothingButDemonstrationsTellsThem) {
  const auto choices = [](const std::string& rule) {
    std::set<std::set<std::string>> sets;
    const Dataset data = generate("string_mapping", "rule: " + rule, Split::test, 300);
    for (const auto& document : data.documents) {
      const std::vector<std::string> texts = document.at("choices");
      sets.insert(std::set<std::string>(texts.begin(), texts.end()));
    }
    return sets;
  };
  EXPECT_EQ(choices("reverse"), choices("rotate"));
  EXPECT_EQ(choices("reverse"), choices("swap_ends"));
  EXPECT_EQ(choices("reverse"), choices("next_letter"));
  EXPECT_NE(choices("reverse"), choices("double"));
}

TEST(HiddenRules, AnUnknownRuleIsRefusedWithTheLikeliestOnes) {
  EXPECT_THAT(
      message_of<ConfigError>([&] { generate("string_mapping", "rule: revers", Split::test, 1); }),
      testing::AllOf(testing::HasSubstr("rule 'revers' is unknown"),
                     testing::HasSubstr("'reverse'")));
}

TEST(CategoryRuleGenerator, IsSolvedByTheKindOfTheThing) {
  const std::map<std::string, std::string> kinds = [] {
    std::map<std::string, std::string> all;
    const auto add = [&](const std::string& kind, const std::string& words) {
      std::istringstream in(words);
      for (std::string word; in >> word;) all[word] = kind;
    };
    add("animal",
        "dog cat horse cow goat duck rabbit mouse sheep pig hen parrot fox bear frog lion");
    add("food",
        "cake pie sandwich pancake cookie soup salad pizza bun muffin stew waffle sausage pudding "
        "bagel pretzel");
    add("tool",
        "hammer saw drill spade rake shovel wrench chisel screwdriver ladder broom mop brush ruler "
        "file crowbar");
    add("clothes",
        "hat coat scarf shirt dress jacket sock glove sweater skirt cap belt vest cloak mitten "
        "tie");
    return all;
  }();
  const Dataset test = expect_splits_never_meet("category_rule", "remarks: [0, 1, 2]");
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  for (const auto& document : test.documents) {
    const std::string question = document.at("question");
    // The thing stands between " a " and " in the ".
    const std::size_t end = question.find(" in the ");
    const std::size_t begin = question.rfind(" a ", end) + 3;
    const std::string kind = kinds.at(question.substr(begin, end - begin));
    EXPECT_EQ(document.at("answer"), kind) << document;
    const auto gold = document.at("gold").get<std::size_t>();
    EXPECT_EQ(document.at("choices").at(gold), kind) << document;
    EXPECT_EQ(document.at("flipped").get<std::size_t>(), (gold + 1) % 4) << document;
    EXPECT_EQ(document.at("nonsense").size(), 4U);
  }
}

}  // namespace
}  // namespace allometer::tasks
