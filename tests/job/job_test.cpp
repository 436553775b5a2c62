// The job file: what it means, and that every mistake in it is told with its line.
#include "job/job.hpp"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "job/glob.hpp"
#include "job/map_reader.hpp"
#include "job/mistakes.hpp"
#include "job/read_job.hpp"
#include "job/yaml.hpp"

namespace allometer::job {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A directory with checkpoints models/tiny-{2,10,100}, a directory models/notes that is none,
/// tasks/ and a task file.
class JobTest : public ::testing::Test {
 protected:
  JobTest() {
    std::string name = (fs::temp_directory_path() / "allometer-job-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const char* model : {"tiny-2", "tiny-10", "tiny-100"}) {
      write(fs::path("models") / model / "config.json", "{}");
    }
    write("models/notes/readme.txt", "");
    write("tasks/coin.yaml", "task: coin\n");
    ::setenv("ALLOMETER_TEST_ROOT", root_.c_str(), 1);
    ::unsetenv("ALLOMETER_TEST_UNSET");
  }
  ~JobTest() override { fs::remove_all(root_); }

  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  Job load(const std::string& text) const {
    write("job.yaml", text);
    return load_job(root_ / "job.yaml");
  }

  /// The mistakes without the file's name in front, one a line; "" for a good job.
  std::string mistakes(const std::string& text) const {
    try {
      check_rules(load(text));
      return "";
    } catch (const ConfigError& error) {
      std::string message = error.what();
      const std::string file = (root_ / "job.yaml").string() + ":";
      for (std::size_t at = 0; (at = message.find(file)) != std::string::npos;) {
        message.erase(at, file.size());
      }
      return message;
    }
  }

  /// The mistakes of a good job with `text` after it, whose first line is line 3.
  std::string mistakes_of(const std::string& text) const { return mistakes(kGood + text); }

