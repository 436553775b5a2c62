/// The way of the statistics through a real results file, and on to the figure.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>

#include "io/journal.hpp"
#include "report/fake_sweep.hpp"
#include "report/report.hpp"
#include "results/store.hpp"

namespace allometer::report {
namespace {

namespace fs = std::filesystem;
using testing::FakeSweep;

class ReportFile : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() /
                 ("allometer-report-" + std::to_string(::getpid()) + "-" +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(directory_);
    sweep_.ladder();
    sweep_.add_task("story_cloze", 200, {.name = "acc", .chance = 0.25}, testing::growing);
    sweep_.add_task("story_coin", 200, {.name = "acc", .chance = 0.5}, testing::coin);
    sweep_.add_task("story_continue", 50, {.name = "exact_match"},
                    [](int, int) { return std::pair(0.0, 1.0); });
    sweep_.add_task("story_lm", 100,
                    {.name = "bits_per_byte",
                     .aggregation = "bits",
                     .higher_is_better = false,
                     .has_standard_error = false},
                    testing::log_likelihood);
    write_file();
  }
  void TearDown() override { fs::remove_all(directory_); }

  /// A journal with everything the sweep answered, and the results file of it.
  void write_file() {
    auto& source = sweep_.source();
    const auto column_of = sweep_.answers();
    for (auto& task : source.plan.tasks) {
      task.ability = "stories";
      const int questions = task.name == "story_continue" ? 50
                            : task.name == "story_lm"     ? 100
                                                          : 200;
      for (int q = 0; q < questions; ++q) {
        task.question_ids.push_back(std::to_string(q));
        task.question_texts.push_back("text");
        task.question_targets.push_back("target");
        task.num_choices.push_back(2);
      }
    }
    source.plan.job_name = "stories";
    fs::create_directories(results::journal_directory(file_path()));
    io::JournalWriter journal(results::journal_directory(file_path()) / "node.journal");
    const auto append = [&](results::RecordType type, const std::string& bytes) {
      journal.append(static_cast<std::uint32_t>(type), bytes);
    };
    append(results::RecordType::start, results::StartRecord{}.encode());
    for (std::size_t i = 0; i < source.cells.size(); ++i) {
      source.cells[i].cell.digest = sha256(std::to_string(i));
      source.plan.cells.push_back(source.cells[i].cell);
    }
    append(results::RecordType::plan, source.plan.encode());
    results::MachineRecord machine;
    machine.host = "node";
    machine.ranks = 1;
    machine.flops_per_second["f32"] = 1e9;
    machine.energy_source = "unmeasured: powercap is readable by root only";
    append(results::RecordType::machine, machine.encode());
    for (std::size_t i = 0; i < source.cells.size(); ++i) {
      const auto& row = source.cells[i];
      results::ShardResult shard;
      shard.cell = row.cell.digest;
      shard.end = row.cell.num_questions;
      shard.host = "node";
      shard.cost = row.cost;
      const results::MetricColumn column = column_of(static_cast<std::int32_t>(i), 0);
      for (std::size_t q = 0; q < column.question.size(); ++q) {
        results::QuestionRecord record;
        record.question = column.question[q];
        record.metric_value = {column.value[q]};
        record.metric_weight = {column.weight[q]};
        shard.records.push_back(record);
      }
      append(results::RecordType::shard, shard.encode());
    }
    journal.sync();
    results::write_results_file(
        results::JournalIndex::read(results::journal_directory(file_path())), file_path());
  }

  fs::path file_path() const { return directory_ / "stories.h5"; }

  /// Standard output and error of a command, and its status.
  std::pair<int, std::string> run(const std::string& command) const {
    const fs::path log = directory_ / "log";
    const int status = std::system((command + " >" + log.string() + " 2>&1").c_str());
    std::ifstream in(log);
    return {status, std::string(std::istreambuf_iterator<char>(in), {})};
  }
  std::string script() const { return ALLOMETER_SOURCE_DIR "/analysis/size_figure.py"; }
  std::string verdict_script() const { return ALLOMETER_SOURCE_DIR "/analysis/verdict_figure.py"; }

  fs::path directory_;
  FakeSweep sweep_;
};

TEST_F(ReportFile, SaysTheSameAsTheSweepInMemory) {
  const std::string text = analyse_file(file_path());
  Report expected = sweep_.analyse();
  expected.energy_source = "unmeasured: powercap is readable by root only";
  EXPECT_EQ(text, format_tables(expected));
  EXPECT_THAT(text, ::testing::HasSubstr("at chance"));
  // Once more: former statistics are replaced.
  EXPECT_EQ(analyse_file(file_path()), text);
}

TEST_F(ReportFile, IsDrawn) {
  analyse_file(file_path());
  const char* const keep = std::getenv("ALLOMETER_KEEP_FIGURE");
  const fs::path picture = keep ? fs::path(keep) : directory_ / "figure.png";
  const auto [status, log] =
      run("/usr/bin/python3 " + script() + " " + file_path().string() + " -o " + picture.string());
  EXPECT_EQ(status, 0) << log;
  ASSERT_TRUE(fs::exists(picture)) << log;
  EXPECT_GT(fs::file_size(picture), 20000u);
}

TEST_F(ReportFile, VerdictsAreDrawn) {
  analyse_file(file_path());
  const std::string picture = (directory_ / "verdicts.svg").string();
  const std::string command = "/usr/bin/python3 " + verdict_script() + " " + file_path().string();
  const auto [status, log] = run(command + " --task '*' -o " + picture);
  EXPECT_EQ(status, 0) << log;
  ASSERT_TRUE(fs::exists(picture)) << log;
  EXPECT_GT(fs::file_size(picture), 5000u);
  // A picture cannot lie within another.
  const auto [without_status, without] = run(command + " -o " + picture + "/nowhere.png");
  EXPECT_NE(without_status, 0);
  EXPECT_THAT(without, ::testing::HasSubstr("verdict_figure.py: "));
}

TEST_F(ReportFile, FigureExplainsWhatIsWrong) {
  const auto message = [&](const std::string& arguments) {
    const auto [status, log] = run("/usr/bin/python3 " + script() + " " + arguments);
    EXPECT_NE(status, 0);
    EXPECT_THAT(log, ::testing::Not(::testing::HasSubstr("Traceback")));
    return log;
  };
  EXPECT_THAT(message(file_path().string()), ::testing::HasSubstr("holds no statistics"));
  EXPECT_THAT(message("/nowhere/at/all.h5"), ::testing::HasSubstr("there is no such file"));
  std::ofstream(directory_ / "text.h5") << "no HDF5";
  EXPECT_THAT(message((directory_ / "text.h5").string()),
              ::testing::HasSubstr("cannot be read as HDF5"));
  analyse_file(file_path());
  EXPECT_THAT(message(file_path().string() + " --task nothing"),
              ::testing::HasSubstr("story_coin/acc"));
}

}  // namespace
}  // namespace allometer::report
