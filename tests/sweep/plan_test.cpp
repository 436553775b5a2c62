#include "sweep/plan.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace allometer::sweep {
namespace {

using ::testing::HasSubstr;

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    std::filesystem::create_directories(directory_ / "model");
    std::filesystem::create_directories(directory_ / "tasks");
    write("model/config.json", "{}");
    write("tasks/rows.jsonl", R"({"question": "a", "choices": ["x", "y"], "gold": 0})");
    write("tasks/small.yaml",
          "task: small\ndataset_path: rows.jsonl\noutput_type: multiple_choice\n"
          "doc_to_text: \"{{question}}\"\ndoc_to_choice: \"{{choices}}\"\ndoc_to_target: "
          "\"{{gold}}\"\n");
  }
  ~PlanTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
  }
  job::Job job_with(const std::string& tasks, const std::string& more = "") const {
    write("job.yaml", "name: j\nmodels:\n  - path: model\ntasks: [" + tasks + "]\n" + more);
    return job::load_job(directory_ / "job.yaml");
  }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("plan_test." + std::to_string(::getpid()));
};

TEST_F(PlanTest, AJobKnowsEverySamplerOfTheTasks) {
  for (const auto sampler : {tasks::Sampler::first_n, tasks::Sampler::fixed,
                             tasks::Sampler::per_question, tasks::Sampler::lm_eval}) {
    const std::string name(name_of(sampler));
    EXPECT_EQ(job_with("small", "sampler: " + name + "\n").sampler, name);
  }
  EXPECT_THROW(job_with("small", "sampler: middle\n"), ConfigError);
}

TEST_F(PlanTest, AllMistakesOfTheTasksAreToldAtOnce) {
  write("tasks/broken.yaml",
        "task: broken\ndataset_path: nowhere.jsonl\noutput_type: multiple_choice\n");
  try {
    job::Job job = job_with("smal, broken, small");
    load_tasks(job);
    FAIL() << "unknown and broken tasks were taken";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no task 'smal'"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean small?"));
    EXPECT_THAT(error.what(), HasSubstr("broken.yaml:"));
  }
}

