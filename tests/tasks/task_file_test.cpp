#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tasks/settings.hpp"
#include "tasks/spelling.hpp"
#include "tasks/task.hpp"
#include "tasks/temporary_directory.hpp"
#include "template/template.hpp"

namespace allometer::tasks {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kRows =
    "{\"q\": \"one?\", \"a\": \"1\"}\n{\"q\": \"two?\", \"a\": \"2\"}\n{\"q\": \"three?\", \"a\": "
    "\"3\"}\n";

/// A directory with data.jsonl and a task file on it.
class TaskFile : public testing::Test {
 protected:
  TaskFile() { directory_.write("data.jsonl", kRows); }

  std::filesystem::path write(const std::string& more, const std::string& name = "t.yaml") const {
    return directory_.write(
        name,
        "task: t\ndataset_path: data.jsonl\ndoc_to_text: \"{{q}}\"\ndoc_to_target: \"{{a}}\"\n" +
            more);
  }
  std::shared_ptr<const Task> load(const std::string& more) const { return load_task(write(more)); }
  std::string failure(const std::string& more) const {
    return message_of<ConfigError>([&] { load(more); });
  }
  std::string at_line(int line) const {
    return (directory_.path() / "t.yaml").string() + ":" + std::to_string(line) + ": ";
  }

