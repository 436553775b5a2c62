// Keeps the books of every story from its text and holds each event and the end against them.
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generated_data.hpp"

namespace allometer::tasks {
namespace {

/// Where people and things are, by name; a thing that is held is "with NAME".
class Books {
 public:
  /// Reads one sentence; false where it contradicts what was read before or is not understood.
  bool read(const std::string& sentence) {
    std::smatch m;
    const auto is = [&](const char* pattern) {
      return std::regex_match(sentence, m, std::regex(pattern));
    };
    if (is(R"((\w+) was in the (.+)\.)")) return person_.emplace(m[1], m[2]).second;
    if (is(R"(The (.+) lay in the (.+)\.)")) return thing_.emplace(m[1], m[2]).second;
    ++num_events;
    if (is(R"((\w+) went to the (.+)\.)")) {
      const bool is_new = person_.at(m[1]) != m[2].str();
      person_[m[1]] = m[2];
      return is_new;
    }
    if (is(R"((\w+) took the (.+)\.)")) return move(m[2], person_.at(m[1]), with(m[1]));
    if (is(R"((\w+) put the (.+) down\.)")) return move(m[2], with(m[1]), person_.at(m[1]));
    if (is(R"((\w+) gave the (.+) to (\w+)\.)")) {
      return person_.at(m[1]) == person_.at(m[3]) && move(m[2], with(m[1]), with(m[3]));
    }
    if (is(R"x((\w+) said: "I have the (.+), and I am in the (.+)\.")x")) {
      return thing_.at(m[2]) == with(m[1]) && person_.at(m[1]) == m[3].str();
    }
    --num_events;
    ++num_last;
    if (is(R"((\w+) has the (.+)\.)")) return thing_.at(m[2]) == with(m[1]);
    if (is(R"(The (.+) is in the (.+)\.)")) return thing_.at(m[1]) == m[2].str();
    return is(R"((\w+) is in the (.+)\.)") && person_.at(m[1]) == m[2].str();
  }

  std::size_t num_known() const { return person_.size() + thing_.size(); }
  int num_events = 0;
  std::size_t num_last = 0;

 private:
  static std::string with(const std::string& person) { return "with " + person; }
  bool move(const std::string& thing, const std::string& from, const std::string& to) {
    std::string& at = thing_.at(thing);
    const bool was_there = at == from;
    at = to;
    return was_there;
  }

  std::map<std::string, std::string> person_;
  std::map<std::string, std::string> thing_;
};

std::vector<std::string> sentences_of(const std::string& text) {
  static const std::regex sentence(R"(And now\?|[A-Z][^."]*(?:"[^"]*"|\.))");
  return {std::sregex_token_iterator(text.begin(), text.end(), sentence), {}};
}

TEST(SmallWorldGenerator, EveryStoryIsConsistentToTheEnd) {
  const Dataset test = expect_splits_never_meet("small_world", "events: [4, 8, 16]");
  expect_balanced(test, "difficulty");
  for (std::size_t i = 0; i < test.documents.size(); i += 10) {
    const auto& document = test.documents[i];
    Books books;
    for (const std::string& sentence : sentences_of(document.at("question"))) {
      if (sentence == "And now?") continue;
      ASSERT_TRUE(books.read(sentence)) << sentence << "\n" << document;
    }
    EXPECT_EQ(books.num_events, document.at("difficulty").get<int>()) << document;
    EXPECT_EQ(books.num_known(), 6U);
    EXPECT_EQ(books.num_last, 6U) << document;
  }
}

TEST(SmallWorldGenerator, DocumentsNeverChange) {
  EXPECT_EQ(generate("small_world", "{}", Split::test, 6).digest.hex(),
            "88afadc87fc2372624b8a886fc86903196e970208feee30668634540ae737a9f");
}

}  // namespace
}  // namespace allometer::tasks
