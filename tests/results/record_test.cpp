#include "results/record.hpp"

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "results/job_record.hpp"
#include "results/sample_sweep.hpp"

namespace allometer::results {
namespace {

using ::testing::HasSubstr;

TEST(ShardResult, ComesBackToTheLastBit) {
  const PlanRecord plan = sample::make_plan();
  for (int cell = 0; cell < 6; ++cell) {
    ShardResult shard = sample::make_shard(plan, cell, 1, 4);
    shard.records[1].metric_value[0] = sample::kNaN;
    shard.records[2].log_likelihood[0] = -0.0;
    const ShardResult back = ShardResult::decode(shard.encode());
    EXPECT_EQ(back.records, shard.records);
    EXPECT_EQ(back.cell, shard.cell);
    EXPECT_EQ(back.begin, 1);
    EXPECT_EQ(back.end, 4);
    EXPECT_EQ(back.host, shard.host);
    EXPECT_EQ(back.cost.energy_joules, shard.cost.energy_joules);
    EXPECT_EQ(back.cost.tokens_requested, shard.cost.tokens_requested);
    EXPECT_EQ(ShardResult::decode_header(shard.encode()).cost.flops, shard.cost.flops);
  }
}

TEST(ShardResult, AnArtifactComesBackFromTheHeaderToo) {
  ShardResult shard = sample::make_shard(sample::make_plan(), 2, 0, 2);
  const std::string without = shard.encode();
  shard.artifact = "the second prompt";
  const std::string bytes = shard.encode();
  EXPECT_EQ(ShardResult::decode(bytes).artifact, shard.artifact);
  EXPECT_EQ(ShardResult::decode(bytes).records, shard.records);
  EXPECT_EQ(ShardResult::decode_header(bytes).artifact, shard.artifact);
  EXPECT_EQ(ShardResult::decode(without).artifact, "");
  // Journals of programs that knew no artifacts.
  EXPECT_EQ(without[0], 1);
  EXPECT_EQ(bytes[0], 2);
}

TEST(ShardResult, EqualityIsOfBits) {
  QuestionRecord a = sample::make_record(sample::make_plan().tasks[0], 0, 1);
  QuestionRecord b = a;
  a.log_likelihood[0] = b.log_likelihood[0] = sample::kNaN;
  EXPECT_EQ(a, b);
  a.log_likelihood[0] = 0.0;
  b.log_likelihood[0] = -0.0;
  EXPECT_FALSE(a == b);
}

TEST(ShardResult, EveryCutIsRefused) {
  const std::string bytes = sample::make_shard(sample::make_plan(), 2, 0, 2).encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(ShardResult::decode(std::string_view(bytes).substr(0, length)), FormatError);
  }
  EXPECT_THROW(ShardResult::decode(bytes + '\0'), FormatError);
}

TEST(ShardResult, AFlippedByteIsRefusedOrReadAsAnotherRecord) {
  const std::string bytes = sample::make_shard(sample::make_plan(), 2, 0, 2).encode();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(~damaged[i]);
    try {
      EXPECT_EQ(ShardResult::decode(damaged).encode(), damaged) << "byte " << i;
    } catch (const FormatError&) {
    }
  }
}

TEST(ShardResult, NamesAnotherLayout) {
  std::string bytes = sample::make_shard(sample::make_plan(), 0, 0, 1).encode();
  bytes[0] = 9;
  try {
    ShardResult::decode(bytes);
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr("layout 9"));
  }
}

TEST(Cost, EnergyIsKnownOnlyIfAllPartsAre) {
  Cost measured;
  measured.wall_seconds = 1;
  measured.energy_joules = 2;
  Cost unmeasured;
  unmeasured.wall_seconds = 1;
  Cost total;
  total += measured;
  total += measured;
  EXPECT_EQ(total.energy_joules, 4.0);
  total += Cost{};
  EXPECT_EQ(total.energy_joules, 4.0);
  total += unmeasured;
  EXPECT_EQ(total.energy_joules, std::nullopt);
  total += measured;
  EXPECT_EQ(total.energy_joules, std::nullopt);
  EXPECT_EQ(total.wall_seconds, 4);
}

