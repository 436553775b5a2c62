// StepGame: a reader of the sentences, which knows nothing of how they were made, finds the answer.
#include <algorithm>
#include <deque>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/solved_questions.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using Vector = RelativePlaces::Vector;

struct Told {
  std::string subject;
  std::string reference;
  Vector offset;
};

struct Reading {
  std::vector<Told> told;
  std::string asked;
  std::string of;
};

const std::map<std::string, Vector>& words() {
  static const std::map<std::string, Vector> table{{"to the left of", {-1, 0}},
                                                   {"to the right of", {1, 0}},
                                                   {"above", {0, 1}},
                                                   {"below", {0, -1}},
                                                   {"to the upper left of", {-1, 1}},
                                                   {"to the upper right of", {1, 1}},
                                                   {"to the lower left of", {-1, -1}},
                                                   {"to the lower right of", {1, -1}},
                                                   {"at the same place as", {0, 0}},
                                                   {"left", {-1, 0}},
                                                   {"right", {1, 0}},
                                                   {"up", {0, 1}},
                                                   {"down", {0, -1}},
                                                   {"up and left", {-1, 1}},
                                                   {"up and right", {1, 1}},
                                                   {"down and left", {-1, -1}},
                                                   {"down and right", {1, -1}},
                                                   {"at 12 o'clock", {0, 1}},
                                                   {"between 1 and 2", {1, 1}},
                                                   {"at 3 o'clock", {1, 0}},
                                                   {"between 4 and 5", {1, -1}},
                                                   {"at 6 o'clock", {0, -1}},
                                                   {"between 7 and 8", {-1, -1}},
                                                   {"at 9 o'clock", {-1, 0}},
                                                   {"between 10 and 11", {-1, 1}}};
  return table;
}

Vector meaning(std::string words_of) {
  words_of[0] = static_cast<char>(std::tolower(words_of[0]));
  return words().at(words_of);
}

Told read_sentence(const std::string& sentence) {
  static const std::regex plain("([A-Z]) (?:is|lies) (.+) ([A-Z])");
  static const std::regex there("(.+) ([A-Z]) there is ([A-Z])");
  static const std::regex way("Go (.+) from ([A-Z]) to come to ([A-Z])");
  static const std::regex clock("If ([A-Z]) is the middle of a clock, ([A-Z]) is (.+)");
  static const std::regex share("([A-Z]) and ([A-Z]) share one place");
  static const std::regex where("Where ([A-Z]) is, there is ([A-Z]) too");
  std::smatch m;
  if (std::regex_match(sentence, m, clock)) return {m[2], m[1], meaning(m[3])};
  if (std::regex_match(sentence, m, way)) return {m[3], m[2], meaning(m[1])};
  if (std::regex_match(sentence, m, share)) return {m[1], m[2], {0, 0}};
  if (std::regex_match(sentence, m, where)) return {m[2], m[1], {0, 0}};
  if (std::regex_match(sentence, m, there)) return {m[3], m[2], meaning(m[1])};
  if (std::regex_match(sentence, m, plain)) return {m[1], m[3], meaning(m[2])};
  ADD_FAILURE() << "not understood: " << sentence;
  return {};
}

Reading read(const std::string& question) {
  const std::vector<std::string> lines = lines_of(question);
  Reading reading;
  std::string story = lines.at(0);
  while (!story.empty()) {
    const std::size_t end = story.find('.');
    reading.told.push_back(read_sentence(story.substr(0, end)));
    story.erase(0, end + 2);
  }
  static const std::regex asks("What is the relation of ([A-Z]) to ([A-Z])\\?");
  std::smatch m;
  EXPECT_TRUE(std::regex_match(lines.at(1), m, asks)) << question;
  reading.asked = m[1];
  reading.of = m[2];
  return reading;
}

RelativePlaces places_of(const Reading& reading) {
  RelativePlaces places;
  for (const Told& told : reading.told)
    EXPECT_TRUE(places.state(told.subject, told.reference, told.offset)) << "a contradiction";
  return places;
}

std::string solve(const std::string& question) {
  const Reading reading = read(question);
  const auto [x, y] = places_of(reading).way(reading.of, reading.asked);
  const std::string vertical = y > 0 ? "upper" : y < 0 ? "lower" : "";
  const std::string horizontal = x > 0 ? "right" : x < 0 ? "left" : "";
  if (vertical.empty() && horizontal.empty()) return "overlap";
  if (horizontal.empty()) return y > 0 ? "above" : "below";
  return vertical.empty() ? horizontal : vertical + "-" + horizontal;
}

/// The least number of statements that tie the two names asked about.
int hops_needed(const Reading& reading) {
  std::map<std::string, int> distance{{reading.of, 0}};
  std::deque<std::string> queue{reading.of};
  while (!queue.empty() && !distance.contains(reading.asked)) {
    const std::string name = queue.front();
    queue.pop_front();
    for (const Told& told : reading.told) {
      if (told.subject != name && told.reference != name) continue;
      const std::string& other = told.subject == name ? told.reference : told.subject;
      if (distance.emplace(other, distance[name] + 1).second) queue.push_back(other);
    }
  }
  return distance.at(reading.asked);
}

