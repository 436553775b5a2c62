#include "mpi/session.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace allometer::mpi {
namespace {

// One process may initialise MPI once: every test shares the session, also when started without
// mpirun.
Session& session() {
  static auto* instance = new Session(nullptr, nullptr);
  return *instance;
}

class SessionTest : public ::testing::Test {
 protected:
  static void TearDownTestSuite() { session().finish(); }
};

TEST_F(SessionTest, ASingleProcessIsRankZeroOfOne) {
  EXPECT_EQ(session().rank(), 0);
  EXPECT_EQ(session().size(), 1);
  EXPECT_NE(Session::library_version(), "");
}

TEST_F(SessionTest, MessagesToTheOwnRankArriveInOrderWithTagAndBytes) {
  session().send(0, 7, std::string("a\0b", 3));
  session().send(0, 8, "");
  const auto first = session().receive();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->source, 0);
  EXPECT_EQ(first->tag, 7);
  EXPECT_EQ(first->payload, std::string("a\0b", 3));
  const auto second = session().receive();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->tag, 8);
  EXPECT_EQ(second->payload, "");
  EXPECT_FALSE(session().receive());
  EXPECT_TRUE(session().all_sent());
}

TEST_F(SessionTest, WaitingEndsAtTheTimeout) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(session().receive_within(std::chrono::milliseconds(5)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace allometer::mpi
