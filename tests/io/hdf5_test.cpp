#include "io/hdf5.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "io/temporary_directory.hpp"

namespace allometer::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Hdf5Test : public ::testing::Test {
 protected:
  /// A file with the group "job" that `fill` puts something into.
  template <class Fill>
  void write(Fill fill) {
    Hdf5File file = Hdf5File::create(path_);
    {
      Hdf5Group job = file.root().create_group("job");
      fill(job);
    }
    file.close();
  }
  Hdf5Group read() {
    file_ = std::make_unique<Hdf5File>(Hdf5File::open(path_, Hdf5File::Mode::read));
    return file_->root().open_group("job");
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "a.h5";
  std::unique_ptr<Hdf5File> file_;
};

TEST_F(Hdf5Test, GivesBackColumnsOfEveryType) {
  const std::vector<std::string> texts = {"ü", "", "line\nline", std::string("nul\0!", 5)};
  write([&](Hdf5Group& job) {
    job.write_column<std::string>({"x", "coordinates"}, "x", texts);
    job.write_column<std::int16_t>({"i16", "l"}, "x", std::vector<std::int16_t>{1, -2, 3, 4});
    job.write_column<std::int32_t>({"i32", "l"}, "x", std::vector<std::int32_t>{1, -2, 3, 1 << 30});
    job.write_column<std::int64_t>({"i64", "l"}, "x",
                                   std::vector<std::int64_t>{1, -2, 3, 1LL << 60});
    job.write_column<double>({"f64", "l", "s", {{"of", std::string("ä")}}, true}, "x",
                             std::vector<double>{0.1, -0.0, 1e300, 1});
  });
  const Hdf5Group job = read();
  EXPECT_THAT(job.read_column<std::string>("x"),
              ElementsAre("ü", "", "line\nline", "nul\xEF\xBF\xBD!"));
  EXPECT_THAT(job.read_column<std::int16_t>("i16"), ElementsAre(1, -2, 3, 4));
  EXPECT_THAT(job.read_column<std::int32_t>("i32"), ElementsAre(1, -2, 3, 1 << 30));
  EXPECT_THAT(job.read_column<std::int64_t>("i64"), ElementsAre(1, -2, 3, 1LL << 60));
  EXPECT_THAT(job.read_column<double>("f64"), ElementsAre(0.1, -0.0, 1e300, 1.0));
  EXPECT_THAT(job.read_rows<double>("f64", 1, 2), ElementsAre(-0.0, 1e300));
  EXPECT_EQ(job.column_text_attribute("f64", "of"), "ä");
  EXPECT_EQ(job.column_text_attribute("f64", "nothing"), std::nullopt);
  EXPECT_THAT(job.column_names(), ElementsAre("x", "i16", "i32", "i64", "f64"));
}

TEST_F(Hdf5Test, AGrowingColumnCrossesChunks) {
  constexpr int kRows = 40000;
  write([&](Hdf5Group& job) {
    job.add_dimension("row", 0, true);
    Hdf5Column number = job.create_column({"number", "l"}, "row", ColumnType::int32);
    Hdf5Column text = job.create_column({"text", "l"}, "row", ColumnType::text);
    for (std::int32_t i = 0; i < kRows; ++i) {
      number.append(i);
      text.append(std::to_string(i));
    }
    EXPECT_EQ(number.size(), kRows);
    number.finish();
    text.finish();
    job.resize_dimension("row", kRows);
  });
  const Hdf5Group job = read();
  const auto numbers = job.read_column<std::int32_t>("number");
  const auto texts = job.read_column<std::string>("text");
  ASSERT_EQ(numbers.size(), static_cast<std::size_t>(kRows));
  for (std::int32_t i = 0; i < kRows; ++i) {
    ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
    ASSERT_EQ(texts[static_cast<std::size_t>(i)], std::to_string(i));
  }
  EXPECT_THAT(job.read_rows<std::int32_t>("number", 16383, 2), ElementsAre(16383, 16384));
}

TEST_F(Hdf5Test, NamesFileAndColumnOfWhatItCannotRead) {
  write([&](Hdf5Group& job) {
    job.write_column<double>({"x", "l"}, "x", std::vector<double>{1, 2});
    job.set_attribute("number", 1.0);
  });
  const Hdf5Group job = read();
  const auto message = [&](auto action) -> std::string {
    try {
      action();
    } catch (const FormatError& error) {
      return error.what();
    }
    return "read";
  };
  EXPECT_THAT(message([&] { job.read_column<double>("y"); }),
              AllOf(HasSubstr("a.h5"), HasSubstr("/job/y")));
  EXPECT_THAT(message([&] { job.read_column<std::string>("x"); }),
              AllOf(HasSubstr("a.h5"), HasSubstr("/job/x"), HasSubstr("should hold texts")));
  EXPECT_THAT(message([&] { job.read_rows<double>("x", 1, 2); }), HasSubstr("ends before row 3"));
  EXPECT_THAT(message([&] { job.text_attribute("number"); }), HasSubstr("'number'"));
  EXPECT_THAT(message([&] { job.open_group("z"); }), HasSubstr("/job/z"));
}

/// What is written again from a layout is the same column.
TEST_F(Hdf5Test, LayoutsTellWhatAColumnWasMadeOf) {
  write([](Hdf5Group& job) {
    job.set_attribute("count", std::int64_t{7});
    job.add_dimension("row", 2, true);
    job.write_column<std::string>({"name", "names"}, "name", std::vector<std::string>{"a", "b"});
    job.write_column<double>({"value", "values", "s", {{"metric", std::string("acc,none")}}, true},
                             "row", std::vector<double>{1.0, 2.0}, true);
    job.write_column<std::int16_t>(
        {"flag", "flags", "1", {{"flag_values", std::vector<std::int16_t>{0, 1}}}}, "name",
        std::vector<std::int16_t>{0, 1});
  });
  const Hdf5File file = Hdf5File::open(path_, Hdf5File::Mode::read);
  const Hdf5Group job = file.root().open_group("job");
  EXPECT_EQ(job.integer_attribute("count"), 7);
  EXPECT_EQ(job.integer_attribute("none"), std::nullopt);
  const ColumnLayout row = job.column_layout("row");
  EXPECT_TRUE(row.bare_dimension);
  EXPECT_EQ(row.size, 2);
  const ColumnLayout name = job.column_layout("name");
  EXPECT_FALSE(name.bare_dimension);
  EXPECT_EQ(name.dimension, "name");
  EXPECT_EQ(name.type, ColumnType::text);
  const ColumnLayout value = job.column_layout("value");
  EXPECT_EQ(value.dimension, "row");
  EXPECT_EQ(value.type, ColumnType::float64);
  EXPECT_TRUE(value.unlimited);
  EXPECT_TRUE(value.info.has_missing);
  EXPECT_EQ(value.info.units, "s");
  EXPECT_EQ(value.info.long_name, "values");
  ASSERT_EQ(value.info.attributes.size(), 1u);
  EXPECT_EQ(std::get<std::string>(value.info.attributes[0].second), "acc,none");
  const ColumnLayout flag = job.column_layout("flag");
  EXPECT_FALSE(flag.info.has_missing);
  EXPECT_EQ(std::get<std::vector<std::int16_t>>(flag.info.attributes.at(0).second),
            (std::vector<std::int16_t>{0, 1}));
}

TEST(Hdf5Child, DISABLED_OpenInAChild) {
  const char* const path = std::getenv("ALLOMETER_TEST_FILE");
  ASSERT_TRUE(path);
  Hdf5File::open(path, Hdf5File::Mode::extend);
}

TEST_F(Hdf5Test, ALockedFileNamesTheVariableThatTurnsLocksOff) {
  write([](Hdf5Group& job) { job.set_attribute("a", 1.0); });
  const Hdf5File writer = Hdf5File::open(path_, Hdf5File::Mode::extend);
  const std::string command =
      "/usr/bin/env ALLOMETER_TEST_FILE=" + path_.string() + " " +
      std::filesystem::read_symlink("/proc/self/exe").string() +
      " --gtest_also_run_disabled_tests --gtest_filter='*DISABLED_OpenInAChild' > " +
      (directory_.path() / "message").string() + " 2>&1";
  EXPECT_NE(std::system(command.c_str()), 0);
  EXPECT_THAT(read_bytes(directory_.path() / "message"), HasSubstr("HDF5_USE_FILE_LOCKING"));
}

}  // namespace
}  // namespace allometer::io
