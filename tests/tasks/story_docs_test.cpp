// The built-in story tasks: how their documents are made, and that nothing gives the answer away.
#include "tasks/story_docs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"
#include "tasks/transforms.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::filesystem::path kJobs = std::filesystem::path(ALLOMETER_SOURCE_DIR) / "jobs";

Dataset own_stories() {
  return load_dataset(kJobs / "random/story_text.jsonl");
}

const std::string& story_of(const Dataset& stories, const std::string& id) {
  const std::string number = id.substr(id.rfind('-') + 1);
  const auto found = std::find(stories.ids.begin(), stories.ids.end(), number);
  return stories.documents[static_cast<std::size_t>(found - stories.ids.begin())]
      .at("text")
      .get_ref<const std::string&>();
}

TEST(Sentences, EndWhereReadersEndThem) {
  EXPECT_THAT(split_sentences("One ran. Two sat!  Three?\nFour"),
              ElementsAre("One ran.", "Two sat!", "Three?"));
  EXPECT_THAT(split_sentences("\"Hi!\" she said. \"Go.\" He went."),
              ElementsAre("\"Hi!\" she said.", "\"Go.\"", "He went."));
  EXPECT_THAT(split_sentences("It was 3.5 miles... or so. End.\n"),
              ElementsAre("It was 3.5 miles... or so.", "End."));
  EXPECT_THAT(split_sentences("a line.\nlower case begins. it goes on."),
              ElementsAre("a line.", "lower case begins. it goes on."));
  EXPECT_THAT(split_sentences("“Ja.” “Nein.” Ende"), ElementsAre("“Ja.”", "“Nein.”"));
  EXPECT_THAT(split_sentences("nothing ends"), ElementsAre());
  EXPECT_THAT(split_sentences(""), ElementsAre());
}

TEST(StoryCloze, RebuildsTheStoryAndHidesTheAnswer) {
  const Dataset stories = own_stories();
  const Dataset cloze = story_cloze(stories);
  ASSERT_EQ(cloze.documents.size(), stories.documents.size());
  std::set<std::string> all_endings;
  for (const json& document : cloze.documents) {
    all_endings.insert(document["endings"][document["gold"].get<std::size_t>()]);
  }
  std::array<int, 4> places{};
  for (std::size_t i = 0; i < cloze.documents.size(); ++i) {
    const json& document = cloze.documents[i];
    const std::vector<std::string> endings = document["endings"];
    const std::size_t gold = document["gold"];
    ASSERT_EQ(endings.size(), 4U);
    ++places.at(gold);
    EXPECT_EQ(std::set<std::string>(endings.begin(), endings.end()).size(), 4U);
    for (const std::string& ending : endings) EXPECT_TRUE(all_endings.count(ending)) << ending;
    const std::string context = document["context"];
    const std::string setup = document["setup"];
    EXPECT_EQ(context.substr(context.size() - setup.size()), setup);
    EXPECT_EQ(split_sentences(setup).size(), 2U) << setup;
    const std::string story = story_of(stories, cloze.ids[i]);
    const std::string rebuilt =
        context + (story[context.size()] == '\n' ? "\n" : " ") + endings[gold];
    EXPECT_EQ(rebuilt, story);
  }
  for (const int count : places) EXPECT_EQ(count, 24);
  EXPECT_EQ(cloze.ids.front(), "story_cloze-0");
}

