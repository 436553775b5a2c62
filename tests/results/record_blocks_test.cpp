#include "results/record_blocks.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/hdf5.hpp"

namespace allometer::results {
namespace {

constexpr std::int64_t kRows = 40000;  // three blocks, the last of them short

/// A file with columns of every kind of block.
class RecordBlocksFile : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            ("record_blocks_" + std::to_string(::getpid()) + ".h5");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    SplitMix64 random(1);
    for (std::int64_t row = 0; row < kRows; ++row) {
      columns_["ones"].push_back(1);
      columns_["nothing"].push_back(nan);
      columns_["right"].push_back(random.below(5) == 0 ? nan
                                                       : static_cast<double>(random.below(2)));
      columns_["real"].push_back(random.below(5) == 0 ? nan : random.normal());
      columns_["mixed"].push_back(row < 16384 ? 3 : row < 32768 ? -0.0 : 126 + (row == 39999));
    }
    io::Hdf5File file = io::Hdf5File::create(path_);
    {
      io::Hdf5Group job = file.root().create_group("job");
      job.add_dimension("record", kRows);
      for (const auto& [name, values] : columns_)
        job.write_column<double>({name, name}, "record", values);
    }
    file.close();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void expect_rows(RecordBlocks& blocks, const std::string& name, std::int64_t begin,
                   std::int64_t count) {
    const std::vector<double> values = blocks.read(name, begin, count);
    ASSERT_EQ(std::ssize(values), count);
    for (std::int64_t i = 0; i < count; ++i) {
      const double expected = columns_[name][static_cast<std::size_t>(begin + i)];
      const double value = values[static_cast<std::size_t>(i)];
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(value)) << name << " " << begin + i;
      } else {
        ASSERT_EQ(std::memcmp(&value, &expected, sizeof value), 0) << name << " " << begin + i;
      }
    }
  }

  std::filesystem::path path_;
  std::map<std::string, std::vector<double>> columns_;
};

TEST_F(RecordBlocksFile, AreTheRowsOfTheFile) {
  const io::Hdf5File file = io::Hdf5File::open(path_, io::Hdf5File::Mode::read);
  const io::Hdf5Group job = file.root().open_group("job");
  RecordBlocks blocks(job);
  // So little memory that every other block is forgotten at once.
  RecordBlocks forgetful(job, 1000);
  for (const auto& [name, values] : columns_) {
    for (RecordBlocks* each : {&blocks, &forgetful}) {
      expect_rows(*each, name, 0, kRows);
      expect_rows(*each, name, 16383, 2);
      expect_rows(*each, name, 39999, 1);
      expect_rows(*each, name, 100, 0);
    }
  }
  // Two columns of one number, one of bytes, one of doubles, one of one number but for a byte.
  EXPECT_LT(blocks.bytes(), static_cast<std::size_t>(kRows) * (1 + 8 + 1) + 4000);
  EXPECT_GT(blocks.bytes(), static_cast<std::size_t>(kRows) * 9);
}

TEST_F(RecordBlocksFile, RefuseRowsThatAreNotThere) {
  const io::Hdf5File file = io::Hdf5File::open(path_, io::Hdf5File::Mode::read);
  const io::Hdf5Group job = file.root().open_group("job");
  RecordBlocks blocks(job);
  EXPECT_THROW(blocks.read("real", kRows - 5, 6), FormatError);
  EXPECT_THROW(blocks.read("real", kRows + 100000, 1), FormatError);
  EXPECT_THROW(blocks.read("real", -1, 1), FormatError);
  EXPECT_THROW(blocks.read("unreal", 0, 1), FormatError);
}

}  // namespace
}  // namespace allometer::results