TEST_F(PlanTest, ABatteryGivesWayToItsTasks) {
  const auto copy_as = [&](const std::string& name) {
    write("tasks/" + name + ".yaml", "task: " + name + "\ninclude: small.yaml\n");
  };
  copy_as("other");
  copy_as("third");
  write("tasks/absent.yaml", "task: absent\ndataset_path: nowhere.jsonl\ninclude: small.yaml\n");
  write("tasks/inner.yaml", "group: inner\ntask: [{task: third, limit: 5}]\n");
  write("tasks/outer.yaml",
        "group: outer\ntask: [small, {task: other, shots: [0, 1], seeds: [3, 4]}, inner, {task: "
        "absent, optional: true}]\n");
  job::Job job = job_with("outer, {task: small, shots: 2}", "limit: 3\n");
  const auto tasks = load_tasks(job);
  ASSERT_EQ(job.tasks.size(), 3U) << "what is optional and not there is left out";
  EXPECT_EQ(job.tasks[0].name, "other");
  EXPECT_EQ(job.tasks[0].shots, (std::vector<int>{0, 1}));
  EXPECT_EQ(job.tasks[0].seeds, (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(job.tasks[1].name, "third");
  EXPECT_EQ(job.tasks[1].limit, 3) << "the smaller of the battery's and the job's";
  EXPECT_EQ(job.tasks[2].name, "small") << "the job's own entry goes before the battery's";
  EXPECT_EQ(job.tasks[2].shots, std::vector<int>{2});

  const ModelIdentity identity = identify_model(directory_ / "model", {});
  const Plan plan = make_plan(std::move(job), tasks, "test", {identity});
  ASSERT_EQ(plan.record.cells.size(), 6U);
  EXPECT_EQ(plan.record.cells[1].seed, 4U);

  job = job_with("{task: outer, shots: 7, seeds: 9, limit: 8}");
  load_tasks(job);
  ASSERT_EQ(job.tasks.size(), 3U);
  for (const job::TaskRef& ref : job.tasks) {
    EXPECT_EQ(ref.shots, std::vector<int>{7}) << ref.name;
    EXPECT_EQ(ref.seeds, std::vector<std::uint64_t>{9}) << ref.name;
    EXPECT_EQ(ref.limit, 8) << ref.name;
  }
}

TEST_F(PlanTest, MistakesOfABatteryAreNamed) {
  const auto failure = [&](const std::string& battery) -> std::string {
    write("tasks/b.yaml", "group: b\ntask:\n" + battery);
    try {
      job::Job job = job_with("b", "exclude: [{shots: 5}]\n");
      load_tasks(job);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_THAT(failure("  - {task: smal}\n"), HasSubstr("b.yaml:3: there is no task 'smal'"));
  EXPECT_THAT(failure("  - b\n"), HasSubstr("'b' holds itself"));
  EXPECT_THAT(failure("  - {task: small, shot: 1}\n"), HasSubstr("b.yaml:3: unknown key 'shot'"));
  EXPECT_THAT(failure("  - {task: small, limit: 0}\n"), HasSubstr("limit must be an integer"));
  EXPECT_THAT(failure("  - {shots: 1}\n"), HasSubstr("under the key 'task'"));
  EXPECT_THAT(failure("  - {task: small, shots: [0, 4]}\n"),
              HasSubstr("shots '5' matches nothing in this job"))
      << "rules are held against the battery's tasks";
  EXPECT_EQ(failure("  - {task: small, shots: [0, 5]}\n"), "");
}

TEST_F(PlanTest, AnUnusableCheckpointFailsItsCellsWithTheReason) {
  job::Job job = job_with("small");
  auto tasks = load_tasks(job);
  const ModelIdentity identity = identify_model(directory_ / "model", {});
  ASSERT_TRUE(identity.failure);
  const Plan plan = make_plan(std::move(job), std::move(tasks), "test", {identity});
  ASSERT_EQ(plan.record.cells.size(), 1u);
  ASSERT_TRUE(plan.cell_failure[0]);
  EXPECT_THAT(plan.cell_failure[0]->reason, HasSubstr("model"));
  EXPECT_EQ(plan.record.cells[0].num_questions, 1);
}

TEST_F(PlanTest, ACellIsWhatItsInputsAre) {
  const auto digest_of = [&](const std::string& more, const std::string& numerics) {
    job::Job job = job_with("small", more);
    auto tasks = load_tasks(job);
    const ModelIdentity identity = identify_model(directory_ / "model", {});
    return make_plan(std::move(job), std::move(tasks), numerics, {identity}).record.cells[0].digest;
  };
  const Digest first = digest_of("", "n");
  EXPECT_EQ(digest_of("engine: {shard_seconds: 3}\n", "n"), first);
  EXPECT_NE(digest_of("variants: [{precision: bf16}]\n", "n"), first);
  EXPECT_NE(digest_of("seeds: [1]\n", "n"), first);
  EXPECT_NE(digest_of("sampler: lm_eval\n", "n"), first);
  EXPECT_NE(digest_of("", "m"), first);
  EXPECT_NE(digest_of("system_instruction: Be kind.\n", "n"), first);
  EXPECT_EQ(digest_of("apply_chat_template: false\n", "n"), first);
  write("tasks/rows.jsonl", R"({"question": "b", "choices": ["x", "y"], "gold": 0})");
  EXPECT_NE(digest_of("", "n"), first);
}

/// A task whose prompt is chosen among two.
constexpr const char* kChosen =
    "task: chosen\ndataset_path: rows.jsonl\nfewshot_path: train.jsonl\n"
    "output_type: multiple_choice\ndoc_to_text: \"{{question}}\"\n"
    "doc_to_choice: \"{{choices}}\"\ndoc_to_target: \"{{gold}}\"\n"
    "prompt_choice:\n  examples: 2\n  candidates: [{description: a}, {description: b}]\n  by: ";

TEST_F(PlanTest, ACellWhosePromptIsChosenNeedsTheCellThatChooses) {
  write("tasks/train.jsonl", R"({"question": "t", "choices": ["x", "y"], "gold": 0}
{"question": "u", "choices": ["x", "y"], "gold": 1})");
  const auto plan_of = [&](const std::string& by) {
    write("tasks/chosen.yaml", kChosen + by + "\n");
    job::Job job = job_with("chosen, small", "shots: [0, 1, 2]\nseeds: [4, 5]\nlimit: 1\n");
    auto tasks = load_tasks(job);
    return make_plan(std::move(job), std::move(tasks), "n",
                     {identify_model(directory_ / "model", {})});
  };
  const Plan mdl = plan_of("mdl");
  ASSERT_EQ(mdl.record.tasks.size(), 3U);
  EXPECT_EQ(mdl.record.tasks[2].name, "chosen.prompt_choice");
  EXPECT_EQ(mdl.record.tasks[2].question_ids.size(), 2U);  // the limit is not for it
  std::map<std::uint64_t, std::set<std::int32_t>> needed;
  for (std::size_t i = 0; i < mdl.record.cells.size(); ++i) {
    const auto& cell = mdl.record.cells[i];
    EXPECT_EQ(cell.needs.has_value(), cell.task == 0);
    if (!cell.needs) continue;
    EXPECT_LT(*cell.needs, static_cast<std::int32_t>(i));
    const auto& choice = mdl.record.cells[static_cast<std::size_t>(*cell.needs)];
    EXPECT_EQ(choice.task, 2);
    EXPECT_EQ(choice.variant, cell.variant);
    EXPECT_EQ(choice.seed, cell.seed);
    needed[cell.seed].insert(*cell.needs);
    EXPECT_EQ(scheduled_cells(mdl)[i].needs, cell.needs);
  }
  // The code of all examples serves every number of shots.
  EXPECT_EQ(needed.at(4).size(), 1U);
  EXPECT_EQ(needed.at(5).size(), 1U);
  EXPECT_EQ(results::PlanRecord::decode(mdl.record.encode()).encode(), mdl.record.encode());

  // Left one out of two, there is one demonstration at most.
  const Plan left_out = plan_of("leave_one_out");
  std::set<std::int32_t> shots;
  for (const auto& cell : left_out.record.cells) {
    if (cell.task == 2) shots.insert(cell.num_fewshot);
  }
  EXPECT_EQ(shots, (std::set<std::int32_t>{0, 1}));
  EXPECT_NE(left_out.record.cells[1].digest, mdl.record.cells[1].digest);
  EXPECT_EQ(left_out.record.cells.back().digest, mdl.record.cells.back().digest);  // of `small`
  // The model of these tests is unusable: all cells say so, and none hides behind another.
  for (const auto& failure : left_out.cell_failure) {
    ASSERT_TRUE(failure);
    EXPECT_NE(failure->kind, kNeedsFailed);
  }
}

TEST_F(PlanTest, TheChatTemplateIsPartOfACell) {
  const auto cell_of = [&](const std::string& more) {
    job::Job job = job_with("small", more);
    auto tasks = load_tasks(job);
    const Plan plan = make_plan(std::move(job), std::move(tasks), "n",
                                {identify_model(directory_ / "model", {})});
    return std::pair(plan.record.cells[0], prompt_settings(plan, plan.record.cells[0]));
  };
  // Enough of a config for the template to be looked at.
  write("model/config.json", R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "vocab_size": 16, "rms_norm_eps": 1e-5, "max_position_embeddings": 32, "hidden_act": "silu"})");
  write("model/chat_template.jinja",
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");
  const auto [plain, without] = cell_of("");
  const auto [asked, with] = cell_of("apply_chat_template: true\nsystem_instruction: Be kind.\n");
  EXPECT_NE(asked.digest, plain.digest);
  EXPECT_FALSE(without.chat.apply_template);
  EXPECT_TRUE(with.chat.apply_template);
  EXPECT_EQ(with.chat.template_digest.size(), 64u);
  EXPECT_NE(cell_of("apply_chat_template: true\nfewshot_as_multiturn: false\n").first.digest,
            cell_of("apply_chat_template: true\n").first.digest);
  write("model/chat_template.jinja", "{{ messages[0].content }}");
  EXPECT_NE(cell_of("apply_chat_template: true\nsystem_instruction: Be kind.\n").first.digest,
            asked.digest);
}

TEST_F(PlanTest, ACheckpointWithoutAChatTemplateFailsByName) {
  write("model/config.json", R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "vocab_size": 16, "rms_norm_eps": 1e-5, "max_position_embeddings": 32, "hidden_act": "silu"})");
  job::Job job = job_with("small", "apply_chat_template: true\n");
  auto tasks = load_tasks(job);
  // As if weights and tokenizer were there.
  const ModelIdentity identity{sha256("weights"), sha256("tokenizer"), std::nullopt};
  const Plan plan = make_plan(std::move(job), std::move(tasks), "n", {identity});
  ASSERT_TRUE(plan.cell_failure[0]);
  EXPECT_THAT(plan.cell_failure[0]->reason, HasSubstr("has no chat template"));
}

}  // namespace
}  // namespace allometer::sweep
