#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "results/sample_sweep.hpp"
#include "results/store.hpp"

namespace allometer::results {
namespace {

using ::testing::ElementsAre;

class JournalIndexTest : public ::testing::Test {
 protected:
  /// A new journal; later names are read later.
  io::JournalWriter journal() {
    return io::JournalWriter(directory_.path() / fmt::format("{:05d}.journal", number_++));
  }
  JournalIndex read() const { return JournalIndex::read(directory_.path()); }
  CellState state(int cell) const {
    const JournalIndex index = read();
    const auto found = index.cells().find(plan_.cells[static_cast<std::size_t>(cell)].digest);
    return found == index.cells().end() ? CellState{} : found->second;
  }
  LeaseRecord lease(int cell, int begin, int end, int attempt, const char* host) const {
    return {plan_.cells[static_cast<std::size_t>(cell)].digest, begin, end, attempt, 0, host};
  }

  sample::Directory directory_;
  PlanRecord plan_ = sample::make_plan();

 private:
  int number_ = 0;
};

TEST(JournalIndex, ADirectoryThatIsNotThereIsEmpty) {
  const JournalIndex index = JournalIndex::read("/nowhere/at/all");
  EXPECT_FALSE(index.plan());
  EXPECT_TRUE(index.cells().empty());
}

TEST_F(JournalIndexTest, ReadsASweepOfTwoStarts) {
  sample::write_journals(directory_.path());
  const JournalIndex index = read();
  EXPECT_EQ(index.starts().size(), 2u);
  EXPECT_EQ(index.finishes().size(), 1u);
  EXPECT_EQ(index.machines().size(), 2u);
  EXPECT_EQ(index.plan()->cells.size(), 6u);
  EXPECT_EQ(index.damaged_bytes(), 0);
  EXPECT_EQ(state(0).questions_done(), 7);
  EXPECT_EQ(state(3).failure->reason, "tensor 'x' is missing");
  const auto former = index.former_cells();
  ASSERT_EQ(former.size(), 1u);
  EXPECT_EQ(former[0].cell.digest, sha256("a cell that the job lost"));
  EXPECT_FALSE(former[0].cell.in_job);
  EXPECT_EQ(former[0].plan->variants[2].name, "stories-260k/f32");
}

TEST_F(JournalIndexTest, LoadsWhatWasWritten) {
  const ShardResult shard = sample::make_shard(plan_, 0, 2, 6);
  auto writer = journal();
  sample::append(writer, RecordType::shard, shard.encode());
  const JournalIndex index = read();
  const ShardResult back = index.load(state(0).shards.at(0));
  EXPECT_EQ(back.records, shard.records);
  EXPECT_EQ(back.cost.wall_seconds, shard.cost.wall_seconds);
}

TEST_F(JournalIndexTest, EveryQuestionIsTakenOnceFromWhoeverHadItFirst) {
  const auto shard = [&](int begin, int end, std::int64_t tokens) {
    ShardResult result = sample::make_shard(plan_, 0, begin, end);
    result.cost.tokens_computed = tokens;
    for (QuestionRecord& record : result.records) {
      record.context_tokens = static_cast<std::int32_t>(tokens);
    }
    return result.encode();
  };
  auto writer = journal();
  sample::append(writer, RecordType::shard, shard(2, 4, 10));
  sample::append(writer, RecordType::shard, shard(2, 4, 20));  // a duplicate
  sample::append(writer, RecordType::shard, shard(0, 7, 30));  // around it
  sample::append(writer, RecordType::shard, shard(3, 6, 40));  // nothing new
  const JournalIndex index = read();
  const auto shards = state(0).shards;
  ASSERT_EQ(shards.size(), 3u);
  std::vector<std::int32_t> questions, sources;
  std::int64_t tokens = 0;
  for (const ShardLocation& location : shards) {
    const ShardResult part = index.load(location);
    tokens += part.cost.tokens_computed;
    for (const QuestionRecord& record : part.records) {
      questions.push_back(record.question);
      sources.push_back(record.context_tokens);
    }
  }
  EXPECT_THAT(questions, ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(sources, ElementsAre(30, 30, 10, 10, 30, 30, 30));
  EXPECT_EQ(tokens, 40) << "a shard in two pieces costs once, an unused one nothing";
}

TEST_F(JournalIndexTest, CountsTheAttemptsOfOpenLeases) {
  {
    auto first = journal();
    sample::append(first, RecordType::lease, lease(0, 0, 4, 1, "n1").encode());
    sample::append(first, RecordType::lease, lease(0, 4, 7, 1, "n1").encode());
    sample::append(first, RecordType::lease, lease(1, 0, 5, 1, "n2").encode());
    sample::append(first, RecordType::shard, sample::make_shard(plan_, 0, 4, 7).encode());
  }
  auto second = journal();
  sample::append(second, RecordType::lease, lease(0, 0, 4, 2, "n2").encode());
  sample::append(second, RecordType::release, lease(1, 0, 5, 1, "n2").encode());
  const auto open = state(0).open_leases;
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].begin, 0);
  EXPECT_EQ(open[0].end, 4);
  EXPECT_EQ(open[0].attempts, 2);
  EXPECT_THAT(open[0].hosts, ElementsAre("n1", "n2"));
  EXPECT_TRUE(state(1).open_leases.empty());
}

TEST_F(JournalIndexTest, AFailureStaysUntilEveryQuestionHasAResult) {
  const auto failure = FailureRecord{plan_.cells[0].digest, "io", "why", "n1", 0}.encode();
  auto writer = journal();
  sample::append(writer, RecordType::plan, plan_.encode());
  sample::append(writer, RecordType::failure, failure);
  sample::append(writer, RecordType::shard, sample::make_shard(plan_, 0, 0, 6).encode());
  EXPECT_TRUE(state(0).failure);
  sample::append(writer, RecordType::shard, sample::make_shard(plan_, 0, 6, 7).encode());
  EXPECT_FALSE(state(0).failure);
}

TEST_F(JournalIndexTest, DamageCostsOnlyTheDamagedRecord) {
  {
    auto writer = journal();
    sample::append(writer, RecordType::plan, plan_.encode());
    sample::append(writer, RecordType::shard, sample::make_shard(plan_, 0, 0, 3).encode());
    sample::append(writer, RecordType::shard, sample::make_shard(plan_, 0, 3, 7).encode());
  }
  const JournalIndex intact = read();
  const ShardLocation& damaged = intact.cells().at(plan_.cells[0].digest).shards[0];
  {
    std::fstream file(directory_.path() / "00000.journal",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(damaged.offset + 5);
    file.put('\x55');
  }
  const JournalIndex index = read();
  EXPECT_EQ(index.damaged_bytes(), damaged.num_bytes + 16);
  ASSERT_EQ(state(0).shards.size(), 1u);
  EXPECT_EQ(state(0).shards[0].begin, 3);
}

TEST_F(JournalIndexTest, RecordsOfALaterVersionAreSkippedAndSaid) {
  auto writer = journal();
  sample::append(writer, RecordType::plan, plan_.encode());
  writer.append(4711, "from the future");
  sample::append(writer, RecordType::start, sample::make_start(0).encode());
  const JournalIndex index = read();
  EXPECT_TRUE(index.plan());
  EXPECT_EQ(index.starts().size(), 1u);
  EXPECT_EQ(index.damaged_bytes(), 15);
}

}  // namespace
}  // namespace allometer::results
