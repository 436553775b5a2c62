// Prompts, draws and metrics against an oracle in Python that follows lm-evaluation-harness
// (make_expected.py).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/demonstrations.hpp"
#include "tasks/exact_match.hpp"
#include "tasks/metrics.hpp"
#include "tasks/python_random.hpp"
#include "tasks/python_text.hpp"
#include "tasks/task.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;

const std::filesystem::path kHere = std::filesystem::path(ALLOMETER_SOURCE_DIR) / "tests/tasks";

const json& expected() {
  static const json all = [] {
    std::ifstream file(kHere / "data/expected.json");
    return json::parse(file);
  }();
  return all;
}

std::shared_ptr<const Task> fixture(const std::string& name) {
  return load_task(kHere / "data" / (name + ".yaml"));
}

/// What a Python program prints.
std::string run_python(const std::string& program) {
  const std::string command = "/usr/bin/python3 -c '" + program + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  char buffer[4096];
  while (const std::size_t read = std::fread(buffer, 1, sizeof(buffer), pipe.get())) {
    output.append(buffer, read);
  }
  return output;
}

TEST(LmEval, FixturesAreWhatTheOracleWrites) {
  const std::string command =
      "/usr/bin/python3 " + (kHere / "make_expected.py").string() + " --check";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

TEST(LmEval, PromptsAreTheOracles) {
  ASSERT_GE(expected().at("prompts").size(), 20U);
  for (const json& entry : expected().at("prompts")) {
    const auto task = fixture(entry.at("task"));
    const PromptSettings settings{entry.at("num_fewshot"), task->default_sampler(),
                                  entry.at("seed")};
    SCOPED_TRACE(
        fmt::format("{} shots {} seed {}", task->name(), settings.num_fewshot, settings.seed));
    const json& questions = entry.at("requests");
    ASSERT_EQ(static_cast<std::size_t>(task->num_questions()), questions.size());
    for (int question = 0; question < task->num_questions(); ++question) {
      json pairs = json::array();
      const std::vector<Request> requests = task->requests(question, settings);
      for (const Request& request : requests) {
        // Ours alone: the likelihood of the target beside a generated answer.
        if (requests[0].kind == Request::Kind::generate && &request != &requests[0]) continue;
        if (pairs.empty() || pairs.back()[0] != request.context) {
          pairs.push_back({request.context, json::array()});
        }
        pairs.back()[1].push_back(request.continuation);
      }
      ASSERT_EQ(pairs.dump(1), questions.at(static_cast<std::size_t>(question)).dump(1))
          << question;
    }
  }
}

TEST(LmEval, RequestKindsAndGenerationSettings) {
  const auto generation = fixture("generation");
  const Request request = generation->requests(0, {}).at(0);
  EXPECT_EQ(request.kind, Request::Kind::generate);
  EXPECT_EQ(request.until, (std::vector<std::string>{"\n", "Q:"}));
  EXPECT_EQ(request.max_gen_toks, 7);
  EXPECT_EQ(fixture("rolling")->requests(0, {}).at(0).kind, Request::Kind::rolling);
  EXPECT_EQ(fixture("loglikelihood")->requests(0, {}).at(0).kind, Request::Kind::loglikelihood);
}

TEST(LmEval, ChoiceMetricsAreTheOracles) {
  ASSERT_GE(expected().at("choices").size(), 100U);
  std::map<std::string, std::shared_ptr<const Task>> tasks;
  std::map<std::string, double> sums;
  for (const json& entry : expected().at("choices")) {
    auto& task = tasks[entry.at("task")];
    if (!task) task = fixture(entry.at("task"));
    std::vector<Response> responses;
    for (const json& response : entry.at("responses")) {
      responses.push_back({response.at(0), response.at(1), 1, ""});
    }
    const std::vector<MetricValue> values = task->score(entry.at("question"), responses);
    ASSERT_EQ(values.size(), task->metrics().size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string& name = task->metrics()[i].name;
      if (!entry.at("values").contains(name)) {
        EXPECT_TRUE(name == "nll" || name == "brier_score" || name == "acc_above_chance") << name;
        continue;
      }
      EXPECT_EQ(values[i].value, entry.at("values").at(name).get<double>())
          << task->name() << " " << entry.at("question") << " " << name;
      EXPECT_EQ(values[i].weight, 1);
      sums[name] += values[i].value;
    }
  }
  // The made-up answers tell the metrics apart.
  EXPECT_NE(sums.at("acc"), sums.at("acc_norm"));
  EXPECT_NE(sums.at("acc_bytes"), sums.at("acc_norm"));
  EXPECT_NE(sums.at("acc"), sums.at("acc_mutual_info"));
}

TEST(LmEval, WordsCharactersAndBytes) {
  for (const json& entry : expected().at("texts")) {
    const std::string text = entry.at(0);
    EXPECT_EQ(num_words(text), entry.at(1).get<int>()) << entry;
    EXPECT_EQ(num_code_points(text), entry.at(2).get<int>()) << entry;
    EXPECT_EQ(static_cast<int>(text.size()), entry.at(3).get<int>()) << entry;
  }
}

TEST(LmEval, ExactMatchNormalises) {
  int matches = 0;
  for (const json& entry : expected().at("exact_match")) {
    const json& given = entry.at("options");
    ExactMatchOptions options;
    options.regexes_to_ignore = given.value("regexes_to_ignore", std::vector<std::string>{});
    options.ignore_case = given.value("ignore_case", false);
    options.ignore_punctuation = given.value("ignore_punctuation", false);
    options.ignore_numbers = given.value("ignore_numbers", false);
    const ExactMatch comparison(options, "test: ");
    const std::vector<std::string> references{entry.at("reference")};
    const std::string prediction = entry.at("prediction");
    const MetricValue value =
        score_generation(MetricId::exact_match, comparison, prediction, references);
    EXPECT_EQ(value.value, entry.at("value").get<double>()) << entry;
    matches += value.value > 0 ? 1 : 0;
  }
  EXPECT_GT(matches, 20);
  EXPECT_THROW(ExactMatch({{"(unclosed"}, false, false, false}, "here: "), ConfigError);
  // Bytes that are no text do not stop a run.
  EXPECT_FALSE(ExactMatch({{"a+"}, true, false, false}, "")
                   .matches("\xFF\xC3"
                            "aa",
                            "x"));
}

TEST(LmEval, AnyOfSeveralReferencesCounts) {
  const auto task = fixture("generation");
  // Question 2 has three aliases.
  const Response wrong{0, false, 3, "none of them"};
  EXPECT_EQ(task->score(2, {&wrong, 1}).at(0).value, 0);
  std::ifstream file(kHere / "data/generation/test.jsonl");
  std::string line;
  for (int i = 0; i <= 2; ++i) std::getline(file, line);
  const json aliases = json::parse(line).at("aliases");
  ASSERT_EQ(aliases.size(), 3U);
  for (const std::string alias : aliases) {
    const Response response{0, false, 3, alias};
    EXPECT_EQ(task->score(2, {&response, 1}).at(0).value, 1) << alias;
  }
}

TEST(LmEval, RollingAndLoglikelihoodMetricsByHand) {
  const auto rolling = fixture("rolling");
  ASSERT_EQ(rolling->metrics().size(), 3U);
  const std::string text = rolling->requests(1, {}).at(0).continuation;
  EXPECT_EQ(text, "What is 1? 1");
  const Response response{-6.0, false, 5, ""};
  const std::vector<MetricValue> values = rolling->score(1, {&response, 1});
  EXPECT_EQ(rolling->metrics()[0].name, "word_perplexity");
  EXPECT_EQ(values[0].value, -6.0);
  EXPECT_EQ(values[0].weight, 4);
  EXPECT_EQ(values[1].weight, 12);
  EXPECT_EQ(values[2].weight, 12);
  EXPECT_DOUBLE_EQ(apply(rolling->metrics()[0].aggregation, -6.0 / 4), std::exp(1.5));
  EXPECT_DOUBLE_EQ(apply(rolling->metrics()[1].aggregation, -6.0 / 12), std::exp(0.5));
  EXPECT_DOUBLE_EQ(apply(rolling->metrics()[2].aggregation, -6.0 / 12), 0.5 / std::log(2));
  for (const Metric& metric : rolling->metrics()) {
    EXPECT_FALSE(metric.has_standard_error) << metric.name;
    EXPECT_FALSE(metric.higher_is_better) << metric.name;
  }
  const auto single = fixture("loglikelihood");
  const Response greedy{-2.5, true, 2, ""};
  const std::vector<MetricValue> both = single->score(0, {&greedy, 1});
  EXPECT_EQ(single->metrics()[0].name, "acc");
  EXPECT_EQ(both[0].value, 1);
  EXPECT_EQ(single->metrics()[1].name, "perplexity");
  EXPECT_EQ(both[1].value, -2.5);
  EXPECT_EQ(both[1].weight, 1);
  EXPECT_TRUE(single->metrics()[1].has_standard_error);
  EXPECT_DOUBLE_EQ(apply(single->metrics()[1].aggregation, -2.5), std::exp(2.5));
  EXPECT_EQ(score_text(MetricId::nats_per_token, greedy, "abc").weight, 2);
  EXPECT_DOUBLE_EQ(
      apply(find_metric(OutputType::loglikelihood_rolling, "nats_per_token")->metric.aggregation,
            -1.25),
      1.25);
}

TEST(LmEval, ChanceIsThatOfTheChoices) {
  // 88 questions, of which every fifth (18) has three choices instead of four.
  const auto task = fixture("same_split");
  const double chance = (18 / 3.0 + 70 / 4.0) / 88;
  for (const Metric& metric : task->metrics()) {
    if (metric.name == "acc_above_chance") {
      EXPECT_EQ(metric.chance, 0);
    } else if (metric.name.rfind("acc", 0) == 0) {
      EXPECT_NEAR(metric.chance, chance, 1e-12) << metric.name;
    } else {
      EXPECT_TRUE(std::isnan(metric.chance)) << metric.name;
    }
  }
}

TEST(PythonRandom, DrawsWhatCPythonDraws) {
  const std::string program =
      "import random\n"
      "for seed in (0, 1, 1234, 2**31, 2**32 - 1, 2**32, 2**40 + 5, 2**64 - 1):\n"
      "  r = random.Random(seed)\n"
      "  for n in (1, 2, 5, 20, 21, 22, 37, 38, 84, 85, 86, 100, 277, 1000, 100000):\n"
      "    for k in (0, 1, 2, 5, 6, 7, 21, 22, 64, 100):\n"
      "      if k <= n: print(seed, n, k, *r.sample(range(n), k))\n";
  std::istringstream lines(run_python(program));
  std::string line;
  int count = 0;
  std::uint64_t current = 0;
  std::optional<PythonRandom> random;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::uint64_t seed = 0;
    std::uint32_t population = 0;
    std::uint32_t size = 0;
    fields >> seed >> population >> size;
    if (!random || seed != current) random.emplace(current = seed);
    std::vector<std::uint32_t> drawn;
    for (std::uint32_t value = 0; fields >> value;) drawn.push_back(value);
    ASSERT_EQ(random->sample(population, size), drawn) << line;
    ++count;
  }
  EXPECT_GT(count, 500);
}