  static inline const std::string kGood = "models: [{path: 'models/tiny-*'}]\ntasks: [coin]\n";
  fs::path root_;
};

TEST_F(JobTest, ReadsEveryKey) {
  const Job job = load(R"(
name: ladder
models:
  - path: ${ALLOMETER_TEST_ROOT}/models/tiny-2
    name: small
    family: tiny
    random: true
    levers: {tuning: base, tokens: 300}
  - {path: models/tiny-100}
task_directories: [tasks, "${ALLOMETER_TEST_ROOT}/tasks"]
tasks:
  - coin
  - task: cloze
    shots: [0, 2]
    limit: 7
  - {task: tasks/coin.yaml, shots: 1}
variants: [{precision: f32}, {precision: bf16}]
shots: [0, 5]
seeds: [3, 4]
sampler: lm_eval
limit: 100
apply_chat_template: tool_use
system_instruction: Be kind.
fewshot_as_multiturn: true
exclude:
  - {model: small, task: cl*, shots: [0, 2], precision: bf16}
  - {tuning: base, seed: 4}
include:
  - family: [tiny, models]
output: results/ladder.h5
analysis: {confidence: 0.9, bootstrap_draws: 500, seed: 9, size: total}
engine: {chunk_tokens: 64, generation_memory: 512MiB, shard_seconds: 2.5}
)");
  EXPECT_EQ(job.name, "ladder");
  ASSERT_EQ(job.models.size(), 2u);
  const Model& small = job.models[0];
  EXPECT_EQ(small.name, "small");
  EXPECT_EQ(small.path, root_ / "models/tiny-2");
  EXPECT_EQ(small.family, "tiny");
  EXPECT_TRUE(small.random_weights);
  EXPECT_EQ(small.levers,
            (std::map<std::string, std::string>{{"tuning", "base"}, {"tokens", "300"}}));
  EXPECT_EQ(small.line, 4);
  EXPECT_EQ(job.models[1].name, "tiny-100");
  EXPECT_EQ(job.models[1].family, "models") << "the directory that holds it";
  EXPECT_FALSE(job.models[1].random_weights);
  EXPECT_THAT(job.task_directories, ElementsAre(root_ / "tasks", root_ / "tasks"));
  ASSERT_EQ(job.tasks.size(), 3u);
  EXPECT_EQ(job.tasks[0].name, "coin");
  EXPECT_FALSE(job.tasks[0].shots || job.tasks[0].limit);
  EXPECT_EQ(job.tasks[1].name, "cloze");
  EXPECT_EQ(job.tasks[1].shots, (std::vector{0, 2}));
  EXPECT_EQ(job.tasks[1].limit, 7);
  EXPECT_EQ(job.tasks[1].line, 13);
  EXPECT_EQ(job.tasks[2].name, "");
  EXPECT_EQ(job.tasks[2].file, root_ / "tasks/coin.yaml");
  EXPECT_EQ(job.tasks[2].shots, std::vector{1});
  ASSERT_EQ(job.variants.size(), 2u);
  EXPECT_EQ(job.variants[1].precision, Precision::bf16);
  EXPECT_EQ(job.shots, (std::vector{0, 5}));
  EXPECT_THAT(job.seeds, ElementsAre(3u, 4u));
  EXPECT_EQ(job.sampler, "lm_eval");
  EXPECT_EQ(job.limit, 100);
  EXPECT_EQ(job.chat, (Chat{true, "tool_use", "Be kind.", true}));
  ASSERT_EQ(job.exclude.size(), 2u);
  EXPECT_THAT(job.exclude[0].match.at("shots"), ElementsAre("0", "2"));
  EXPECT_THAT(job.include.at(0).match.at("family"), ElementsAre("tiny", "models"));
  EXPECT_EQ(job.output, root_ / "results/ladder.h5");
  EXPECT_EQ(job.analysis.confidence, 0.9);
  EXPECT_EQ(job.analysis.bootstrap_draws, 500);
  EXPECT_EQ(job.analysis.seed, 9u);
  EXPECT_EQ(job.analysis.size, "total");
  EXPECT_EQ(job.chunk_tokens, 64);
  EXPECT_EQ(job.generation_bytes, std::size_t{512} << 20);
  EXPECT_EQ(job.shard_seconds, 2.5);
}

TEST_F(JobTest, SaysHowToAnalyse) {
  const Job job = load(std::string(kGood) + R"(
analysis:
  size: training_tokens
  smallest_effect: 0.02
  contrast: lambada
  reference: {tuning: base}
  hierarchical: true
  mixed_model: true
  item_response: true
  density: {family: tiny, loss: lm/nats_per_token, score: cloze/acc}
)");
  const Analysis& analysis = job.analysis;
  EXPECT_EQ(analysis.size, "training_tokens");
  EXPECT_EQ(analysis.smallest_effect, 0.02);
  EXPECT_EQ(analysis.contrast, "lambada");
  EXPECT_EQ(analysis.reference.at("tuning"), "base");
  EXPECT_TRUE(analysis.hierarchical && analysis.mixed_model && analysis.item_response);
  ASSERT_TRUE(analysis.density.has_value());
  EXPECT_EQ(analysis.density->score, "cloze/acc");
  EXPECT_THAT(analysis.to_json(), HasSubstr("\"smallest_effect\":0.02"));
  EXPECT_NE(job.digest(), load(kGood).digest());
  EXPECT_THAT(Analysis{}.to_json(), Not(HasSubstr("smallest_effect")));
}

TEST_F(JobTest, HasDefaults) {
  const Job job = load(kGood);
  EXPECT_EQ(job.name, "job") << "the file's name";
  EXPECT_THAT(job.task_directories, ElementsAre(root_ / "tasks"));
  ASSERT_EQ(job.variants.size(), 1u);
  EXPECT_EQ(job.variants[0].precision, Precision::f32);
  EXPECT_THAT(job.seeds, ElementsAre(0u));
  EXPECT_FALSE(job.shots || job.limit || job.sampler);
  EXPECT_EQ(job.chat, Chat{});
  EXPECT_EQ(load(std::string(kGood) + "apply_chat_template: true\n").chat,
            (Chat{true, "", "", true}));
  EXPECT_EQ(
      load(std::string(kGood) + "apply_chat_template: true\nfewshot_as_multiturn: false\n").chat,
      (Chat{true, "", "", false}));
  EXPECT_EQ(load(std::string(kGood) + "apply_chat_template: false\n").digest(), job.digest());
  EXPECT_TRUE(job.output.empty());
  EXPECT_EQ(job.text, kGood);
}

TEST_F(JobTest, ExpandsPatternsInNaturalOrderAndPassesOverOtherDirectories) {
  const Job job = load("models: [{path: models/*}]\ntasks: [coin]\n");
  std::vector<std::string> names;
  for (const Model& model : job.models) names.push_back(model.name);
  EXPECT_THAT(names, ElementsAre("tiny-2", "tiny-10", "tiny-100"));
}

TEST_F(JobTest, AGgufFileIsAModelNamedAfterItsFile) {
  for (const char* file :
       {"tiny-9.Q4_K.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf"}) {
    write(fs::path("models/gguf") / file, "GGUF");
  }
  const Job job = load("models: [{path: models/gguf/*.gguf}]\ntasks: [coin]\n");
  ASSERT_EQ(job.models.size(), 2u);
  EXPECT_EQ(job.models[0].name, "big");
  EXPECT_EQ(job.models[0].path, root_ / "models/gguf/big-00001-of-00002.gguf");
  EXPECT_EQ(job.models[1].name, "tiny-9.Q4_K");
  EXPECT_EQ(job.models[1].family, "gguf");
  EXPECT_THAT(mistakes("models: [{path: models/gguf/big-00002-of-00002.gguf}]\ntasks: [coin]\n"),
              HasSubstr("big-00002-of-00002.gguf' is no checkpoint"));
}

TEST_F(JobTest, RelativePathsDoNotDependOnWhereTheProgramRuns) {
  write("job.yaml", kGood);
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  const Job here = load_job("job.yaml");
  fs::current_path("/");
  const Job there = load_job(root_ / "job.yaml");
  fs::current_path(before);
  EXPECT_EQ(fs::weakly_canonical(root_ / here.models[0].path), there.models[0].path);
  EXPECT_EQ(there.models[0].path, root_ / "models/tiny-2");
}

TEST_F(JobTest, SaysEverythingThatIsWrongAtOnce) {
  EXPECT_EQ(
      mistakes("name: a b\n"
               "modles: [{path: models/tiny-2}]\n"
               "tasks: [coin, coin]\n"
               "limit: -4\n"),
      "1: the job's name 'a b' has a blank or a '/': it names a group of the results file; give "
      "another 'name'\n"
      "1: 'models' is missing: list the checkpoints, as 'models: [{path: DIR}]'\n"
      "2: unknown key 'modles' (did you mean 'models'?)\n"
      "3: task 'coin' is listed twice (first in line 3): one entry can have several 'shots'\n"
      "4: 'limit' is '-4': expected a whole number of at least 1");
}

struct Case {
  const char* text;  ///< from line 3 on
  const char* mistake;
};

TEST_F(JobTest, TellsWhatIsWrongWithEachValue) {
  const Case cases[] = {
      {"limit: 0", "3: 'limit' is '0': expected a whole number of at least 1"},
      {"limit: 1.5", "3: 'limit' is '1.5': expected a whole number of at least 1"},
      {"limit: 99999999999999999999",
       "3: 'limit' is '99999999999999999999': expected a whole number of at least 1"},
      {"limit:", "3: 'limit' is nothing: expected a whole number of at least 1"},
      {"limit: [1]", "3: 'limit' is a list: expected a whole number of at least 1"},
      {"shots: [0, -1]",
       "3: 'shots' is '-1': expected a whole number of at least 0 and at most 1000"},
      {"shots: [2, 2]", "3: 'shots' is '2': expected each value once"},
      {"shots: []", "3: 'shots' is a list: expected at least one value, or no such key"},
      {"seeds: x", "3: 'seeds' is 'x': expected a whole number of at least 0"},
      {"sampler: fixd",
       "3: 'sampler' is 'fixd': expected first_n, fixed, per_question or lm_eval (did you mean "
       "'fixed'?)"},
      {"variants: [{precision: fp16}]",
       "3: 'variants[0].precision' is 'fp16': expected f32 or bf16"},
      {"variants: [f32]", "3: 'variants[0]' is 'f32': expected a map of 'key: value'"},
      {"variants: {precision: f32}", "3: 'variants' is a map: expected a list"},
      {"variants: [{precision: f32}, {}]", "3: the same variant is listed twice: keep one"},
      {"analysis: {confidence: 1}",
       "3: 'analysis.confidence' is '1': expected a number above 0 and below 1"},
      {"analysis: {confidence: nan}",
       "3: 'analysis.confidence' is 'nan': expected a number above 0 and below 1"},
      {"analysis:\n  bootstrap_draw: 3",
       "4: unknown key 'bootstrap_draw' in 'analysis' (did you mean 'bootstrap_draws'?)"},
      {"analysis: {size: tokens}",
       "3: 'analysis.size' is 'tokens': expected without_embeddings, total, training_flops "
       "or training_tokens"},
      {"analysis: {density: {family: tiny, loss: lm/bits}}",
       "3: 'analysis.density.score' is missing: a density needs 'family' (of the reference "
       "models), "
       "'loss' and 'score' (each TASK/METRIC)"},
      {"analysis: {reference: base}",
       "3: 'analysis.reference' is 'base': expected a map of levers and levels, as {tuning: base}"},
      {"analysis: {reference: {tuning: chat}}",
       "1: 'analysis.reference' says tuning: chat, but no model of this job has that: name a lever "
       "and one of its levels"},
      {"analysis: {reference: {family: tiny}}",
       "1: 'analysis.reference' says family: tiny, but no model of this job has that: name a lever "
       "and one of its levels"},
      {"analysis: {smallest_effect: 0}",
       "3: 'analysis.smallest_effect' is '0': expected a number above 0"},
      {"engine: {generation_memory: 3 stones}",
       "3: 'engine.generation_memory' is '3 stones': expected a size, as 512MiB or 2GiB"},
      {"engine: {shard_seconds: 0}", "3: 'engine.shard_seconds' is '0': expected a number above 0"},
      {"engine: 3", "3: 'engine' is '3': expected a map of 'key: value'"},
      {"output: ${ALLOMETER_TEST_UNSET}/x.h5",
       "3: '${ALLOMETER_TEST_UNSET}/x.h5': the environment variable 'ALLOMETER_TEST_UNSET' is not "
       "set: export it, or write the path out"},
      {"output: ${ALLOMETER", "3: '${ALLOMETER' has '${' without '}'"},
      {"colour: red",
       "3: unknown key 'colour': expected one of name models task_directories tasks variants shots "
       "seeds sampler limit apply_chat_template system_instruction fewshot_as_multiturn exclude "
       "include output analysis engine"},
      {"fewshot_as_multiturn: true",
       "3: 'fewshot_as_multiturn' is 'true': expected apply_chat_template beside it: only a chat "
       "has "
       "turns"},
      {"apply_chat_template: True",
       "3: 'apply_chat_template' is 'True': expected true, false or the name of a template"},
  };
  for (const Case& wrong : cases) EXPECT_EQ(mistakes_of(wrong.text), wrong.mistake);
}

TEST_F(JobTest, TellsWhatIsWrongWithModels) {
  const std::string root = root_.string();
  const std::string kWhatIsOne =
      " (a directory with a config.json, or a GGUF file; of a GGUF model in parts the first, as "
      "NAME-00001-of-00003.gguf)";
  const auto of = [&](const std::string& models) {
    return mistakes("tasks: [coin]\nmodels:\n" + models);
  };
  EXPECT_EQ(of("  - path: models/big-*\n"),
            "3: '" + root +
                "/models/big-*' matches nothing: check the pattern and the directories it names");
  EXPECT_EQ(of("  - path: models/big\n"), "3: '" + root + "/models/big' does not exist");
  EXPECT_EQ(of("  - path: models/notes\n"),
            "3: '" + root + "/models/notes' is no checkpoint" + kWhatIsOne);
  EXPECT_EQ(of("  - path: models/tiny-2/*\n  - path: '*'\n"),
            "3: '" + root + "/models/tiny-2/*' is no checkpoint" + kWhatIsOne + "\n" +
                "4: none of the 3 matches of '" + root + "/*' is a checkpoint" + kWhatIsOne);
  EXPECT_EQ(of("  - {path: models/*, name: x}\n"),
            "3: '" + root +
                "/models/*' matches 3 checkpoints, which cannot all be named 'x': leave "
                "'name' out");
  EXPECT_EQ(of("  - path: models/tiny-2\n  - path: models/tiny-*\n"),
            "4: two models are named 'tiny-2': " + root + "/models/tiny-2 (line 3) and " + root +
                "/models/tiny-2; give one of them another 'name'");
  EXPECT_EQ(of("  - family: x\n"),
            "3: 'models[0].path' is missing: the directory of a checkpoint, or a pattern that "
            "matches several");
  EXPECT_EQ(of("  - models/tiny-2\n"),
            "3: 'models[0]' is 'models/tiny-2': expected a map of 'key: value'");
  EXPECT_EQ(of("  - {path: models/tiny-2, random: yes, name: a/b}\n"),
            "3: 'models[0].name' is 'a/b': expected a name without blanks and '/'\n"
            "3: 'models[0].random' is 'yes': expected true or false");
  EXPECT_EQ(of("  - path: models/tiny-2\n"
               "    levers:\n"
               "      tuning: [base]\n"
               "      family: x\n"
               "      a b: x\n"
               "      data:\n"),
            "5: lever 'tuning' is a list: expected one word or number (a lever is a column of the "
            "results)\n"
            "6: lever 'family' has a name that rules use already: choose another\n"
            "7: lever 'a b': a lever's name has letters, digits and '_' only\n"
            "8: lever 'data' is nothing: expected one word or number (a lever is a column of the "
            "results)");
  EXPECT_EQ(mistakes("tasks: [coin]\nmodels: []\n"),
            "2: 'models' is a list: expected at least one entry, or no such key");
}

TEST_F(JobTest, TellsWhatIsWrongWithTasks) {
  const auto of = [&](const std::string& tasks) {
    return mistakes("models: [{path: models/*}]\n" + tasks);
  };
  EXPECT_EQ(of("name: x\n"), "1: 'tasks' is missing: list the tasks, as 'tasks: [story_cloze]'");
  EXPECT_EQ(of("tasks: [other.yaml]\n"),
            "2: task file '" + (root_ / "other.yaml").string() + "' does not exist");
  EXPECT_EQ(of("tasks:\n - {shots: 2}\n - [a]\n - {task: a, shot: 1}\n"),
            "3: 'tasks[0].task' is missing: a task's name or file\n"
            "4: 'tasks[1]' is a list: expected a map of 'key: value'\n"
            "5: unknown key 'shot' in 'tasks[2]' (did you mean 'shots'?)");
  EXPECT_THAT(of("tasks: [coin]\ntask_directories: nowhere\n"),
              HasSubstr("/nowhere' does not exist: name the directories of your tasks"));
}

TEST_F(JobTest, TellsWhatIsWrongWithRules) {
  EXPECT_EQ(mistakes_of("exclude:\n  - {modle: x}\n"),
            "4: unknown key 'modle' in 'exclude[0]': it is neither model, family, task, precision, "
            "shots or seed nor a lever of any model (did you mean 'model'?)");
  EXPECT_EQ(mistakes_of(
                "include:\n  - {shots: two, precision: f16, seed: -1, model: {}}\n  - 3\n  - {}\n"),
            "4: 'include[0].shots' is 'two': expected a whole number of at least 0\n"
            "4: 'include[0].precision' is 'f16': expected f32 or bf16\n"
            "4: 'include[0].seed' is '-1': expected a whole number of at least 0\n"
            "4: 'include[0].model' is a map: expected a value or a list of values\n"
            "5: 'include[1]' is '3': expected conditions, as {model: 'pythia-*', shots: 5}\n"
            "6: 'include[2]' is empty: expected conditions, as {model: 'pythia-*', shots: 5}");
  EXPECT_EQ(mistakes_of("exclude: [{model: 'huge-*'}]\n"),
            "3: a rule's model 'huge-*' matches nothing in this job");
  EXPECT_EQ(mistakes_of("exclude: [{task: chin, precision: bf16, seed: 1}]\n"),
            "3: a rule's precision 'bf16' matches nothing in this job\n"
            "3: a rule's seed '1' matches nothing in this job\n"
            "3: a rule's task 'chin' matches nothing in this job");
  EXPECT_EQ(mistakes_of("shots: [0]\nexclude: [{shots: 3}]\n"),
            "4: a rule's shots '3' matches nothing in this job");
  EXPECT_EQ(mistakes_of("exclude: [{shots: 3}]\n"), "") << "a task's own shots are not known here";
}

TEST_F(JobTest, RefusesWhatIsNoPlainYaml) {
  EXPECT_EQ(mistakes(""), "1: the file is empty: a job needs at least 'models' and 'tasks'");
  EXPECT_EQ(mistakes("# only a comment\n\n"),
            "1: the file is empty: a job needs at least 'models' and 'tasks'");
  EXPECT_EQ(mistakes("just words\n"),
            "1: the file is 'just words': expected a map of 'key: value'");
  EXPECT_EQ(mistakes("models:\n\t- path: x\n"),
            "2: a tab in the indentation: YAML takes blanks only");
  EXPECT_THAT(mistakes("name: x\nmodels: [{path: x}\ntasks: [a]\n"), HasSubstr("not YAML: "));
  EXPECT_THAT(mistakes_of("name: [a\n"), StartsWith("4: not YAML: "));
  EXPECT_EQ(mistakes_of("name: x\nshots: 1\nname: y\n"),
            "5: key 'name' is given twice (first in line 3): keep one of them");
  EXPECT_EQ(mistakes_of("analysis: {seed: 1, seed: 2}\n"),
            "3: key 'seed' is given twice (first in line 3): keep one of them");
  EXPECT_EQ(mistakes_of("? [a]\n: 1\n"), "3: a key must be a word, not a list");
  EXPECT_EQ(mistakes_of("name: !!str x\n"),
            "3: tags ('tag:yaml.org,2002:str') are not allowed here: leave it out");
  EXPECT_EQ(mistakes_of("---\nname: x\n"),
            "4: a second document: a job file holds one; look for '---' or a stray ','");
  EXPECT_THAT(mistakes(",a: t\n"), StartsWith("1: a second document"));
  EXPECT_EQ(mistakes_of(std::string("name: a\x01z\n")),
            "3: a control character (byte 1): a job file is plain text");
  EXPECT_EQ(mistakes_of("output: caf\xE9.h5\n"),
            "3: a text that is not UTF-8: save the file as UTF-8\n"
            "3: 'output' is nothing: expected a text");
  EXPECT_EQ(mistakes(std::string(5 << 20, '#')),
            "1: the file has more than 4 MiB: is it a job file?");
}

TEST_F(JobTest, RefusesAliasesBeforeTheyMultiply) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below + ", " + below + "]\n";
  }
  const std::string message = mistakes(bomb);
  EXPECT_THAT(message, HasSubstr("2: aliases ('*name') are not allowed here: write the value out"));
  EXPECT_LT(message.size(), 10000u);
}

