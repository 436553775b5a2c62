#include "model/packed_file.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "model/load.hpp"
#include "model/random_model.hpp"
#include "model/run_model.hpp"
#include "model/temporary_directory.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;

int count_files(const fs::path& directory) {
  return static_cast<int>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

/// Runs f in a child process and returns its wait status. The child must not use OpenMP: fork keeps
/// one thread.
template <class F>
int in_child(F&& f) {
  const pid_t child = fork();
  if (child == 0) {
    f();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

const auto fill_with_7 = [](std::byte* memory) { std::memset(memory, 7, 5000); };
const auto never = [](std::byte*) { FAIL() << "packed a second time"; };

TEST(PackedFile, IsFilledOnceAndAttachedByOthers) {
  const TemporaryDirectory directory;
  const PackedFile first = PackedFile::open(directory.path(), "m", 5000, fill_with_7);
  const PackedFile second = PackedFile::open(directory.path(), "m", 5000, never);
  EXPECT_NE(first.data(), second.data());
  EXPECT_EQ(second.data()[4999], std::byte{7});
  EXPECT_EQ(count_files(directory.path()), 1);
  const int status = in_child([&] {
    const PackedFile third =
        PackedFile::open(directory.path(), "m", 5000, [](std::byte*) { _exit(3); });
    _exit(third.data()[17] == std::byte{7} ? 0 : 4);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(PackedFile, OnlyOneOfManyProcessesPacks) {
  const TemporaryDirectory directory;
  const TemporaryDirectory attached;
  const fs::path log = directory.path() / "log";
  for (int i = 0; i < 6; ++i) {
    if (fork() != 0) continue;
    const PackedFile file = PackedFile::open(directory.path(), "m", 5000, [&](std::byte* memory) {
      std::ofstream(log, std::ios::app) << "packed\n";
      usleep(20'000);
      fill_with_7(memory);
    });
    // Everyone holds the file until all have it: a process that waits for another to let go would
    // wait for ever.
    std::ofstream(attached.path() / std::to_string(i)) << "attached\n";
    for (int wait = 0; count_files(attached.path()) < 6; ++wait) {
      if (wait > 5000) _exit(2);
      usleep(1000);
    }
    _exit(file.data()[4999] == std::byte{7} ? 0 : 1);
  }
  for (int i = 0; i < 6; ++i) {
    int status = 0;
    wait(&status);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(fs::file_size(log), 7U);
}

TEST(PackedFile, IsPackedAnewAfterAKillInTheMiddle) {
  const TemporaryDirectory directory;
  const int status = in_child([&] {
    PackedFile::open(directory.path(), "m", 5000, [](std::byte* memory) {
      std::memset(memory, 9, 2500);
      raise(SIGKILL);
    });
  });
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(count_files(directory.path()), 1);  // the part file
  const PackedFile file = PackedFile::open(directory.path(), "m", 5000, fill_with_7);
  EXPECT_EQ(file.data()[0], std::byte{7});
  EXPECT_EQ(file.data()[4999], std::byte{7});
  EXPECT_EQ(count_files(directory.path()), 1);
}

TEST(PackedFile, StaleFilesGoAndUsedOnesStay) {
  const TemporaryDirectory directory;
  { const PackedFile gone = PackedFile::open(directory.path(), "old", 5000, fill_with_7); }
  in_child([&] {
    PackedFile::open(directory.path(), "dead", 5000, [](std::byte*) { raise(SIGKILL); });
  });
  const PackedFile used = PackedFile::open(directory.path(), "used", 5000, fill_with_7);
  std::ofstream(directory.path() / "somebody-else.packed") << "x";
  EXPECT_EQ(count_files(directory.path()), 4);
  in_child([&] { remove_stale_packed_weights(directory.path()); });
  EXPECT_EQ(count_files(directory.path()), 2);
  EXPECT_TRUE(fs::exists(directory.path() / "allometer-used.packed"));
  remove_stale_packed_weights(directory.path() / "nowhere");  // nothing to do
}

TEST(PackedFile, AFailureToFillLeavesNothing) {
  const TemporaryDirectory directory;
  EXPECT_THROW(
      PackedFile::open(directory.path(), "m", 5000, [](std::byte*) { throw FormatError("bad"); }),
      FormatError);
  EXPECT_EQ(count_files(directory.path()), 0);
}

TEST(PackedFile, TooLittleRoomIsAnErrorWithTheFigures) {
  const TemporaryDirectory directory;
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      PackedFile::open(directory.path(), "m", 64 << 20, fill_with_7);
    } catch (const IoError& e) {
      _exit(std::strstr(e.what(), "64 MB are needed") != nullptr ? 0 : 2);
    }
    _exit(3);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_THROW(PackedFile::open({}, "m", std::size_t{1} << 50, fill_with_7), IoError);
  EXPECT_THROW(PackedFile::open(directory.path() / "nowhere", "m", 100, fill_with_7), IoError);
}

TEST(PackedFile, AModelFromSharedWeightsIsTheModel) {
  const TemporaryDirectory checkpoint;
  const TemporaryDirectory shared;
  write_random_checkpoint(checkpoint.path(), small_checkpoint());
  LoadOptions options;
  const auto alone = load_model(checkpoint.path(), options);
  options.shared_directory = shared.path();
  options.digest = checkpoint_digest(checkpoint.path(), {});
  const auto packed = load_model(checkpoint.path(), options);
  const auto attached = load_model(checkpoint.path(), options);
  EXPECT_EQ(count_files(shared.path()), 1);
  EXPECT_EQ(fs::file_size(fs::directory_iterator(shared.path())->path()),
            packed_bytes(alone->config(), Precision::f32));
  const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5, 9, 2, 6};
  const std::vector<float> expected = hidden_of(*alone, ids, whole_sequence());
  EXPECT_EQ(count_different_bits(hidden_of(*packed, ids, whole_sequence()), expected), 0U);
  EXPECT_EQ(count_different_bits(hidden_of(*attached, ids, whole_sequence()), expected), 0U);
  options.precision = Precision::bf16;
  load_model(checkpoint.path(), options);
  EXPECT_EQ(count_files(shared.path()), 2);  // another precision, another file
}

constexpr const char* kDirectory = "ALLOMETER_TEST_DIRECTORY";

void load_shared(const fs::path& directory) {
  LoadOptions options;
  options.shared_directory = directory / "shared";
  options.digest = checkpoint_digest(directory / "checkpoint", {});
  const auto model = load_model(directory / "checkpoint", options);
}

/// Run by the test below in a process of its own, which the fault point kills.
TEST(PackedFile, DISABLED_LoadInADirectory) {
  load_shared(std::getenv(kDirectory));
}

TEST(PackedFile, AModelLoadsAfterAnotherProcessWasKilledWhilePackingIt) {
  const TemporaryDirectory directory;
  write_random_checkpoint(directory.path() / "checkpoint", small_checkpoint());
  fs::create_directory(directory.path() / "shared");
  const std::string command = "ALLOMETER_TEST_KILL=packing:3 " + std::string(kDirectory) + "=" +
                              directory.path().string() + " /proc/" + std::to_string(getpid()) +
                              "/exe --gtest_also_run_disabled_tests "
                              "--gtest_filter=*DISABLED_LoadInADirectory > /dev/null 2>&1";
  const int status = std::system(command.c_str());
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL) << status;
  ASSERT_EQ(count_files(directory.path() / "shared"), 1);
  EXPECT_EQ(fs::directory_iterator(directory.path() / "shared")->path().extension(), ".part");
  load_shared(directory.path());
  ASSERT_EQ(count_files(directory.path() / "shared"), 1);
  EXPECT_EQ(fs::directory_iterator(directory.path() / "shared")->path().extension(), ".packed");
}

TEST(PackedFile, AModelThatIsInMemoryIsNotPackedAgainElsewhere) {
  if (access(memory_directory().c_str(), W_OK) != 0) GTEST_SKIP() << "no " << memory_directory();
  const TemporaryDirectory checkpoint;
  const TemporaryDirectory elsewhere;
  write_random_checkpoint(checkpoint.path(), small_checkpoint());
  LoadOptions options;
  options.digest = sha256(checkpoint.path().string());  // of this test alone
  options.shared_directory = memory_directory();
  {
    const auto first = load_model(checkpoint.path(), options);
    options.shared_directory = elsewhere.path();
    const auto second = load_model(checkpoint.path(), options);
    EXPECT_EQ(count_files(elsewhere.path()), 0);
  }
  for (const auto& entry : fs::directory_iterator(memory_directory())) {
    if (entry.path().filename().string().starts_with("allometer-" + options.digest.short_hex()))
      fs::remove(entry);
  }
}

TEST(SharedDirectory, FallsBackWhereDevShmIsTooSmall) {
  setenv("TMPDIR", "/var/tmp", 1);
  EXPECT_EQ(choose_shared_directory(std::size_t{1} << 60), "/var/tmp");
  unsetenv("TMPDIR");
  EXPECT_EQ(choose_shared_directory(std::size_t{1} << 60), "/tmp");
}

}  // namespace
}  // namespace allometer::model
