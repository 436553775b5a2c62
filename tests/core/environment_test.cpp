// What the program knows of itself and its machine, what it logs and how it shows progress.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "core/memory_limit.hpp"
#include "core/progress.hpp"
#include "core/provenance.hpp"

namespace allometer {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// A directory that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "allometer-core-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
  }
  fs::path operator/(const fs::path& file) const { return path_ / file; }

 private:
  fs::path path_;
};

TEST(Provenance, NamesTheBuildAndTheHost) {
  EXPECT_THAT(program_version(), MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(git_revision(), MatchesRegex("unknown|[0-9a-f]{12}\\+?"));
  EXPECT_THAT(utc_now(), MatchesRegex("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"));
  EXPECT_FALSE(host_name().empty());
  EXPECT_FALSE(cpu_model().empty());
}

TEST(Provenance, TakesTheEnvironmentByPrefix) {
  ::setenv("ALLOMETER_TEST_ONE", "a=b", 1);
  ::setenv("ALLOMETER_TEST_TWO", "", 1);
  ::setenv("OTHER_ALLOMETER_TEST_", "no", 1);
  const std::map<std::string, std::string> expected{{"ALLOMETER_TEST_ONE", "a=b"},
                                                    {"ALLOMETER_TEST_TWO", ""}};
  EXPECT_EQ(environment_with_prefix("ALLOMETER_TEST_"), expected);
}

TEST(Provenance, MeasuresThisProcess) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const long long before = resident_bytes();
  EXPECT_GT(before, 1 << 20);
  void* block = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  const auto grown = static_cast<long long>(kBytes) * 9 / 10;
  EXPECT_GE(resident_bytes(), before + grown);
  ::munmap(block, kBytes);
  EXPECT_GE(peak_resident_bytes(), before + grown) << "the peak outlives the block";
  EXPECT_GT(available_memory_bytes(), 0);
  EXPECT_GE(memory_limit_bytes(), available_memory_bytes());
  EXPECT_LE(available_memory_bytes(), kilobyte_field("/proc/meminfo", "MemTotal").value());
}

TEST(KilobyteField, ReadsOneLineOfManyAndNothingElse) {
  const Folder folder;
  folder.write("meminfo", "MemTotal:  2048 kB\nMemAvailable:   7 kB\nBroken:\n");
  EXPECT_EQ(kilobyte_field(folder / "meminfo", "MemAvailable"), 7 * 1024);
  EXPECT_EQ(kilobyte_field(folder / "meminfo", "Mem"), std::nullopt);
  EXPECT_EQ(kilobyte_field(folder / "meminfo", "Broken"), std::nullopt);
  EXPECT_EQ(kilobyte_field(folder / "missing", "MemTotal"), std::nullopt);
}

TEST(CgroupMemory, TakesTheTightestGroupOfVersion2) {
  const Folder folder;
  folder.write("self", "0::/job_7/step_0\n");
  folder.write("fs/job_7/memory.max", "1000\n");
  folder.write("fs/job_7/memory.current", "400\n");
  folder.write("fs/job_7/memory.stat", "anon 300\ninactive_file 50\n");
  folder.write("fs/job_7/step_0/memory.max", "max\n");
  folder.write("fs/job_7/step_0/memory.current", "100\n");
  EXPECT_EQ(cgroup_available_bytes(folder / "self", folder / "fs"), 1000 - (400 - 50));
  folder.write("fs/job_7/step_0/memory.max", "300\n");
  EXPECT_EQ(cgroup_available_bytes(folder / "self", folder / "fs"), 300 - 100);
  EXPECT_EQ(cgroup_limit_bytes(folder / "self", folder / "fs"), 300);
}