TEST_F(JobTest, RefusesDepthsThatWouldOverflowTheStack) {
  EXPECT_THAT(mistakes("name: " + std::string(100000, '[')), HasSubstr("not YAML"));
}

TEST_F(JobTest, AMissingFileIsNamed) {
  try {
    load_job(root_ / "missing.yaml");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing.yaml"));
  }
}

TEST_F(JobTest, RulesSelectCells) {
  const std::map<std::string, std::string> levers{{"tuning", "sft"}};
  const CellKey cell{"pythia-70m", "pythia", "story_cloze", "bf16", 2, 7, &levers};
  const auto is_match = [&](std::map<std::string, std::vector<std::string>> match) {
    return matches(Rule{std::move(match), 1}, cell);
  };
  EXPECT_TRUE(is_match({{"model", {"pythia-*"}}}));
  EXPECT_TRUE(is_match({{"model", {"x", "pythia-70m"}}, {"shots", {"0", "2"}}}));
  EXPECT_FALSE(is_match({{"model", {"pythia-*"}}, {"shots", {"0"}}})) << "every key must match";
  EXPECT_TRUE(is_match({{"tuning", {"sft"}}}));
  EXPECT_FALSE(is_match({{"tuning", {"base"}}}));
  EXPECT_FALSE(is_match({{"data", {"sft"}}})) << "a lever that the model does not have";
  EXPECT_TRUE(is_match({{"task", {"*_cloze"}}, {"seed", {"7"}}, {"precision", {"bf16"}}}));
  EXPECT_FALSE(is_match({{"family", {"pyth*"}}})) << "families are names, not patterns";

  Job job;
  EXPECT_TRUE(selects(job, cell));
  job.include = {Rule{{{"task", {"story_lm"}}}, 1}, Rule{{{"family", {"pythia"}}}, 2}};
  EXPECT_TRUE(selects(job, cell));
  job.exclude = {Rule{{{"shots", {"2"}}}, 3}};
  EXPECT_FALSE(selects(job, cell)) << "exclude wins";
  job.exclude.clear();
  job.include.pop_back();
  EXPECT_FALSE(selects(job, cell));
}

