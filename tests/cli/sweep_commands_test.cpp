/// tasks, status and the commands of a sweep as far as one process shows them; what a sweep
/// computes is tested in tests/integration.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "io/atomic_file.hpp"
#include "io/gguf_builder.hpp"
#include "results/store.hpp"
#include "sweep/output_lock.hpp"
#include "sweep/state_file.hpp"

namespace allometer::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A task of three questions in a directory of its own.
class Tasks : public testing::Test {
 protected:
  void SetUp() override {
    scratch_.write("colours.jsonl",
                   "{\"id\": \"sky\", \"q\": \"The sky is\", \"choices\": [\"blue\", \"square\"], "
                   "\"gold\": 0}\n"
                   "{\"id\": \"grass\", \"q\": \"Grass is\", \"choices\": [\"loud\", \"green\"], "
                   "\"gold\": 1}\n"
                   "{\"id\": \"snow\", \"q\": \"Snow is\", \"choices\": [\"white\", \"late\"], "
                   "\"gold\": 0}\n");
    scratch_.write(
        "colours.yaml",
        "task: colours\ntag: naming\ndataset_path: colours.jsonl\noutput_type: multiple_choice\n"
        "doc_to_text: \"{{q}}\"\ndoc_to_choice: \"{{choices}}\"\ndoc_to_target: \"{{gold}}\"\n"
        "num_fewshot: 0\nmetadata:\n  description: The usual colour of things.\nmetric_list:\n"
        "  - metric: acc\n");
  }
  Outcome tasks(std::vector<std::string> words) {
    words.insert(words.begin(), {"tasks", "-d", scratch_.path()});
    return run_program(words);
  }
  ScratchDirectory scratch_;
};

TEST_F(Tasks, AreListedWithAbilityTypeAndDescription) {
  const Outcome outcome = tasks({});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::ContainsRegex(
                               "colours +naming +multiple_choice +3  The usual colour of things."));
}

TEST_F(Tasks, WithoutTheirDataAreListedWithTheReason) {
  std::filesystem::remove(scratch_.path() / "colours.jsonl");
  const Outcome outcome = tasks({});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("The usual colour of things."));
  EXPECT_THAT(outcome.err, HasSubstr("task colours cannot be used: "));
  EXPECT_THAT(outcome.err, HasSubstr("colours.jsonl"));
}