TEST(StoryCloze, LeavesShortStoriesOut) {
  const std::string rows =
      "{\"id\": \"a\", \"text\": \"One. Two. Three.\"}\n{\"id\": \"b\", \"text\": \"One. Two.\"}\n"
      "{\"id\": \"c\", \"text\": \"A b. C d. E f. Unfinis\"}\n{\"id\": \"d\", \"text\": \"A. B. G "
      "h.\"}\n"
      "{\"id\": \"e\", \"text\": \"A. B. I j.\"}\n";
  const Dataset cloze = story_cloze(parse_dataset(rows, "s.jsonl"));
  EXPECT_THAT(cloze.ids,
              ElementsAre("story_cloze-a", "story_cloze-c", "story_cloze-d", "story_cloze-e"));
  EXPECT_THAT(cloze.rows, ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(cloze.documents[1]["context"], "A b. C d.");
  EXPECT_EQ(cloze.documents[1]["endings"][cloze.documents[1]["gold"].get<std::size_t>()], "E f.");
  EXPECT_THAT(message_of<ConfigError>([&] { story_coin(parse_dataset(rows, "s.jsonl")); }),
              AllOf(StartsWith("s.jsonl: "), HasSubstr("too few different endings")));
}

TEST(StoryDocs, ADocumentWithoutTextIsNamed) {
  const Dataset stories =
      parse_dataset("{\"text\": \"A. B. C.\"}\n{\"story\": \"A. B. C.\"}\n", "s.jsonl");
  for (const std::string& name : transform_names()) {
    if (!name.starts_with("story_")) continue;
    EXPECT_THAT(message_of<ConfigError>([&] { find_transform(name)->apply(stories); }),
                AllOf(StartsWith("s.jsonl:2: "), HasSubstr("'text'")))
        << name;
  }
  EXPECT_EQ(find_transform("none"), nullptr);
}

TEST(StoryCoin, TheGoldIsNothingButAHashOfTheId) {
  Dataset stories = own_stories();
  const Dataset coin = story_coin(stories);
  std::array<int, 4> places{};
  for (std::size_t i = 0; i < coin.documents.size(); ++i) {
    const json& document = coin.documents[i];
    ++places.at(document["gold"].get<std::size_t>());
    const std::string& story = story_of(stories, coin.ids[i]);
    std::set<std::string> endings;
    for (const std::string ending : document["endings"]) {
      EXPECT_TRUE(endings.insert(ending).second);
      EXPECT_EQ(story.find(ending, story.size() - std::min(story.size(), ending.size())),
                std::string::npos)
          << story;
    }
  }
  for (const int count : places) EXPECT_EQ(count, 24);
  // Other texts under the same ids: the same golds.
  std::rotate(stories.documents.begin(), stories.documents.begin() + 5, stories.documents.end());
  const Dataset other = story_coin(stories);
  for (std::size_t i = 0; i < coin.documents.size(); ++i)
    EXPECT_EQ(other.documents[i]["gold"], coin.documents[i]["gold"]);
}

// Rules that a model could follow without reading: none is better than chance beyond 4 standard
// errors.
TEST(StoryCoin, NoSimpleRuleBeatsChance) {
  std::string rows;
  for (int i = 0; i < 4000; ++i) {
    rows += "{\"id\": " + std::to_string(i) + ", \"text\": \"One " + std::to_string(i) +
            ". Two. Ending " + std::string(static_cast<std::size_t>(i * 7919 % 31), 'x') +
            std::to_string(i) + ".\"}\n";
  }
  const Dataset coin = story_coin(parse_dataset(rows, "s.jsonl"));
  ASSERT_EQ(coin.documents.size(), 4000U);
  std::map<std::string, int> hits;
  std::size_t previous = 0;
  for (std::size_t i = 0; i < coin.documents.size(); ++i) {
    const std::vector<std::string> endings = coin.documents[i]["endings"];
    const std::size_t gold = coin.documents[i]["gold"];
    const auto by_length = [](const std::string& a, const std::string& b) {
      return a.size() < b.size();
    };
    const auto pick = [&](auto found) { return static_cast<std::size_t>(found - endings.begin()); };
    hits["first"] += gold == 0;
    hits["cycle"] += gold == i % 4;
    hits["as before"] += gold == previous;
    hits["after it"] += gold == (previous + 1) % 4;
    hits["shortest"] += gold == pick(std::min_element(endings.begin(), endings.end(), by_length));
    hits["longest"] += gold == pick(std::max_element(endings.begin(), endings.end(), by_length));
    hits["alphabet"] += gold == pick(std::min_element(endings.begin(), endings.end()));
    previous = gold;
  }
  const double limit = 4 * std::sqrt(4000 * 0.25 * 0.75);
  EXPECT_EQ(hits["first"], 1000);
  for (const char* rule : {"cycle", "shortest", "longest", "alphabet"})
    EXPECT_NEAR(hits[rule], 1000, limit) << rule;
  // A place does not come twice within a run, so its predecessor says something: the three pairs
  // within a run agree in 0 and follow in 1/3 of cases, those between runs in 1/4. No model sees
  // it.
  EXPECT_NEAR(hits["as before"], 4000 * (1 / 4.0 * 1 / 4.0), limit);
  EXPECT_NEAR(hits["after it"], 4000 * (3 / 4.0 * 1 / 3.0 + 1 / 4.0 * 1 / 4.0), limit);
}

TEST(StoryContinue, CutsBeforeTheLastWordsOfASentence) {
  const Dataset stories = own_stories();
  const Dataset questions = story_continue(stories);
  EXPECT_GT(questions.documents.size(), 80U);
  for (std::size_t i = 0; i < questions.documents.size(); ++i) {
    const std::string prompt = questions.documents[i]["prompt"];
    const std::string target = questions.documents[i]["target"];
    EXPECT_EQ(std::count(target.begin(), target.end(), ' '), 2) << target;
    EXPECT_EQ(target.find_first_of(".!?\"\n,"), std::string::npos) << target;
    EXPECT_EQ(story_of(stories, questions.ids[i]).rfind(prompt + " " + target + ".", 0), 0U)
        << prompt << target;
    EXPECT_GE(split_sentences(prompt).size(), 1U);
  }
  EXPECT_THAT(message_of<ConfigError>(
                  [] { story_continue(parse_dataset("{\"text\": \"Go on! So.\"}", "s.jsonl")); }),
              HasSubstr("plain words"));
}

// What was drawn once must never change: results are compared over years.
TEST(StoryDocs, DrawsStayWhatTheyAre) {
  Sha256 hash;
  for (const std::string& name : transform_names()) {
    if (!name.starts_with("story_")) continue;
    for (const json& document : find_transform(name)->apply(own_stories()).documents)
      hash.update(document.dump());
  }
  EXPECT_EQ(hash.finish().short_hex(), "0a2b60d6e87c")
      << "if the transforms changed on purpose, raise their revision";
}

void expect_usable(const std::filesystem::path& directory, int least_questions) {
  const std::filesystem::path directories[] = {directory};
  const TaskLibrary library(directories);
  std::set<std::string> names;
  for (const TaskLibrary::Entry& entry : library.entries()) {
    if (!entry.name.starts_with("story_")) continue;
    names.insert(entry.name);
    const auto task = load_task(entry.file);
    EXPECT_EQ(task->ability(), entry.ability);
    EXPECT_FALSE(task->description().empty());
    EXPECT_GE(task->num_questions(), least_questions) << entry.name;
    std::set<std::string> ids;
    for (int question = 0; question < task->num_questions(); ++question) {
      EXPECT_TRUE(ids.insert(task->question_id(question)).second);
      const bool rolling = task->output_type() == OutputType::loglikelihood_rolling;
      for (const int shots : rolling ? std::vector<int>{0} : std::vector<int>{0, 2}) {
        const std::vector<Request> requests =
            task->requests(question, {shots, task->default_sampler(), 0});
        EXPECT_EQ(requests.size(), task->output_type() == OutputType::multiple_choice ? 4U : 1U);
        for (const Request& request : requests) {
          if (task->output_type() != OutputType::multiple_choice) continue;
          // Two characters and more a token: whole contexts within 512 tokens.
          EXPECT_LT(request.context.size() + request.continuation.size(), 1400U);
        }
      }
    }
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"story_lm", "story_cloze", "story_continue", "story_coin"}));
}