TEST(CgroupMemory, ReadsVersion1AmongOtherControllers) {
  const Folder folder;
  folder.write("self", "12:cpuset:/\n4:cpu,memory:/slurm/job_7\n0::/\n");
  folder.write("fs/memory/slurm/job_7/memory.limit_in_bytes", "5000\n");
  folder.write("fs/memory/slurm/job_7/memory.usage_in_bytes", "4000\n");
  folder.write("fs/memory/slurm/job_7/memory.stat", "total_inactive_file 1000\n");
  folder.write("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
  folder.write("fs/memory/memory.usage_in_bytes", "9000\n");
  EXPECT_EQ(cgroup_available_bytes(folder / "self", folder / "fs"), 2000);
  EXPECT_EQ(cgroup_limit_bytes(folder / "self", folder / "fs"), 5000);
}

TEST(CgroupMemory, FindsTheContainersOwnGroupAtTheRootOfTheMount) {
  const Folder folder;
  folder.write("self", "0::/outside/of/the/container\n");
  folder.write("fs/memory.max", "100\n");
  folder.write("fs/memory.current", "140\n");
  EXPECT_EQ(cgroup_available_bytes(folder / "self", folder / "fs"), -40);
}

TEST(CgroupMemory, IsUnlimitedWithoutALimit) {
  const Folder folder;
  EXPECT_EQ(cgroup_available_bytes(folder / "missing", folder / "fs"), std::nullopt);
  folder.write("self", "0::/\nnonsense\n");
  folder.write("fs/memory.max", "max\n");
  folder.write("fs/memory.current", "140\n");
  EXPECT_EQ(cgroup_available_bytes(folder / "self", folder / "fs"), std::nullopt);
  EXPECT_EQ(cgroup_limit_bytes(folder / "self", folder / "fs"), std::nullopt);
}

TEST(Log, WritesWholeLinesWithPrefixAboveTheLevel) {
  log::set_prefix("rank 3 on n2: ");
  ::testing::internal::CaptureStderr();
  log::debug("hidden");
  log::info("one");
  log::warning("two");
  log::set_level(log::Level::error);
  log::warning("hidden too");
  log::error("three");
  log::set_level(log::Level::debug);
  log::debug("four");
  const std::string text = ::testing::internal::GetCapturedStderr();
  log::set_level(log::Level::info);
  log::set_prefix("");
  EXPECT_EQ(text,
            "rank 3 on n2: one\nrank 3 on n2: warning: two\nrank 3 on n2: error: three\n"
            "rank 3 on n2: debug: four\n");
}

TEST(Log, KeepsTheLinesOfThreadsApart) {
  ::testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < 100; ++n) log::info(std::string(50, static_cast<char>('a' + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(::testing::internal::GetCapturedStderr());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(line, std::string(50, line.at(0)));
  }
  EXPECT_EQ(count, 400);
}

class ProgressTest : public ::testing::Test {
 protected:
  Progress::Settings settings(bool terminal, double interval_seconds, double done_at_start = 0) {
    return {terminal, interval_seconds, done_at_start, [this] { return now_; },
            [this](std::string_view text) { shown_.emplace_back(text); }};
  }

  double now_ = 1000;
  std::vector<std::string> shown_;
};

TEST_F(ProgressTest, LogsALineAnInterval) {
  Progress progress("stories", 200, settings(false, 60));
  for (int i = 1; i <= 150; ++i) {
    now_ += 1;
    progress.update(i, "detail " + std::to_string(i));
  }
  EXPECT_THAT(shown_,
              ElementsAre("stories  30% [######..............]  detail 60  0:02:20 left\n",
                          "stories  60% [############........]  detail 120  0:01:20 left\n"));
  progress.finish();
  progress.finish();
  progress.update(200, "late");
  ASSERT_EQ(shown_.size(), 3u);
  EXPECT_EQ(shown_.back(), "stories  75% [###############.....]  detail 150  in 0:02:30\n");
}

TEST_F(ProgressTest, RedrawsInPlaceOnATerminal) {
  Progress progress("stories", 4, settings(true, 0.125));
  now_ += 0.0625;
  progress.update(1, "");
  now_ += 0.0625;
  progress.update(2, "");
  now_ += 7200;
  progress.update(4, "");
  progress.finish();
  EXPECT_THAT(shown_, ElementsAre("\rstories  50% [##########..........]  0:00:00 left\x1b[K",
                                  "\rstories 100% [####################]  0:00:00 left\x1b[K",
                                  "\rstories 100% [####################]  in 2:00:00\x1b[K\n"));
}

TEST_F(ProgressTest, WorkOfAnEarlierRunDoesNotCountAsSpeed) {
  Progress progress("resumed", 100, settings(false, 1, 90));
  now_ += 10;
  progress.update(90, "");
  now_ += 10;
  progress.update(95, "");
  EXPECT_THAT(shown_, ElementsAre("resumed  90% [##################..]\n",
                                  "resumed  95% [###################.]  0:00:20 left\n"));
}

TEST_F(ProgressTest, IsFullWithoutWorkAndNeverBeyond) {
  Progress nothing("nothing", 0, settings(false, 60));
  nothing.finish();
  Progress beyond("beyond", 10, settings(false, 0));
  now_ += 5;
  beyond.update(12, "");
  EXPECT_THAT(shown_, ElementsAre("nothing 100% [####################]  in 0:00:00\n",
                                  "beyond 100% [####################]  0:00:00 left\n"));
}

TEST(FormatDuration, CountsHours) {
  EXPECT_EQ(format_duration(0.4), "0:00:00");
  EXPECT_EQ(format_duration(59.6), "0:01:00");
  EXPECT_EQ(format_duration(100 * 3600 + 61), "100:01:01");
  EXPECT_EQ(format_duration(-3), "0:00:00");
}

}  // namespace
}  // namespace allometer
