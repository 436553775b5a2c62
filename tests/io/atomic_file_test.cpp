#include "io/atomic_file.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "io/mapped_file.hpp"
#include "io/temporary_directory.hpp"

namespace allometer::io {
namespace {

using ::testing::HasSubstr;

std::size_t num_files(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(AtomicFile, ReplacesTheWholeFile) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a", "old");
  replace_file(path, "new");
  EXPECT_EQ(read_text(path), "new");
  replace_file(path, "");
  EXPECT_EQ(read_text(path), "");
  EXPECT_EQ(num_files(directory.path()), 1u);
}

TEST(AtomicFile, AnExceptionLeavesTheOldFileAndNothingElse) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a", "old");
  EXPECT_THROW(replace_file(path,
                            [&](const std::filesystem::path& temporary) {
                              EXPECT_EQ(temporary.parent_path(), directory.path());
                              directory.write(temporary.filename().string(), "half");
                              throw ConfigError("stop");
                            }),
               ConfigError);
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(num_files(directory.path()), 1u);
}

TEST(AtomicFile, WhatAKilledProcessLeftIsTakenAway) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
      directory.write(temporary.filename().string(), "half");
      ::kill(::getpid(), SIGKILL);
    });
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(num_files(directory.path()), 2u);
  replace_file(path, "new");
  EXPECT_EQ(num_files(directory.path()), 1u);
}

TEST(AtomicFile, AFullDiskIsSaid) {
  TemporaryDirectory directory;
  if (!directory.make_small()) GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  const auto path = directory.write("a", "old");
  try {
    replace_file(path, std::string(1 << 20, 'x'));
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no space left"));
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
  }
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(num_files(directory.path()), 1u);
}

TEST(MappedFile, MapsEveryByte) {
  const TemporaryDirectory directory;
  const std::string text(100000, 'y');
  MappedFile file(directory.write("a", text));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()),
            text);
  MappedFile moved = std::move(file);
  EXPECT_EQ(moved.bytes().size(), text.size());
  EXPECT_TRUE(MappedFile(directory.write("empty", "")).bytes().empty());
}

TEST(MappedFile, NamesWhatItCannotRead) {
  const TemporaryDirectory directory;
  for (const auto& path : {directory.path(), directory.path() / "missing"}) {
    try {
      MappedFile file(path);
      FAIL();
    } catch (const IoError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
    }
  }
}

}  // namespace
}  // namespace allometer::io
