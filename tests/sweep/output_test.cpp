#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "sweep/messages.hpp"
#include "sweep/output_lock.hpp"
#include "sweep/state_file.hpp"

namespace allometer::sweep {
namespace {

using ::testing::HasSubstr;

class OutputTest : public ::testing::Test {
 protected:
  OutputTest() { std::filesystem::create_directories(directory_); }
  ~OutputTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("output_test." + std::to_string(::getpid()));
  std::filesystem::path output_ = directory_ / "out.h5";
};

TEST_F(OutputTest, TheSecondJobIsRefusedAndToldWhoTheFirstIs) {
  EXPECT_FALSE(OutputLock::is_held(output_));
  const OutputLock first(output_, "job 'a', process 1 on n1");
  EXPECT_TRUE(OutputLock::is_held(output_));
  try {
    const OutputLock second(output_, "job 'b'");
    FAIL() << "two jobs on one output";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is being written by job 'a', process 1 on n1"));
  }
}

TEST_F(OutputTest, ADeadJobHoldsNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    const OutputLock lock(output_, "a job that dies");
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(OutputLock::is_held(output_));
  const OutputLock next(output_, "the next");
}

TEST_F(OutputTest, AnOutputNobodyCanWriteIsNamed) {
  EXPECT_THROW(OutputLock("/proc/nowhere/out.h5", "x"), IoError);
}

TEST_F(OutputTest, TheStateComesBackAsWritten) {
  EXPECT_FALSE(read_state(output_));
  State state;
  state.outcome = Outcome::stopped;
  state.reason = "SIGUSR1";
  state.cells_total = 7;
  state.questions_done = 1'000'000'000'000;
  write_state(output_, state);
  const auto found = read_state(output_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->outcome, Outcome::stopped);
  EXPECT_EQ(found->reason, "SIGUSR1");
  EXPECT_EQ(found->cells_total, 7);
  EXPECT_EQ(found->questions_done, 1'000'000'000'000);
}

TEST_F(OutputTest, ADamagedStateIsNamed) {
  std::ofstream(output_.string() + ".state") << "{\"outcome\": ";
  EXPECT_THROW(read_state(output_), FormatError);
}

TEST(ExitCodes, AreThoseOfTheManual) {
  EXPECT_EQ(exit_code_of(Outcome::done), 0);
  EXPECT_EQ(exit_code_of(Outcome::failed_cells), 3);
  EXPECT_EQ(exit_code_of(Outcome::stopped), 4);
  EXPECT_EQ(exit_code_of(Outcome::running), 1);
}

TEST(Messages, ComeBackAsSent) {
  Assignment assignment{
      {9, 2, 10, 20, 3}, "digest", "name", 4, 5, {2, tasks::Sampler::lm_eval, 1ULL << 63}};
  const auto found = decode<Assignment>(encode(assignment));
  EXPECT_EQ(found.lease.id, 9);
  EXPECT_EQ(found.lease.end, 20);
  EXPECT_EQ(found.lease.attempt, 3);
  EXPECT_EQ(found.settings.sampler, tasks::Sampler::lm_eval);
  EXPECT_EQ(found.settings.seed, 1ULL << 63);
  const ResultMessage result{7, false, std::string("\0\n\xff binary", 10), 1.5};
  const auto back = decode<ResultMessage>(encode(result));
  EXPECT_EQ(back.payload, result.payload);
  EXPECT_EQ(back.wall_seconds, 1.5);
}

TEST(Messages, DamageIsAFormatErrorNotACrash) {
  EXPECT_THROW(decode<Assignment>("{"), FormatError);
  EXPECT_THROW(decode<Assignment>("[]"), FormatError);
  EXPECT_THROW(decode<ResultMessage>("no line"), FormatError);
  EXPECT_THROW(decode<ResultMessage>("{}\n"), FormatError);
}

}  // namespace
}  // namespace allometer::sweep
