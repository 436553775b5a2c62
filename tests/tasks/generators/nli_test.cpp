#include <map>
#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"
#include "tasks/words_of_spans.hpp"

namespace allometer::tasks {
namespace {

/// What is said: of whom or what, in which respect, and the value.
struct Claim {
  std::string subject;
  std::string respect;
  std::string value;
  bool denies = false;
};

/// "Tom is not in the park.", "Tom is sad.", "Tom's hat is red."
Claim read_claim(const std::string& sentence) {
  static const std::regex form("^(\\w+(?:'s \\w+)?) is (not )?(in the )?(\\w+)\\.$");
  static const std::vector<std::set<std::string>> scales{
      {"happy", "sad"}, {"hungry", "full"}, {"hot", "cold"}, {"awake", "asleep"}};
  std::smatch parts;
  if (!std::regex_match(sentence, parts, form)) throw std::runtime_error("cannot read " + sentence);
  Claim claim{parts[1], "colour", parts[4], parts[2].matched};
  if (parts[3].matched || claim.value == "outside" || claim.value == "inside") {
    claim.respect = "place";
  }
  for (const auto& scale : scales) {
    if (scale.contains(claim.value)) claim.respect = *scale.begin();
  }
  return claim;
}

bool is_same_value(const std::string& stated, const std::string& asked) {
  static const std::set<std::string> outside{"park", "garden", "forest", "field", "yard"};
  if (asked == "outside") return outside.contains(stated);
  if (asked == "inside") return !outside.contains(stated);
  return stated == asked;
}

std::string solve(const std::string& question) {
  const std::vector<std::string> lines = lines_of(question);
  const std::size_t quote = lines[1].find('"');
  const Claim asked = read_claim(lines[1].substr(quote + 1, lines[1].rfind('"') - quote - 1));
  const std::regex sentence("[^.]+\\.");
  std::string answer = "maybe";
  for (std::sregex_iterator it(lines[0].begin(), lines[0].end(), sentence), end; it != end; ++it) {
    const std::string text = it->str();
    const Claim stated = read_claim(text.substr(text.find_first_not_of(' ')));
    if (stated.subject != asked.subject || stated.respect != asked.respect) continue;
    if (answer != "maybe") throw std::runtime_error("said twice: " + lines[0]);
    answer = is_same_value(stated.value, asked.value) != asked.denies ? "yes" : "no";
  }
  return answer;
}

TEST(Nli, SplitsNeverMeetAndAnswersAreBalancedAndSolved) {
  const Dataset test = expect_splits_never_meet("nli", "{}");
  expect_solved(test, solve);
  for (int level = 1; level <= 4; ++level) {
    const Dataset of_level = of_difficulty(test, level);
    EXPECT_EQ(of_level.documents.size(), 2500U);
    expect_balanced(of_level, "gold");
  }
}

TEST(Nli, RationalesAreTheWordsThatDecide) {
  for (const auto& document : generate("nli", "{}", Split::test, 800).documents) {
    const Claim asked = read_claim(document["hypothesis"]);
    const std::vector<std::string> in_hypothesis =
        words_of_spans(document, "hypothesis", "hypothesis_rationale");
    EXPECT_EQ(in_hypothesis.back(), asked.value);
    EXPECT_EQ(in_hypothesis.size(), asked.denies ? 2U : 1U);
    if (asked.denies) {
      EXPECT_EQ(in_hypothesis.front(), "not");
    }
    const std::vector<std::string> in_premise = words_of_spans(document, "premise", "rationale");
    if (document["answer"] == "maybe") {
      EXPECT_TRUE(in_premise.empty()) << document;
      // Whoever it is about is known all the same.
      EXPECT_THAT(document["premise"].get<std::string>(),
                  testing::HasSubstr(asked.subject.substr(0, asked.subject.find('\''))));
    } else {
      ASSERT_EQ(in_premise.size(), 1U) << document;
      EXPECT_EQ(is_same_value(in_premise[0], asked.value) != asked.denies,
                document["answer"] == "yes")
          << document;
    }
  }
}

TEST(Nli, LevelsAskWhatTheyName) {
  for (const auto& document : generate("nli", "{}", Split::test, 400).documents) {
    const Claim asked = read_claim(document["hypothesis"]);
    const std::string premise = document["premise"];
    const int level = document["difficulty"];
    EXPECT_EQ(asked.denies, level == 3) << document;
    EXPECT_EQ(asked.value == "outside" || asked.value == "inside", level == 4) << document;
    EXPECT_EQ(std::count(premise.begin(), premise.end(), '.'), level == 1 ? 2 : 5) << document;
  }
}

}  // namespace
}  // namespace allometer::tasks