TEST(Demonstrations, EverySamplerLeavesTheQuestionOut) {
  const Pool own{30, 7};
  const auto holds = [](const std::vector<std::size_t>& drawn, std::size_t document) {
    return std::count(drawn.begin(), drawn.end(), document) > 0;
  };
  for (std::size_t count : {0U, 1U, 8U, 29U}) {
    for (const auto& drawn : {draw_first(own, count), draw_fixed(own, count, "t", 3),
                              draw_per_question(own, count, "t", 3, "q")}) {
      EXPECT_EQ(drawn.size(), count);
      EXPECT_FALSE(holds(drawn, 7));
      EXPECT_EQ(std::set<std::size_t>(drawn.begin(), drawn.end()).size(), count);
    }
  }
  EXPECT_EQ(draw_first(own, 8), (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 8}));
}

TEST(Demonstrations, FixedSharesThePrefixAndGrowsWithTheShots) {
  std::map<std::vector<std::size_t>, int> prefixes;
  for (std::size_t question = 0; question < 50; ++question) {
    ++prefixes[draw_fixed({50, question}, 4, "task", 1)];
  }
  // Only the questions that are demonstrations themselves see another prefix.
  EXPECT_LE(prefixes.size(), 5U);
  int most = 0;
  for (const auto& [prefix, count] : prefixes) most = std::max(most, count);
  EXPECT_GE(most, 46);
  const std::vector<std::size_t> four = draw_fixed({50, std::nullopt}, 4, "task", 1);
  const std::vector<std::size_t> eight = draw_fixed({50, std::nullopt}, 8, "task", 1);
  EXPECT_TRUE(std::equal(four.begin(), four.end(), eight.begin()));
  EXPECT_NE(four, draw_fixed({50, std::nullopt}, 4, "task", 2));
  EXPECT_NE(four, draw_fixed({50, std::nullopt}, 4, "other", 1));
}

TEST(Demonstrations, PerQuestionDrawsAreUniform) {
  std::vector<int> hits(10, 0);
  for (int question = 0; question < 4000; ++question) {
    for (const std::size_t document :
         draw_per_question({10, 3}, 2, "t", 0, std::to_string(question))) {
      ++hits[document];
    }
  }
  EXPECT_EQ(hits[3], 0);
  // 8000 draws over nine documents: 889 each, standard deviation 25.
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (i != 3) {
      EXPECT_NEAR(hits[i], 889, 125) << i;
    }
  }
}

TEST(Demonstrations, TooManyAreRefused) {
  const auto task = fixture("samples");
  PromptSettings settings{5, Sampler::fixed, 0};
  EXPECT_THROW(task->requests(0, settings), ConfigError);
  settings.num_fewshot = 4;
  EXPECT_NO_THROW(task->requests(0, settings));
  EXPECT_THROW(fixture("rolling")->requests(0, {1, Sampler::fixed, 0}), ConfigError);
}

}  // namespace
}  // namespace allometer::tasks