TEST_F(Tasks, ShowNamesMetricsAndFile) {
  const Outcome outcome = tasks({"--show", "colours"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("acc (higher is better; chance "));
  EXPECT_THAT(outcome.out, HasSubstr((scratch_.path() / "colours.yaml").string()));
}

TEST_F(Tasks, ShowPrintsTheCardAndWhatGuessingIsWorth) {
  std::ofstream(scratch_.path() / "colours.yaml", std::ios::app)
      << "  # nothing more\ninclude: card.yaml\n";
  std::ofstream(scratch_.path() / "card.yaml")
      << "metadata:\n  card:\n    protocol: Name the colour.\n    source: Of our own.\n";
  const Outcome outcome = tasks({"--show", "colours"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("**Protocol.** Name the colour.\n\n**Source.** Of our own.\n"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("chance 0.*; commonest answer "));
}

TEST_F(Tasks, BatteriesAreListedAndShown) {
  std::ofstream(scratch_.path() / "all.yaml")
      << "group: all_colours\ntask: [{task: colours, shots: [0, 2]}]\n"
      << "metadata: {description: every colour}\n";
  EXPECT_THAT(tasks({}).out, HasSubstr("battery all_colours: every colour (1 entries)\n"));
  EXPECT_THAT(tasks({"--show", "all_colours"}).out, HasSubstr("shots: [0, 2]"));
}

TEST_F(Tasks, CardsOfTheShippedTasksAreTheDocumentation) {
  const std::filesystem::path written = scratch_.path() / "cards";
  const Outcome outcome = run_program({"tasks", "--cards", written.string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::filesystem::path docs = std::filesystem::path(ALLOMETER_SOURCE_DIR) / "docs/abilities";
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(written)) {
    ++files;
    EXPECT_EQ(io::read_text(file.path()), io::read_text(docs / file.path().filename()))
        << "write docs/abilities anew with `allometer tasks --cards docs/abilities`";
  }
  EXPECT_EQ(files,
            static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(docs), {})));
}

TEST_F(Tasks, SampleShowsWhatTheModelSees) {
  const Outcome outcome = tasks({"--sample", "colours", "-n", "2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("question sky, answer: "));
  EXPECT_THAT(outcome.out,
              HasSubstr("[context]\nThe sky is\n[choice 0]\n blue\n[choice 1]\n square\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("Snow")));
  // A demonstration stands in front, with its answer, and is never the question itself.
  const Outcome shots = tasks({"--sample", "colours", "-n", "1", "--shots", "1"});
  EXPECT_THAT(shots.out, testing::AnyOf(HasSubstr("Grass is green"), HasSubstr("Snow is white")));
  EXPECT_THAT(shots.out, HasSubstr("\n\nThe sky is\n[choice 0]"));
}

TEST_F(Tasks, MisspelledNamesGetASuggestion) {
  const Outcome outcome = tasks({"--show", "colors"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("there is no task 'colors'; did you mean colours"));
}

class Status : public testing::Test {
 protected:
  std::string output() const { return scratch_.path() / "results.h5"; }
  sweep::State state(sweep::Outcome outcome) const {
    sweep::State state;
    state.outcome = outcome;
    state.job = "stories";
    state.host = "n1";
    state.pid = 4711;
    state.updated = "2026-01-31T12:00:00Z";
    state.cells_total = 10;
    state.cells_done = 6;
    state.cells_failed = 1;
    state.questions_total = 1000;
    state.questions_done = 650;
    return state;
  }
  Outcome status(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"status", output()};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  ScratchDirectory scratch_;
};

TEST_F(Status, ExitCodeIsTheOutcome) {
  const std::vector<std::pair<sweep::Outcome, int>> codes = {{sweep::Outcome::done, 0},
                                                             {sweep::Outcome::failed_cells, 3},
                                                             {sweep::Outcome::stopped, 4},
                                                             {sweep::Outcome::running, 1}};
  for (const auto& [outcome, code] : codes) {
    sweep::write_state(output(), state(outcome));
    EXPECT_EQ(status({"--exit-code"}).exit_code, code);
    EXPECT_EQ(status().exit_code, 0);
  }
}

TEST_F(Status, CountsCellsAndQuestions) {
  sweep::State stopped = state(sweep::Outcome::stopped);
  stopped.reason = "time limit";
  sweep::write_state(output(), stopped);
  const Outcome outcome = status();
  EXPECT_THAT(outcome.out, HasSubstr("6 done, 1 failed, 3 left of 10"));
  EXPECT_THAT(outcome.out, HasSubstr("650 of 1000 (65.0 %)"));
  EXPECT_THAT(outcome.out, HasSubstr("stopped early; run the same command again to carry on"));
  EXPECT_THAT(outcome.out, HasSubstr("time limit"));
}

TEST_F(Status, TellsARunningSweepFromAKilledOne) {
  sweep::write_state(output(), state(sweep::Outcome::running));
  {
    const sweep::OutputLock lock(output(), "this test");
    EXPECT_THAT(status().out, testing::ContainsRegex("outcome +running\n"));
  }
  const Outcome killed = status();
  EXPECT_THAT(killed.out, HasSubstr("killed: it ended without a word"));
  EXPECT_THAT(killed.out, HasSubstr("the sweep had not begun"));
}

TEST_F(Status, WithoutAStateFileReadsTheJournals) {
  std::filesystem::create_directory(results::journal_directory(output()));
  const Outcome outcome = status({"--exit-code"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("journals"));
}

TEST_F(Status, ADamagedStateFileIsNamed) {
  scratch_.write("results.h5.state", "{\"outcome\": \"do");
  const Outcome outcome = status();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("results.h5.state"));
}

/// A job of one tiny random checkpoint and one task of our own.
class SmallSweep : public testing::Test {
 protected:
  void SetUp() override {
    const std::string tokenizer = std::string(ALLOMETER_SOURCE_DIR) + "/jobs/random/tokenizer";
    const Outcome made =
        run_program({"make-model", scratch_.path() / "model", "--tokenizer", tokenizer});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    std::filesystem::create_directory(scratch_.path() / "tasks");
    scratch_.write(
        "tasks/next.jsonl",
        "{\"a\": \"one two\", \"b\": \"three\"}\n{\"a\": \"red and\", \"b\": \"blue\"}\n");
    scratch_.write(
        "tasks/next.yaml",
        "task: next\ndataset_path: next.jsonl\noutput_type: loglikelihood\ndoc_to_text: \"{{a}}\"\n"
        "doc_to_target: \"{{b}}\"\nmetric_list:\n  - metric: acc\n");
  }
  std::string job(const std::string& tasks) const {
    return scratch_.write("job.yaml",
                          "name: small\nmodels:\n  - path: model\n    random: true\n" + tasks);
  }
  ScratchDirectory scratch_;
};

/// The shape of Llama 3 70B as a sparse file: 280 GB of holes.
bool write_huge_gguf(const std::filesystem::path& path) {
  constexpr std::uint64_t kHidden = 8192;
  constexpr std::uint64_t kKeys = 1024;
  constexpr std::uint64_t kInner = 28672;
  constexpr std::uint64_t kVocabulary = 128256;
  constexpr std::uint32_t kLayers = 80;
  io::GgufBuilder builder;
  builder.text("general.architecture", "llama")
      .uint32("llama.context_length", 8192)
      .uint32("llama.embedding_length", kHidden)
      .uint32("llama.feed_forward_length", kInner)
      .uint32("llama.block_count", kLayers)
      .uint32("llama.attention.head_count", 64)
      .uint32("llama.attention.head_count_kv", 8)
      .float32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  std::uint64_t offset = 0;
  const auto add = [&](const std::string& name, const std::vector<std::uint64_t>& shape) {
    builder.info(name + ".weight", static_cast<std::uint32_t>(io::GgufTensor::f32), shape, offset);
    offset += sizeof(float) * shape.front() * (shape.size() > 1 ? shape.back() : 1);
  };
  add("token_embd", {kVocabulary, kHidden});
  for (std::uint32_t i = 0; i < kLayers; ++i) {
    const std::string layer = "blk." + std::to_string(i) + ".";
    add(layer + "attn_norm", {kHidden});
    add(layer + "attn_q", {kHidden, kHidden});
    add(layer + "attn_k", {kKeys, kHidden});
    add(layer + "attn_v", {kKeys, kHidden});
    add(layer + "attn_output", {kHidden, kHidden});
    add(layer + "ffn_norm", {kHidden});
    add(layer + "ffn_gate", {kInner, kHidden});
    add(layer + "ffn_up", {kInner, kHidden});
    add(layer + "ffn_down", {kHidden, kInner});
  }
  add("output_norm", {kHidden});
  add("output", {kVocabulary, kHidden});
  std::ofstream(path, std::ios::binary) << builder.bytes();
  std::error_code error;
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + 64 + offset, error);
  return !error;
}

TEST_F(SmallSweep, AModelBeyondMemoryFailsBeforeAnyWorkAndLeavesTheOthersAlone) {
  if (!write_huge_gguf(scratch_.path() / "huge.gguf"))
    GTEST_SKIP() << "no sparse file of 280 GB can be made here";
  const std::string file = scratch_.write(
      "job.yaml",
      "name: small\nmodels:\n  - path: model\n    random: true\n  - path: huge.gguf\n"
      "tasks: [next]\n");
  const auto figures = testing::ContainsRegex(
      "huge/f32 needs 25[0-9]\\.[0-9] GiB on a node .*, but .* has 64\\.0 GiB; use nodes with "
      "more");
  const Outcome planned = run_program({"plan", file, "--node-memory", "64GiB"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("1 cells will fail: huge/f32"));
  EXPECT_THAT(planned.out, figures);
  EXPECT_THAT(planned.out, Not(HasSubstr("--retry-failed")));
  const std::string output = scratch_.path() / "out.h5";
  const Outcome run = run_program({"run", file, "-o", output, "--node-memory", "64GiB"});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_THAT(run.err, figures);
  EXPECT_THAT(run_program({"status", output}).out, HasSubstr("1 done, 1 failed, 0 left of 2"));
  // The small one needs more than 1 MiB too.
  const Outcome none = run_program({"plan", file, "--node-memory", "1MiB"});
  EXPECT_THAT(none.out, HasSubstr("cells will fail: model/f32 needs"));
  EXPECT_THAT(run_program({"plan", file, "--node-memory", "much"}).err,
              HasSubstr("--node-memory is 'much', but must be a size"));
}

TEST_F(SmallSweep, ARerunOnSmallerNodesKeepsWhatIsFinished) {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  const std::filesystem::path cache = scratch_.path() / "cache";
  setenv("XDG_CACHE_HOME", cache.c_str(), 1);
  for (const auto& entry : std::filesystem::directory_iterator(scratch_.path() / "model")) {
    std::filesystem::last_write_time(
        entry, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  }
  const std::string output = scratch_.path() / "out.h5";
  const std::string file = job("tasks: [next]\n");
  const auto run = [&](const char* memory) {
    return run_program({"run", file, "-o", output, "--node-memory", memory});
  };
  // What was beyond memory is tried anew on larger nodes.
  EXPECT_EQ(run("1MiB").exit_code, 3);
  EXPECT_EQ(run("64GiB").exit_code, 0);
  const auto expect_kept = [&] {
    const Outcome rerun = run("1MiB");
    EXPECT_EQ(rerun.exit_code, 0) << rerun.err;
    EXPECT_THAT(rerun.err, HasSubstr("1 finished before (2 questions kept); 0 finished cells"));
    EXPECT_THAT(run_program({"status", output}).out, HasSubstr("1 done, 0 failed, 0 left of 1"));
  };
  expect_kept();  // by the digest in the cache
  std::filesystem::remove_all(cache);
  expect_kept();  // by that of the former plan
  // A checkpoint that was written since is another one.
  scratch_.write("model/config.json", read_file(scratch_.path() / "model/config.json"));
  EXPECT_EQ(run("1MiB").exit_code, 3);
  unsetenv("XDG_CACHE_HOME");
}

/// The tables once more, as text and as JSON, and of a task that is not there.
void expect_analyses_of(const std::string& output) {
  const Outcome analyzed = run_program({"analyze", output, "--draws", "100"});
  EXPECT_EQ(analyzed.exit_code, 0) << analyzed.err;
  EXPECT_THAT(analyzed.out, HasSubstr("next"));
  const Outcome json =
      run_program({"analyze", output, "--json", "--size", "total", "--task", "n*"});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  const auto all = nlohmann::json::parse(json.out);
  EXPECT_EQ(all.at("settings").at("size"), "total");
  EXPECT_EQ(all.at("estimates").at(0).at("task"), "next");
  EXPECT_FALSE(all.at("analysis_size").empty());
  const Outcome unknown = run_program({"analyze", output, "--task", "nxt"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("task 'nxt' is not in the results file, which has next"));
}

TEST_F(SmallSweep, RunsCollectsAndReportsItsStatus) {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  const std::string output = scratch_.path() / "out.h5";
  const std::string file = job("tasks: [next]\n");
  const Outcome planned = run_program({"plan", file});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_FALSE(std::filesystem::exists(output));
  const Outcome run = run_program({"run", file, "-o", output});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(std::filesystem::exists(output));
  const Outcome status = run_program({"status", "--exit-code", output});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_THAT(status.out, HasSubstr("1 done, 0 failed, 0 left of 1"));
  std::filesystem::remove(output);
  const Outcome collected = run_program({"collect", output});
  EXPECT_EQ(collected.exit_code, 0) << collected.err;
  EXPECT_TRUE(std::filesystem::exists(output));
  expect_analyses_of(output);
}

TEST_F(SmallSweep, AsksThroughTheChatTemplateOfTheCheckpoint) {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  const std::string output = scratch_.path() / "out.h5";
  const std::string file = job("tasks: [next]\napply_chat_template: true\n");
  // Without a template the only cell fails, and says why.
  const Outcome without = run_program({"run", file, "-o", output});
  EXPECT_EQ(without.exit_code, 3) << without.err;
  EXPECT_THAT(without.out + without.err, HasSubstr("has no chat template"));
  scratch_.write("model/chat_template.jinja",
                 "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
                 "{% if add_generation_prompt %}assistant:{% endif %}");
  const Outcome run = run_program({"run", file, "-o", output, "--retry-failed"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run_program({"status", output}).out, HasSubstr("1 done, 0 failed, 0 left of 1"));
}

TEST_F(SmallSweep, MistakesInTheJobFileAreNamedByLine) {
  const std::string file = job("taks: [next]\n");
  const Outcome outcome = run_program({"run", file, "-o", scratch_.path() / "out.h5"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("job.yaml:5: "));
  EXPECT_THAT(outcome.err, HasSubstr("tasks"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "out.h5.journal"));
}

}  // namespace
}  // namespace allometer::cli