TEST_F(JobTest, DigestFollowsTheMeaningNotTheText) {
  const Digest digest = load(kGood).digest();
  EXPECT_EQ(load("# a comment\ntasks:\n  - coin\nmodels:\n  - path: models/tiny-*\n").digest(),
            digest);
  EXPECT_EQ(load(kGood + "seeds: 0\nvariants: [{precision: f32}]\n").digest(), digest)
      << "defaults written out";
  EXPECT_EQ(load(kGood + "output: x.h5\nengine: {shard_seconds: 1}\n").digest(), digest)
      << "neither changes a number";
  std::vector<Digest> digests{digest};
  for (const char* change :
       {"name: other\n", "limit: 5\n", "shots: 0\n", "seeds: 1\n", "sampler: fixed\n",
        "variants: [{precision: bf16}]\n", "exclude: [{model: tiny-2}]\n",
        "include: [{model: tiny-2}]\n", "analysis: {seed: 1}\n", "analysis: {size: total}\n",
        "task_directories: models\n"}) {
    digests.push_back(load(kGood + change).digest());
  }
  digests.push_back(load("models: [{path: models/*, family: f}]\ntasks: [coin]\n").digest());
  digests.push_back(load("models: [{path: models/*, random: true}]\ntasks: [coin]\n").digest());
  digests.push_back(load("models: [{path: models/*, levers: {a: b}}]\ntasks: [coin]\n").digest());
  digests.push_back(load("models: [{path: models/*}]\ntasks: [{task: coin, limit: 3}]\n").digest());
  digests.push_back(load("models: [{path: models/*}]\ntasks: [{task: coin, shots: 3}]\n").digest());
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end()) << "each change shows";
}

