/// An instruction set can be chosen once in a process, so every other test of this folder runs
/// again in a child for each lower one.

#include "core/instruction_set.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "ops/linear.hpp"

namespace allometer::ops {
namespace {

constexpr const char* kVariable = "ALLOMETER_TEST_INSTRUCTION_SET";

class ChosenInstructionSet : public ::testing::Environment {
 public:
  void SetUp() override {
    if (const char* name = std::getenv(kVariable))
      limit_instruction_set(parse_instruction_set(name).value());
  }
};
const auto* const kChosen = ::testing::AddGlobalTestEnvironment(new ChosenInstructionSet);

class LowerInstructionSet : public ::testing::TestWithParam<InstructionSet> {};

TEST_P(LowerInstructionSet, PassesTheSameTests) {
  if (std::getenv(kVariable) != nullptr) GTEST_SKIP() << "already a child";
  if (GetParam() >= detect_instruction_set())
    GTEST_SKIP() << "this CPU has nothing above " << name_of(GetParam());
  const std::string command = "OMP_WAIT_POLICY=passive " + std::string(kVariable) + "=" +
                              std::string(name_of(GetParam())) + " /proc/" +
                              std::to_string(getpid()) +
                              "/exe --gtest_brief=1 --gtest_filter=-*LowerInstructionSet*";
  EXPECT_EQ(std::system(command.c_str()), 0);
}
INSTANTIATE_TEST_SUITE_P(Each, LowerInstructionSet,
                         ::testing::Values(InstructionSet::avx2, InstructionSet::avx512),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST(InstructionSetChoice, StandsOnceMade) {
  const InstructionSet active = active_instruction_set();
  EXPECT_NO_THROW(limit_instruction_set(active));
  EXPECT_EQ(active_instruction_set(), active);
  const char* name = std::getenv(kVariable);
  if (name != nullptr) {
    EXPECT_EQ(name_of(active), name);
  }
}

}  // namespace
}  // namespace allometer::ops