  TemporaryDirectory directory_;
};

TEST_F(TaskFile, DefaultsAreThoseOfLmEvaluationHarnessAndWhatNoThresholdFakes) {
  const auto task = load("");
  EXPECT_EQ(task->name(), "t");
  EXPECT_EQ(task->ability(), "t");
  EXPECT_EQ(task->output_type(), OutputType::generate_until);
  EXPECT_EQ(task->num_questions(), 3);
  EXPECT_EQ(task->default_num_fewshot(), 0);
  EXPECT_EQ(task->default_sampler(), Sampler::fixed);
  ASSERT_EQ(task->metrics().size(), 3U);
  EXPECT_EQ(task->metrics()[0].name, "exact_match");
  EXPECT_EQ(task->metrics()[1].name, "edit_distance");
  EXPECT_EQ(task->metrics()[2].name, "nll");
  EXPECT_FALSE(task->add_bos_token().has_value());
  const Request request = task->requests(1, {}).at(0);
  EXPECT_EQ(request.context, "two?");
  EXPECT_THAT(request.until, ElementsAre("\n\n"));
  EXPECT_EQ(request.max_gen_toks, 256);
  EXPECT_EQ(task->question_id(2), "3");
  EXPECT_EQ(task->question_text(2), "three?");
  EXPECT_EQ(task->question_target(2), "3");
  EXPECT_EQ(task->num_choices(2), 0);
}

/// Writes a conversation as "role: content|...".
PromptSettings chat_settings(int num_fewshot, bool multiturn, const std::string& system) {
  PromptSettings settings;
  settings.num_fewshot = num_fewshot;
  settings.sampler = Sampler::first_n;
  settings.chat.apply_template = true;
  settings.chat.fewshot_as_multiturn = multiturn;
  settings.chat.system_instruction = system;
  settings.chat.render = [](std::span<const Message> messages) {
    std::string text;
    for (const Message& message : messages) text += message.role + ": " + message.content + "|";
    return text;
  };
  return settings;
}

TEST_F(TaskFile, AsksThroughAChatTemplateAsLmEvaluationHarnessDoes) {
  const auto task = load("description: \"Sums.\"\n");
  EXPECT_EQ(task->requests(2, chat_settings(0, false, "")).at(0).context,
            "system: Sums.|user: three?|");
  EXPECT_EQ(task->requests(2, chat_settings(1, false, "Be kind.")).at(0).context,
            "system: Be kind.\n\nSums.|user: one? 1\n\nthree?|");
  EXPECT_EQ(
      task->requests(2, chat_settings(2, true, "Be kind.")).at(0).context,
      "system: Be kind.\n\nSums.|user: one?|assistant: 1|user: two?|assistant: 2|user: three?|");
  EXPECT_EQ(load("")->requests(0, chat_settings(0, true, "")).at(0).context, "user: one?|");
}

/// As the harness: what such a template refuses with a system's message, it gets without.
TEST_F(TaskFile, AsksWithoutTheSystemWhereTheTemplateRefusesIt) {
  const auto task = load("description: \"Sums.\"\n");
  PromptSettings settings = chat_settings(1, true, "");
  const auto render = settings.chat.render;
  settings.chat.render = [render](std::span<const Message> messages) {
    if (messages.front().role == "system")
      throw jinja::RefusedByTemplate("no system", "no system here");
    return render(messages);
  };
  EXPECT_EQ(task->requests(2, settings).at(0).context, "user: one?|assistant: 1|user: three?|");
  settings.chat.render = [](std::span<const Message>) -> std::string {
    throw jinja::RefusedByTemplate("nothing", "nothing at all");
  };
  EXPECT_THROW(task->requests(2, settings), jinja::RefusedByTemplate);
  EXPECT_THROW(load("")->requests(2, settings), jinja::RefusedByTemplate);
}

TEST_F(TaskFile, ChoicesAfterAChatTemplateHaveNoDelimiter) {
  const auto task = load("output_type: multiple_choice\ndoc_to_choice: [\"1\", \"2\", \"3\"]\n");
  const std::vector<Request> plain = task->requests(1, {});
  const std::vector<Request> chat = task->requests(1, chat_settings(0, false, ""));
  ASSERT_EQ(chat.size(), 3U);
  EXPECT_EQ(plain[1].context, "two?");
  EXPECT_EQ(plain[1].continuation, " 2");
  EXPECT_EQ(chat[1].context, "user: two?|");
  EXPECT_EQ(chat[1].continuation, "2");
}

TEST_F(TaskFile, ASystemInstructionStandsBeforeThePromptWithoutATemplate) {
  PromptSettings settings;
  settings.chat.system_instruction = "Be kind.";
  EXPECT_EQ(load("")->requests(0, settings).at(0).context, "Be kind.one?");
  EXPECT_EQ(load("description: \"Sums.\"\n")->requests(0, settings).at(0).context,
            "Be kind.\n\nSums.one?");
}

TEST_F(TaskFile, LabelsAndMetadata) {
  const auto tagged = load("tag: [science, school]\ntask_alias: T\nnum_fewshot: null\n");
  EXPECT_EQ(tagged->ability(), "science");
  const auto task = load(
      "tag: science\nnum_fewshot: 3\nfewshot_config: {sampler: default}\nmetadata:\n"
      "  ability: sums\n  description: small sums\n  add_bos_token: false\n  anything: [1]\n");
  EXPECT_EQ(task->ability(), "sums");
  EXPECT_EQ(task->description(), "small sums");
  EXPECT_EQ(task->add_bos_token(), std::optional<bool>(false));
  EXPECT_EQ(task->default_num_fewshot(), 3);
  EXPECT_EQ(task->default_sampler(), Sampler::lm_eval);
}

TEST_F(TaskFile, UnknownKeysNameTheLineAndTheLikeliestMeaning) {
  EXPECT_THAT(failure("num_fewshots: 3\n"),
              AllOf(StartsWith(at_line(5)), HasSubstr("unknown key 'num_fewshots'"),
                    HasSubstr("did you mean 'num_fewshot'"), HasSubstr("Supported: task, ")));
  EXPECT_THAT(failure("metadata:\n  version: 1\nfewshot_config:\n  smapler: fixed\n"),
              AllOf(StartsWith(at_line(8)), HasSubstr("'smapler'"), HasSubstr("'sampler'")));
}

struct BadValue {
  const char* more;
  int line;
  const char* says;
};

TEST_F(TaskFile, EveryUnsupportedKeyOrValueIsNamed) {
  const BadValue cases[] = {
      {"dataset_name: main\n", 5, "dataset_name is not supported"},
      {"gen_prefix: A\n", 5, "gen_prefix is not supported"},
      {"process_results: !function u.f\n", 5, "process_results is not supported"},
      {"process_docs: !function utils.process_docs\n", 5, "!function"},
      {"process_docs: story_closed\n", 5, "did you mean 'story_cloze'"},
      {"output_type: multiple_choices\n", 5, "did you mean 'multiple_choice'"},
      {"output_type: multiple_choice\n", 1, "needs doc_to_choice"},
      {"output_type: loglikelihood\ndoc_to_choice: [a, b]\n", 1, "remove doc_to_choice"},
      {"num_fewshot: -1\n", 5, "integer from 0"},
      {"num_fewshot: many\n", 5, "not 'many'"},
      {"repeats: 5\n", 5, "repeats must be an integer from 1 to 1"},
      {"fewshot_config: {sampler: balanced}\n", 5, "sampler 'balanced' is unknown"},
      {"fewshot_config:\n  samples: !function u.list\n", 6, "!function"},
      {"generation_kwargs:\n  do_sample: true\n", 6, "do_sample must be false"},
      {"generation_kwargs:\n  temperature: 0.7\n", 6, "temperature must be 0"},
      {"generation_kwargs:\n  top_p: 0.7\n", 6, "unknown key 'top_p'"},
      {"generation_kwargs:\n  until: ['']\n", 6, "empty stop string"},
      {"generation_kwargs:\n  max_gen_toks: 0\n", 6, "integer from 1"},
      {"output_type: loglikelihood\ngeneration_kwargs: {until: x}\n", 6,
       "needs output_type: generate_until"},
      {"metric_list:\n  - metric: f1\n", 6, "has no metric 'f1'"},
      {"metric_list:\n  - metric: exact_match\n    aggregation: median\n", 7,
       "aggregated by 'mean'"},
      {"metric_list:\n  - metric: exact_match\n  - metric: exact_match\n", 7, "listed twice"},
      {"metric_list:\n  - metric: exact_match\n    hf_evaluate: true\n", 7,
       "unknown key 'hf_evaluate'"},
      {"metric_list:\n  - metric: exact_match\n    regexes_to_ignore: ['(']\n", 6,
       "regular expression '('"},
      {"metric_list: []\n", 5, "at least one metric"},
      {"metadata: {chance: 2}\n", 5, "between 0 and 1"},
      {"metadata: {add_bos_token: 1}\n", 5, "true or false"},
      {"description: \"{% if x %}\"\n", 5, ""},
      {"test_split: test\n", 5, "test_split needs a dataset_path that is a directory"},
      {"fewshot_path: none.jsonl\n", 5, "there is no file"},
      {"fewshot_path: ${ALLOMETER_NO_SUCH_NAME}/x.jsonl\n", 5,
       "environment variable ALLOMETER_NO_SUCH_NAME"},
      {"num_fewshot: 1\nnum_fewshot: 2\n", 6, "stands twice"},
      {"tag: [a\n", 6, "not valid YAML"},
      {"---\ntask: u\n", 1, "one YAML document"},
      {"output_type: loglikelihood_rolling\nnum_fewshot: 1\n", 1, "takes no demonstrations"},
      {"dataset_kwargs: {data_files: data.jsonl}\n", 2, "goes with dataset_path: json or csv"},
  };
  for (const BadValue& bad : cases) {
    EXPECT_THAT(failure(bad.more), AllOf(StartsWith(at_line(bad.line)), HasSubstr(bad.says)))
        << bad.more;
  }
}

TEST_F(TaskFile, WhatIsNoTextOrNoSingleDocumentIsRefused) {
  const auto failure_of = [&](const std::string& text) {
    directory_.write("t.yaml", text);
    return message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml"); });
  };
  // yaml-cpp would find documents without end.
  EXPECT_THAT(failure_of(",task: t\n"), HasSubstr("one YAML document"));
  EXPECT_THAT(failure_of(""), HasSubstr("one YAML document"));
  EXPECT_THAT(failure_of("task: t\ndescription: caf\xE9\n"),
              AllOf(StartsWith(at_line(2)), HasSubstr("UTF-8")));
  EXPECT_THAT(failure_of("task: t\ncaf\xE9: x\n"),
              AllOf(StartsWith(at_line(2)), HasSubstr("UTF-8")));
}

TEST_F(TaskFile, TemplatesAreRefusedWithTheirLine) {
  directory_.write(
      "t.yaml",
      "task: t\ndataset_path: data.jsonl\n\ndoc_to_text: \"{{q|frobnicate}}\"\ndoc_to_target: x\n");
  EXPECT_THAT(
      message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml"); }),
      AllOf(StartsWith(at_line(4).substr(0, at_line(4).size() - 2)), HasSubstr("doc_to_text")));
}

TEST_F(TaskFile, AMissingFieldNamesFileRowAndField) {
  std::string rows;
  for (int row = 1; row <= 20; ++row) {
    rows += row == 17 ? "{\"q\": \"seventeen?\"}\n"
                      : "{\"q\": \"" + std::to_string(row) + "?\", \"a\": \"" +
                            std::to_string(row) + "\"}\n";
  }
  const std::filesystem::path data = directory_.write("data.jsonl", rows);
  const auto by_template = load("output_type: loglikelihood\n");
  EXPECT_NO_THROW(by_template->requests(15, {}));
  EXPECT_THAT(
      message_of<ConfigError>([&] { by_template->requests(16, {}); }),
      AllOf(StartsWith(data.string() + ":17: "), HasSubstr("doc_to_target"), HasSubstr("'a'")));
  EXPECT_EQ(by_template->question_target(16), "");
  EXPECT_EQ(by_template->question_target(17), "18");
  directory_.write("t.yaml",
                   "task: t\ndataset_path: data.jsonl\ndoc_to_text: q\ndoc_to_target: a\n");
  const auto by_name = load_task(directory_.path() / "t.yaml");
  EXPECT_EQ(by_name->requests(3, {}).at(0).context, "4?");
  EXPECT_THAT(
      message_of<ConfigError>([&] { by_name->requests(16, {}); }),
      AllOf(StartsWith(data.string() + ":17: "), HasSubstr("no field 'a'"), HasSubstr("it has q")));
  // A demonstration that cannot be filled is named too, not the question.
  PromptSettings all{19, Sampler::first_n, 0};
  EXPECT_THAT(message_of<ConfigError>([&] { by_name->requests(0, all); }),
              StartsWith(data.string() + ":17: "));
}

TEST_F(TaskFile, TargetsMustFitTheChoices) {
  const std::string choice =
      "output_type: multiple_choice\ndoc_to_choice: [\"2\", \"x{{q}}\", z]\n";
  // Digits are an index: rows 1 and 2 are choices, row 3 is beyond them.
  const auto task = load(choice);
  EXPECT_EQ(task->question_target(0), "xone?");
  EXPECT_EQ(task->question_target(1), "z");
  EXPECT_EQ(task->num_choices(1), 3);
  EXPECT_THAT(
      message_of<ConfigError>([&] { task->requests(2, {}); }),
      AllOf(HasSubstr("data.jsonl:3: "), HasSubstr("not the index of one of the 3 choices")));
  const Request second = task->requests(1, {}).at(1);
  EXPECT_EQ(second.context, "two?");
  EXPECT_EQ(second.continuation, " xtwo?");
  directory_.write(
      "t.yaml",
      "task: t\ndataset_path: data.jsonl\noutput_type: multiple_choice\ndoc_to_text: q\n"
      "doc_to_target: \"{{q}}\"\ndoc_to_choice: [a, b]\n");
  EXPECT_THAT(
      message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml")->requests(0, {}); }),
      AllOf(HasSubstr("data.jsonl:1: "), HasSubstr("neither one of the 2 choices nor an index")));
}

TEST_F(TaskFile, NothingEmptyIsScored) {
  directory_.write("data.jsonl", "{\"q\": \"one?\", \"a\": \"\"}\n");
  for (const char* type : {"loglikelihood", "loglikelihood_rolling"}) {
    const auto task = load(std::string("output_type: ") + type + "\n");
    EXPECT_THAT(message_of<ConfigError>([&] { task->requests(0, {}); }),
                AllOf(HasSubstr("data.jsonl:1: "), HasSubstr("empty text")));
  }
  const auto choice = load("output_type: multiple_choice\ndoc_to_choice: [x, \"{{a}}\"]\n");
  EXPECT_THAT(message_of<ConfigError>([&] { choice->requests(0, {}); }),
              AllOf(HasSubstr("data.jsonl:1: "), HasSubstr("choice 1 is empty")));
}

TEST_F(TaskFile, PathsFollowTheEnvironmentAndTheFileThatNamesThem) {
  directory_.write("elsewhere/other.jsonl", "{\"q\": \"else?\", \"a\": \"0\"}\n");
  ::setenv("ALLOMETER_TEST_DATA", (directory_.path() / "elsewhere").c_str(), 1);
  directory_.write("t.yaml",
                   "task: t\ndataset_path: ${ALLOMETER_TEST_DATA}/other.jsonl\ndoc_to_text: "
                   "q\ndoc_to_target: a\n");
  EXPECT_EQ(load_task(directory_.path() / "t.yaml")->question_text(0), "else?");
  ::unsetenv("ALLOMETER_TEST_DATA");
  // An included path stays relative to the file that says it; what the includer says wins.
  directory_.write("elsewhere/base.yaml",
                   "dataset_path: other.jsonl\ndoc_to_text: q\ndoc_to_target: a\nnum_fewshot: 3\n");
  directory_.write("t.yaml", "task: t\ninclude: elsewhere/base.yaml\nnum_fewshot: 1\n");
  const auto task = load_task(directory_.path() / "t.yaml");
  EXPECT_EQ(task->question_text(0), "else?");
  EXPECT_EQ(task->default_num_fewshot(), 1);
  directory_.write("elsewhere/base.yaml", "dataset_path: other.jsonl\nwrong_key: 1\n");
  EXPECT_THAT(message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml"); }),
              StartsWith((directory_.path() / "elsewhere/base.yaml").string() +
                         ":2: unknown key 'wrong_key'"));
  directory_.write("t.yaml", "task: t\ninclude: t.yaml\n");
  EXPECT_THAT(message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml"); }),
              HasSubstr("circle"));
}

TEST_F(TaskFile, MetadataAreMergedFieldByField) {
  directory_.write("base.yaml",
                   "dataset_path: rows.jsonl\ndoc_to_text: q\ndoc_to_target: a\n"
                   "metadata: {ability: space, description: of all, add_bos_token: true, card: "
                   "{source: ours}}\n");
  directory_.write("rows.jsonl", "{\"q\": \"else?\", \"a\": \"0\"}\n");
  directory_.write("t.yaml", "task: t\ninclude: base.yaml\nmetadata: {description: of one}\n");
  const auto task = load_task(directory_.path() / "t.yaml");
  EXPECT_EQ(task->ability(), "space");
  EXPECT_EQ(task->description(), "of one");
  EXPECT_EQ(task->add_bos_token(), true);
  // So are maps among them.
  directory_.write("t.yaml", "task: t\ninclude: base.yaml\nmetadata: {card: {formula: a sum}}\n");
  const YamlValue yaml = read_task_yaml(directory_.path() / "t.yaml");
  const YamlValue& card = *yaml.find("metadata")->find("card");
  EXPECT_EQ(card.find("formula")->text, "a sum");
  EXPECT_EQ(card.find("source")->text, "ours");
}

TEST_F(TaskFile, SplitsOfDirectoriesAndDataFiles) {
  directory_.write("set/train.csv", "q,a\ntrain?,9\n");
  directory_.write("set/validation.jsonl", kRows);
  const std::string texts = "doc_to_text: q\ndoc_to_target: \"{{a}}\"\n";
  directory_.write(
      "t.yaml",
      "task: t\ndataset_path: set\ntraining_split: train\nvalidation_split: validation\n" + texts);
  const auto by_directory = load_task(directory_.path() / "t.yaml");
  EXPECT_EQ(by_directory->num_questions(), 3);
  EXPECT_EQ(by_directory->requests(1, {1, Sampler::first_n, 0}).at(0).context, "train? 9\n\ntwo?");
  directory_.write(
      "t.yaml",
      "task: t\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    train: set/train.csv\n"
      "    held_out: set/validation.jsonl\ntest_split: held_out\nfewshot_split: train\n" +
          texts);
  EXPECT_EQ(
      load_task(directory_.path() / "t.yaml")->requests(1, {1, Sampler::fixed, 0}).at(0).context,
      "train? 9\n\ntwo?");
  directory_.write("t.yaml", "task: t\ndataset_path: set\nvalidation_split: dev\n" + texts);
  EXPECT_THAT(message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml"); }),
              AllOf(StartsWith(at_line(3)), HasSubstr("no dev.jsonl, .json or .csv")));
  directory_.write("t.yaml", "task: t\ndataset_path: set\n" + texts);
  EXPECT_THAT(message_of<ConfigError>([&] { load_task(directory_.path() / "t.yaml"); }),
              HasSubstr("test_split or validation_split"));
}

TEST_F(TaskFile, DemonstrationsFromTheSameFileNeverShowTheQuestion) {
  const auto task = load("output_type: loglikelihood\n");
  for (const Sampler sampler :
       {Sampler::first_n, Sampler::fixed, Sampler::per_question, Sampler::lm_eval}) {
    for (int question = 0; question < 3; ++question) {
      const std::string context = task->requests(question, {2, sampler, 5}).at(0).context;
      const std::string own = task->question_text(question);
      EXPECT_EQ(context.find(own), context.size() - own.size())
          << name_of(sampler) << ": " << context;
    }
    EXPECT_THAT(message_of<ConfigError>([&] {
                  task->requests(0, {3, sampler, 5});
                }),
                HasSubstr("demonstrations"));
  }
}

TEST_F(TaskFile, TheDigestIsWhatCanChangeANumber) {
  const Digest plain = load("")->digest();
  EXPECT_EQ(load("# a comment\nnum_fewshot: 4\ntag: x\ntask_alias: y\nmetadata: {description: z, "
                 "version: 3}\n")
                ->digest(),
            plain);
  const char* changes[] = {"target_delimiter: ''\n",
                           "fewshot_delimiter: x\n",
                           "description: d\n",
                           "output_type: loglikelihood\n",
                           "generation_kwargs: {until: x}\n",
                           "generation_kwargs: {max_gen_toks: 9}\n",
                           "metric_list: [{metric: exact_match, ignore_case: true}]\n",
                           "metadata: {add_bos_token: true}\n",
                           "fewshot_config: {doc_to_text: x}\n",
                           "fewshot_config: {samples: [{q: 1, a: 2}]}\n"};
  std::set<std::string> digests{plain.hex()};
  for (const char* change : changes)
    EXPECT_TRUE(digests.insert(load(change)->digest().hex()).second) << change;
  directory_.write("data.jsonl", std::string(kRows) + " ");
  EXPECT_TRUE(digests.insert(load("")->digest().hex()).second);
  directory_.write("data.jsonl", kRows);
  std::filesystem::create_directory(directory_.path() / "moved");
  directory_.write("moved/data.jsonl", kRows);
  EXPECT_EQ(load_task(write("", "moved/t.yaml"))->digest(), plain);
}

TEST_F(TaskFile, TheLibraryFindsTasksByName) {
  write("metadata: {ability: sums, description: small sums}\n", "here/t.yaml");
  directory_.write("here/base.yaml", "doc_to_text: q\n");
  write("tag: [first, second]\n", "there/t.yaml");
  directory_.write("there/other.yaml", "task: other_task\ninclude: t.yaml\n");
  const std::filesystem::path here[] = {directory_.path() / "here"};
  const TaskLibrary one(here);
  ASSERT_EQ(one.entries().size(), 1U);
  EXPECT_EQ(one.entries()[0].ability, "sums");
  EXPECT_EQ(one.entries()[0].description, "small sums");
  const std::filesystem::path both[] = {directory_.path() / "here", directory_.path() / "there"};
  const TaskLibrary two(both);
  ASSERT_NE(two.find("t"), nullptr);
  EXPECT_EQ(two.find("t")->ability, "first");
  EXPECT_EQ(two.find("t")->file, directory_.path() / "there/t.yaml");
  ASSERT_NE(two.find("other_task"), nullptr);
  EXPECT_EQ(two.find("other_task")->ability, "first");
  EXPECT_EQ(two.find("othertask"), nullptr);
  EXPECT_THAT(two.suggestions("othertask"), ElementsAre("other_task"));
  write("", "here/copy.yaml");
  EXPECT_THAT(message_of<ConfigError>([&] { TaskLibrary{here}; }),
              AllOf(HasSubstr("'t' is given twice"), HasSubstr("copy.yaml")));
  const std::filesystem::path none[] = {directory_.path() / "nowhere"};
  EXPECT_THAT(message_of<ConfigError>([&] { TaskLibrary{none}; }), HasSubstr("nowhere"));
}

// The task files of docs/datasets.md, on one row each as the recipes of fetch_dataset.py write
// them.
TEST_F(TaskFile, ExamplesOfTheDocumentationLoad) {
  const char* hellaswag =
      "{\"id\": 1, \"query\": \"Roof: He\", \"choices\": [\"a\", \"b\"], \"label\": \"1\", "
      "\"gold\": 1}\n";
  const char* arc =
      "{\"id\": 1, \"question\": \"Why?\", \"choices\": {\"text\": [\"a\", \"b\"]}, \"gold\": 1}\n";
  directory_.write("data/hellaswag/train.jsonl", hellaswag);
  directory_.write("data/hellaswag/validation.jsonl", hellaswag);
  directory_.write("data/arc_challenge/train.jsonl", arc);
  directory_.write("data/arc_challenge/test.jsonl", arc);
  directory_.write("data/piqa.jsonl",
                   "{\"goal\": \"Eat\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 1}\n");
  std::ifstream file(std::filesystem::path(ALLOMETER_SOURCE_DIR) / "docs/datasets.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  std::map<std::string, std::string> contexts;
  const std::string fence = "```yaml\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    const std::string block = page.substr(begin, page.find("```", begin) - begin);
    if (block.rfind("task: ", 0) != 0) continue;
    const auto task = load_task(directory_.write("tasks/example.yaml", block));
    EXPECT_EQ(task->question_target(0), "b") << block;
    EXPECT_EQ(task->num_choices(0), 2) << block;
    contexts[task->name()] = task->requests(0, {}).at(1).context;
  }
  EXPECT_EQ(contexts,
            (std::map<std::string, std::string>{{"hellaswag", "Roof: He"},
                                                {"arc_challenge", "Question: Why?\nAnswer:"},
                                                {"piqa", "Question: Eat\nAnswer:"}}));
}

TEST(Spelling, DistancesOfTypingMistakes) {}

}  // namespace
}  // namespace allometer::tasks