TEST_F(JobTest, TheJobsThatShipAreGood) {
  for (const char* rung : {"random-1", "random-2"}) {
    write(fs::path("ladder") / rung / "config.json", "{}");
  }
  ::setenv("ALLOMETER_RANDOM_LADDER", (root_ / "ladder").c_str(), 1);
  const Job random = load_job(fs::path(ALLOMETER_SOURCE_DIR) / "jobs/random.yaml");
  ASSERT_EQ(random.models.size(), 2u);
  EXPECT_TRUE(random.models[0].random_weights) << "its numbers must be labelled";
  if (std::getenv("ALLOMETER_SHARED_DATA") == nullptr) {
    GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set: jobs/stories.yaml has no checkpoints";
  }
  const Job stories = load_job(fs::path(ALLOMETER_SOURCE_DIR) / "jobs/stories.yaml");
  EXPECT_EQ(stories.models.size(), 5u);
  std::map<std::string, int> family_size;
  for (const Model& model : stories.models) ++family_size[model.family];
  EXPECT_EQ(family_size, (std::map<std::string, int>{{"stories", 4}, {"tinystories", 1}}));
  EXPECT_EQ(stories.tasks.size(), 4u);
}

TEST(GlobMatch, FollowsTheShell) {
  const auto matches_all = [](std::string_view pattern, std::initializer_list<const char*> texts) {
    for (const char* text : texts) EXPECT_TRUE(glob_match(pattern, text)) << pattern << " " << text;
  };
  const auto matches_none = [](std::string_view pattern, std::initializer_list<const char*> texts) {
    for (const char* text : texts)
      EXPECT_FALSE(glob_match(pattern, text)) << pattern << " " << text;
  };
  matches_all("", {""});
  matches_none("", {"a"});
  matches_all("*", {"", "a", "a/b"});
  matches_all("a*b*c", {"abc", "aXbYc", "abbcc", "abcbc"});
  matches_none("a*b*c", {"ab", "acb", "abcd"});
  matches_all("?", {"a"});
  matches_none("?", {"", "ab"});
  matches_all("[a-c]x", {"ax", "cx"});
  matches_none("[a-c]x", {"dx", "x", "[a-c]x"});
  matches_all("[!a-c]", {"d", "-"});
  matches_none("[!a-c]", {"a"});
  matches_all("[]-]", {"]", "-"});
  matches_all("[a", {"[a"});
  matches_none("[a", {"a"});
  matches_all("*[0-9]m", {"pythia-70m"});
}