TEST(PlanRecord, ComesBackWhole) {
  PlanRecord plan = sample::make_plan();
  const std::string text = plan.encode();
  const PlanRecord back = PlanRecord::decode(text);
  EXPECT_EQ(back.encode(), text);
  EXPECT_EQ(back.cells[1].seed, 0xFFFFFFFFFFFFFFFFULL);
  EXPECT_TRUE(std::isnan(back.tasks[1].metrics[0].chance));
  EXPECT_EQ(back.models[0].levers, plan.models[0].levers);
  EXPECT_EQ(back.tasks[0].question_texts, plan.tasks[0].question_texts);
}

TEST(PlanRecord, WhatNobodyStatedComesBackAsUnknown) {
  PlanRecord plan = sample::make_plan();
  plan.models[0].training_tokens = 3e11;
  plan.tasks[0].metrics[0].best = 1;
  const PlanRecord back = PlanRecord::decode(plan.encode());
  EXPECT_EQ(back.models[0].training_tokens, 3e11);
  EXPECT_TRUE(std::isnan(back.models[0].training_flops));
  EXPECT_TRUE(std::isnan(back.models[1].training_tokens));
  EXPECT_EQ(back.tasks[0].metrics[0].best, 1);
  EXPECT_TRUE(std::isnan(back.tasks[0].metrics[1].best));
}

TEST(PlanRecord, BytesThatAreNotUtf8DoNotStopIt) {
  PlanRecord plan = sample::make_plan();
  plan.models[0].path = "/data/\xFF";
  EXPECT_EQ(PlanRecord::decode(plan.encode()).models[0].path, "/data/\xEF\xBF\xBD");
}

TEST(PlanRecord, RefusesIndicesOutOfRange) {
  PlanRecord plan = sample::make_plan();
  plan.cells[0].task = 17;
  try {
    PlanRecord::decode(plan.encode());
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'task' is 17, but there are 3"));
  }
}

TEST(JobRecords, ComeBackWhole) {
  const StartRecord start = sample::make_start(3);
  EXPECT_EQ(StartRecord::decode(start.encode()).encode(), start.encode());
  EXPECT_EQ(StartRecord::decode(start.encode()).slurm, start.slurm);
  const LeaseRecord lease{sha256("x"), 3, 9, 2, 5, "n1"};
  EXPECT_EQ(LeaseRecord::decode(lease.encode()).encode(), lease.encode());
  const FailureRecord failure{sha256("x"), "io", "a \"reason\"\n", "n1", 5};
  EXPECT_EQ(FailureRecord::decode(failure.encode()).reason, failure.reason);
  const MachineRecord machine{"n1", 2, 4, {{"f32", 1.25e11}}, "unmeasured: why"};
  EXPECT_EQ(MachineRecord::decode(machine.encode()).flops_per_second, machine.flops_per_second);
  const PublishedRecord published{sha256("x"), {{"acc", 0.5, 0.01, 100}, {"perplexity", 7.5}}};
  const PublishedRecord back = PublishedRecord::decode(published.encode());
  EXPECT_EQ(back.encode(), published.encode());
  EXPECT_TRUE(std::isnan(back.values[1].standard_error));
  EXPECT_EQ(back.values[1].num_questions, 0);
  const FinishRecord finish{3, "2026-01-01T00:00:00Z", "done", 12.5, 0.1};
  EXPECT_EQ(FinishRecord::decode(finish.encode()).coordination_cpu_seconds, 0.1);
}

TEST(JobRecords, SayWhatIsWrong) {
  const auto message = [](const char* text) -> std::string {
    try {
      LeaseRecord::decode(text);
    } catch (const FormatError& error) {
      return error.what();
    }
    return "read";
  };
  EXPECT_THAT(message("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(message("{}"), HasSubstr("'cell' is missing"));
  EXPECT_THAT(message(R"({"cell": "12"})"), HasSubstr("64 digits"));
  const std::string cell = "{\"cell\": \"" + sha256("x").hex() + "\", ";
  EXPECT_THAT(message((cell + R"("begin": 3000000000})").c_str()), HasSubstr("'begin'"));
  EXPECT_THAT(message((cell + R"("begin": 5, "end": 4})").c_str()), HasSubstr("no range"));
  EXPECT_THAT(message(std::string(100000, '[').c_str()), HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace allometer::results