TEST(ShippedTasks, WorkOnOurOwnStories) {
  expect_usable(kJobs / "random/tasks", 80);
}

TEST(ShippedTasks, WorkOnTheStoriesLadder) {
  if (std::getenv("ALLOMETER_SHARED_DATA") == nullptr)
    GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  expect_usable(kJobs / "tasks", 350);
}

TEST(ShippedTasks, StoryLmScoresEachTextOnceWithoutASecondBos) {
  const auto task = load_task(kJobs / "random/tasks/story_lm.yaml");
  EXPECT_EQ(task->add_bos_token(), std::optional<bool>(false));
  EXPECT_EQ(task->metrics().front().name, "nats_per_token");
  const Response response{-50, false, 20, ""};
  EXPECT_EQ(task->score(0, {&response, 1}).front().weight, 20);
  const Dataset stories = own_stories();
  EXPECT_EQ(task->requests(3, {}).at(0).continuation, stories.documents[3].at("text"));
}

TEST(ShippedTasks, StoryContinueTakesTheBlankBeforeAnAnswer) {
  const auto task = load_task(kJobs / "random/tasks/story_continue.yaml");
  const std::string target = task->question_target(0);
  for (const std::string& text : {target, " " + target, " " + target + " "}) {
    const Response response{0, false, 4, text};
    EXPECT_EQ(task->score(0, {&response, 1}).front().value, 1) << text;
  }
  const Response wrong{0, false, 4, " " + target + " and"};
  EXPECT_EQ(task->score(0, {&wrong, 1}).front().value, 0);
}

}  // namespace
}  // namespace allometer::tasks
