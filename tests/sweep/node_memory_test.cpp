#include "sweep/node_memory.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>

#include "model/load.hpp"
#include "model/random_checkpoint.hpp"

namespace allometer::sweep {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// A job of two models of one shape but for their layers, in both precisions.
class NodeMemoryTest : public ::testing::Test {
 protected:
  NodeMemoryTest() {
    std::filesystem::create_directories(directory_ / "tasks");
    write_model("small", 1, 1);
    write_model("large", 8, 2);
    write("tasks/rows.jsonl", R"({"question": "a", "choices": ["x", "y"], "gold": 0})");
    write("tasks/pick.yaml",
          "task: pick\ndataset_path: rows.jsonl\noutput_type: multiple_choice\n"
          "doc_to_text: \"{{question}}\"\ndoc_to_choice: \"{{choices}}\"\ndoc_to_target: "
          "\"{{gold}}\"\n");
    write("job.yaml",
          "name: j\nmodels: [{path: small, random: true}, {path: large, random: true}]\n"
          "variants: [{precision: f32}, {precision: bf16}]\ntasks: [pick]\n");
    job_ = job::load_job(directory_ / "job.yaml");
  }
  ~NodeMemoryTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
  }
  void write_model(const std::string& name, int layers, std::uint64_t seed) const {
    model::RandomCheckpoint checkpoint;
    checkpoint.config = {{"architectures", {"LlamaForCausalLM"}},
                         {"vocab_size", 512},
                         {"hidden_size", 128},
                         {"intermediate_size", 256},
                         {"num_hidden_layers", layers},
                         {"num_attention_heads", 4},
                         {"tie_word_embeddings", true}};
    checkpoint.seed = seed;
    checkpoint.tokenizer_from = std::string(ALLOMETER_SOURCE_DIR) + "/jobs/random/tokenizer";
    model::write_random_checkpoint(directory_ / name, checkpoint);
  }
  VariantMemory memory(const char* model, Precision precision) const {
    return memory_of(model::Config::load(directory_ / model), precision, job_.chunk_tokens, 1);
  }
  Plan plan() const {
    std::vector<ModelIdentity> identities;
    for (const auto& model : job_.models) identities.push_back(identify_model(model.path, {}));
    job::Job job = job_;
    auto tasks = load_tasks(job);
    return make_plan(std::move(job), std::move(tasks), "test", identities);
  }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("node_memory_test." + std::to_string(::getpid()));
  job::Job job_;
};

TEST_F(NodeMemoryTest, OnlyVariantsThatDoNotFitFail) {
  // Room for the large model in bf16 and one more rank's share, but not for it in F32.
  const VariantMemory half = memory("large", Precision::bf16);
  const auto room = static_cast<std::int64_t>(half.weights + 4 * half.of_rank());
  ASSERT_LT(room, static_cast<std::int64_t>(memory("large", Precision::f32).weights +
                                            3 * half.of_rank()));
  Plan planned = plan();
  fail_cells_beyond_memory(planned, {{"roomy", std::int64_t{1} << 50, 64}, {"n7", room, 3}});
  ASSERT_EQ(planned.record.cells.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& variant =
        planned.record.variants[static_cast<std::size_t>(planned.record.cells[i].variant)];
    const auto& failure = planned.cell_failure[i];
    if (variant.name != "large/f32") {
      EXPECT_FALSE(failure) << variant.name << ": " << failure->reason;
      continue;
    }
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->kind, "memory");
    EXPECT_THAT(failure->reason,
                AllOf(HasSubstr("large/f32 needs"), HasSubstr("for each of 3 ranks"),
                      EndsWith("; use nodes with more memory, or fewer ranks on each, or bf16"),
                      HasSubstr("but n7 has " + human_bytes(static_cast<double>(room)))));
  }
}

TEST_F(NodeMemoryTest, EveryRankAddsItsShare) {
  const VariantMemory half = memory("small", Precision::bf16);
  const std::vector<Node> few = {
      {"n", static_cast<std::int64_t>(half.weights + 3 * half.of_rank()), 3}};
  EXPECT_FALSE(find_too_large(job_, job_.models[0], few));
  const std::vector<Node> many = {{"n", few[0].memory_bytes, 4}};
  EXPECT_TRUE(find_too_large(job_, job_.models[0], many));
}

TEST_F(NodeMemoryTest, TheRemedyIsWhatIsLeft) {
  const auto failure = find_too_large(job_, job_.models[0], {{"n", 1, 1}});
  ASSERT_TRUE(failure);  // of its last variant, bf16
  EXPECT_THAT(failure->reason, AllOf(HasSubstr("small/bf16 needs"), HasSubstr(" for its rank)"),
                                     EndsWith("; use nodes with more memory")));
}

TEST_F(NodeMemoryTest, ACheckpointThatCannotBeReadIsNotTooLarge) {
  write("small/config.json", "{");
  EXPECT_FALSE(find_too_large(job_, job_.models[0], {{"n", 1, 1}}));
}

}  // namespace
}  // namespace allometer::sweep
