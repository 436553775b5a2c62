// No text says whether common knowledge is right: the table is held against itself, and every
// question against the table.
#include <map>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generated_data.hpp"
#include "tasks/generators/known_facts.hpp"

namespace allometer::tasks {
namespace {

TEST(KnownFacts, NoSubjectHasTwoValuesAndNoValueTwoSubjectsWhereItMayNot) {
  std::size_t count = 0;
  for (const KindOfFact& kind : kinds_of_facts()) {
    std::set<std::string_view> subjects;
    std::map<std::string_view, int> values;
    for (const KnownFact& fact : kind.facts) {
      EXPECT_TRUE(subjects.insert(fact.subject).second) << kind.name << " " << fact.subject;
      ++values[fact.value];
      EXPECT_FALSE(fact.value.empty() || fact.value.front() == ' ' || fact.value.back() == ' ');
    }
    for (const auto& [value, subjects_of_it] : values) {
      EXPECT_EQ(subjects_of_it == 1, kind.is_one_to_one || subjects_of_it == 1) << value;
    }
    EXPECT_GE(values.size(), 4U) << kind.name;
    EXPECT_GE(kind.openings.size(), 2U) << kind.name;
    EXPECT_TRUE(kind.level == 1 || kind.level == 2) << kind.name;
    count += kind.facts.size();
  }
  EXPECT_GT(count, 400U);
}

/// Kind and fact by every way to ask.
std::map<std::string, std::pair<const KindOfFact*, const KnownFact*>> answers() {
  std::map<std::string, std::pair<const KindOfFact*, const KnownFact*>> table;
  for (const KindOfFact& kind : kinds_of_facts()) {
    for (const KnownFact& fact : kind.facts) {
      for (const std::string_view opening : kind.openings) {
        std::string question(opening);
        question.replace(question.find("{}"), 2, fact.subject);
        question[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(question[0])));
        EXPECT_TRUE(table.emplace(question, std::pair(&kind, &fact)).second) << question;
      }
    }
  }
  return table;
}

TEST(TrainedFactsGenerator, OnlyTheGoldIsRight) {
  const auto table = answers();
  const Dataset train = generate("trained_facts", "levels: [1, 2]", Split::train, 2500);
  const Dataset test = generate("trained_facts", "levels: [1, 2]", Split::test, 10'000);
  expect_balanced(test, "gold");
  expect_balanced(test, "difficulty");
  std::map<const KnownFact*, Split> split_of_fact;
  std::set<std::pair<std::string, std::set<std::string>>> seen;
  for (const auto& [dataset, split] : {std::pair(&train, Split::train), {&test, Split::test}}) {
    for (const auto& document : dataset->documents) {
      const std::string question = document.at("question");
      const auto& [kind, fact] = table.at(question);
      const std::string answer(fact->value);
      EXPECT_EQ(document.at("answer"), answer) << document;
      EXPECT_EQ(document.at("kind"), kind->name) << document;
      EXPECT_EQ(document.at("difficulty"), kind->level) << document;
      const std::vector<std::string> choices = document.at("choices");
      const std::set<std::string> different(choices.begin(), choices.end());
      EXPECT_EQ(different.size(), 4U) << document;
      for (std::size_t i = 0; i < choices.size(); ++i) {
        EXPECT_EQ(choices[i] == answer, i == document.at("gold").get<std::size_t>()) << document;
      }
      // The same fact is never in both splits, however it is asked.
      EXPECT_EQ(split_of_fact.emplace(fact, split).first->second, split) << document;
      EXPECT_TRUE(seen.emplace(question, different).second) << document;
      EXPECT_FALSE(document.contains("split_by") || document.contains("key"));
    }
  }
}

TEST(TrainedFactsGenerator, DocumentsNeverChange) {
  EXPECT_EQ(generate("trained_facts", "{}", Split::test, 6).digest.hex(),
            "54e2732931aa70a5e53f077bda09588bc46528bbd1182f316d73ecf854c65f9a");
}

}  // namespace
}  // namespace allometer::tasks