TEST(GlobMatch, IsNotExponential) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(5000, 'a')));
}

TEST(NaturalLess, OrdersNumbersBySize) {
  std::vector<std::string> names{"m-126k", "m-14k", "m-14k-b", "m-014k", "m", "m-2.8b", "m-2.10b"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_THAT(names, ElementsAre("m", "m-2.8b", "m-2.10b", "m-014k", "m-14k", "m-14k-b", "m-126k"));
  EXPECT_FALSE(natural_less("m-14k", "m-14k"));
}

TEST(ParseBytes, TakesUnits) {
  EXPECT_EQ(parse_bytes("65536"), 65536u);
  EXPECT_EQ(parse_bytes("512MiB"), std::size_t{512} << 20);
  EXPECT_EQ(parse_bytes("2 GB"), 2'000'000'000u);
  EXPECT_EQ(parse_bytes("99999999999GiB"), std::nullopt) << "more than an address can say";
  EXPECT_EQ(parse_bytes("-1"), std::nullopt);
  EXPECT_EQ(parse_bytes("1.5GiB"), std::nullopt);
  EXPECT_EQ(parse_bytes("MiB"), std::nullopt);
}

TEST(Suggestion, IsNearOrNothing) {
  const std::string_view known[] = {"models", "tasks", "shots"};
  EXPECT_EQ(suggestion("modles", known), " (did you mean 'models'?)");
  EXPECT_EQ(suggestion("task", known), " (did you mean 'tasks'?)");
  EXPECT_EQ(suggestion("colour", known), "");
  EXPECT_EQ(suggestion(std::string(100000, 'm'), known), "");
}

}  // namespace
}  // namespace allometer::job