TEST(Stepgame, IsSolvedByReadingItsSentences) {
  const Dataset test = expect_splits_never_meet("stepgame", "{}");
  expect_balanced(test, "answer");
  expect_balanced(test, "gold");
  for (int hops = 1; hops <= 10; ++hops) expect_balanced(of_difficulty(test, hops), "answer");
  expect_solved(test, solve);
}

TEST(Stepgame, DifficultyIsTheNumberOfHopsThatAreNeeded) {
  const Dataset test = generate("stepgame", "{}", Split::test, 1000);
  for (const auto& document : test.documents) {
    const Reading reading = read(document.at("question"));
    const int hops = document.at("difficulty");
    EXPECT_EQ(hops_needed(reading), hops) << document;
    EXPECT_EQ(reading.told.size(), hops) << document;
  }
}

TEST(Stepgame, SingleMovesNeverOverlapButForOneHop) {
  const Dataset test =
      generate("stepgame", "noise: [supporting, irrelevant, disconnected]", Split::test, 1000);
  for (const auto& document : test.documents) {
    if (document.at("difficulty") == 1) continue;
    for (const Told& told : read(document.at("question")).told)
      EXPECT_NE(told.offset, Vector(0, 0)) << document;
  }
}

TEST(Stepgame, NoiseAddsASecondWayABranchOrAnIsland) {
  struct Case {
    std::string noise;
    int least_statements;
    int most_statements;
    int num_groups;
    int loops;  ///< ways round that could be left out: statements + groups - names
  };
  for (const Case& noise : {Case{"supporting", 2, 2, 1, 1}, Case{"irrelevant", 1, 2, 1, 0},
                            Case{"disconnected", 1, 2, 2, 0}}) {
    const Dataset test =
        generate("stepgame", "hops: [2, 5]\nnoise: [" + noise.noise + "]", Split::test, 600);
    expect_balanced(test, "answer");
    expect_solved(test, solve);
    for (const auto& document : test.documents) {
      const Reading reading = read(document.at("question"));
      const int added =
          static_cast<int>(reading.told.size()) - document.at("difficulty").get<int>();
      EXPECT_GE(added, noise.least_statements) << document;
      EXPECT_LE(added, noise.most_statements) << document;
      const RelativePlaces places = places_of(reading);
      EXPECT_EQ(places.num_groups(), noise.num_groups) << document;
      EXPECT_EQ(static_cast<int>(reading.told.size()) + places.num_groups() - places.num_names(),
                noise.loops)
          << document;
    }
  }
}

TEST(Stepgame, AllNoiseTogetherIsSolvedToo) {
  expect_solved(
      generate("stepgame", "noise: [supporting, disconnected, irrelevant]", Split::test, 3000),
      solve);
}

TEST(Stepgame, PlainWordingHasOneForm) {
  const Dataset test = generate("stepgame", "wording: plain", Split::test, 500);
  expect_solved(test, solve);
  static const std::regex plain("([A-Z] is [a-z ]+ [A-Z]\\. ?)+\nWhat .*");
  for (const auto& document : test.documents)
    EXPECT_TRUE(std::regex_match(document.at("question").get<std::string>(), plain)) << document;
}

TEST(Stepgame, StepsEndAtTheAnswer) {
  const Dataset test = generate("stepgame", "{}", Split::test, 300);
  for (const auto& document : test.documents) {
    const std::string steps = document.at("steps");
    std::smatch m;
    ASSERT_TRUE(std::regex_search(steps, m, std::regex("\\((-?\\d+), (-?\\d+)\\)\\.$"))) << steps;
    const Reading reading = read(document.at("question"));
    EXPECT_EQ(places_of(reading).way(reading.of, reading.asked),
              Vector(std::stoi(m[1]), std::stoi(m[2])))
        << document;
  }
}

TEST(Stepgame, IsTheSameOnEveryRun) {
  EXPECT_EQ(generate("stepgame", "{}", Split::test, 40).digest.short_hex(), "df993e25cc01");
  EXPECT_EQ(generate("stepgame", "noise: [supporting, disconnected, irrelevant]", Split::test, 40)
                .digest.short_hex(),
            "56f019206e76");
}

TEST(Stepgame, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(
      message_of<ConfigError>([] { generate("stepgame", "hops: [0]", Split::test, 1); }),
      testing::AllOf(testing::HasSubstr("arguments.yaml:1"), testing::HasSubstr("1 to 10")));
  EXPECT_THAT(
      message_of<ConfigError>([] { generate("stepgame", "noise: [suporting]", Split::test, 1); }),
      testing::HasSubstr("supporting"));
}

}  // namespace
}  // namespace allometer::tasks
