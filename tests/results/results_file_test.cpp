#include "results/results_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/error.hpp"
#include "core/provenance.hpp"
#include "io/hdf5.hpp"
#include "results/sample_sweep.hpp"
#include "results/store.hpp"

namespace allometer::results {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AnalysisTable make_table() {
  AnalysisTable table;
  table.name = "analysis_size";
  table.dimension = "row";
  table.text_columns = {{"task_name", {"story_cloze", "story_lm"}}};
  table.number_columns = {{"spearman_rho", "1", "rank correlation", {0.5, sample::kNaN}}};
  return table;
}

std::vector<ResultsFile::Estimate> make_estimates() {
  return {{0, "acc", 0.5, 0.1, 0.3, 0.7, 7}, {1, "bits_per_byte", 2.5, sample::kNaN, 2.3, 2.7, 5}};
}

std::filesystem::path write_sample(const std::filesystem::path& directory) {
  const std::filesystem::path output = directory / "stories.h5";
  sample::write_journals(journal_directory(output));
  write_results_file(JournalIndex::read(journal_directory(output)), output);
  return output;
}

class ResultsFileTest : public ::testing::Test {
 protected:
  sample::Directory directory_;
  std::filesystem::path output_ = write_sample(directory_.path());
};

TEST_F(ResultsFileTest, GivesBackThePlan) {
  const PlanRecord expected = sample::make_plan();
  const ResultsFile file(output_);
  const PlanRecord& plan = file.plan();
  EXPECT_EQ(plan.job_name, expected.job_name);
  EXPECT_EQ(plan.job_text, expected.job_text);
  EXPECT_EQ(plan.job_digest, expected.job_digest);
  EXPECT_EQ(plan.analysis, expected.analysis);
  ASSERT_EQ(plan.models.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(plan.models[i].name, expected.models[i].name);
    EXPECT_EQ(plan.models[i].num_parameters, expected.models[i].num_parameters);
    EXPECT_EQ(plan.models[i].levers, expected.models[i].levers);
    EXPECT_EQ(plan.models[i].random_weights, expected.models[i].random_weights);
    EXPECT_EQ(plan.models[i].digest, expected.models[i].digest);
  }
  ASSERT_EQ(plan.tasks.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(plan.tasks[i].question_ids, expected.tasks[i].question_ids);
    EXPECT_EQ(plan.tasks[i].num_choices, expected.tasks[i].num_choices);
    ASSERT_EQ(plan.tasks[i].difficulties.size(), expected.tasks[i].question_ids.size());
    ASSERT_EQ(plan.tasks[i].metrics.size(), expected.tasks[i].metrics.size());
    EXPECT_EQ(plan.tasks[i].metrics[0].name, expected.tasks[i].metrics[0].name);
    EXPECT_EQ(plan.tasks[i].metrics[0].aggregation, expected.tasks[i].metrics[0].aggregation);
  }
  EXPECT_TRUE(std::isnan(plan.tasks[1].metrics[0].chance));
  EXPECT_EQ(plan.tasks[0].metrics[0].majority, expected.tasks[0].metrics[0].majority);
  EXPECT_EQ(plan.tasks[0].difficulties[0], 1.5);
  EXPECT_TRUE(std::isnan(plan.tasks[0].difficulties[1]));
  EXPECT_TRUE(std::isnan(plan.tasks[1].difficulties[0]));
  EXPECT_EQ(plan.cells[1].seed, 0xFFFFFFFFFFFFFFFFULL);
}

TEST_F(ResultsFileTest, TellsHowFarEveryCellCame) {
  const ResultsFile file(output_);
  std::vector<CellStatus> status;
  for (const CellRow& row : file.cells()) status.push_back(row.status);
  EXPECT_THAT(status, ElementsAre(CellStatus::done, CellStatus::done, CellStatus::partial,
                                  CellStatus::failed, CellStatus::planned, CellStatus::done,
                                  CellStatus::done));
  EXPECT_THAT(file.cells()[3].reason, HasSubstr("tensor 'x' is missing"));
  EXPECT_THAT(file.cells()[3].reason, HasSubstr("host n2"));
  EXPECT_EQ(file.cells()[2].questions_done, 2);
  EXPECT_TRUE(file.cells()[5].cell.in_job);
  // The job lost this one; its results stay, with the variant that only the earlier plan had.
  EXPECT_FALSE(file.cells()[6].cell.in_job);
  EXPECT_EQ(file.plan().variants[static_cast<std::size_t>(file.cells()[6].cell.variant)].name,
            "stories-260k/f32");
}

TEST_F(ResultsFileTest, SaysWhatWasMadeForOtherCellsAndForWhich) {
  PlanRecord plan = sample::make_plan();
  plan.cells[2].needs = 1;
  PlanRecord former = plan;  // of which the plan that comes last has lost both
  for (const int cell : {1, 2}) {
    former.cells[static_cast<std::size_t>(cell)].digest = sha256("former " + std::to_string(cell));
  }
  ShardResult shard = sample::make_shard(former, 1, 0, 5);
  shard.artifact = "a prompt of old";
  {
    io::JournalWriter journal(journal_directory(output_) / "00002-n1.journal");
    sample::append(journal, RecordType::plan, former.encode());
    sample::append(journal, RecordType::shard, shard.encode());
    sample::append(journal, RecordType::shard, sample::make_shard(former, 2, 0, 4).encode());
    sample::append(journal, RecordType::plan, plan.encode());
    journal.sync();
  }
  write_results_file(JournalIndex::read(journal_directory(output_)), output_);
  const auto file = io::Hdf5File::open(output_, io::Hdf5File::Mode::read);
  const auto job = file.root().open_group(file.root().group_names().front());
  const auto artifacts = job.read_column<std::string>("cell_artifact");
  const auto needs = job.read_column<std::int32_t>("cell_needs_index");
  EXPECT_EQ(needs[2], 1);
  EXPECT_EQ(std::count(needs.begin(), needs.end(), -1), std::ssize(needs) - 2);
  const auto made = std::find(artifacts.begin(), artifacts.end(), "a prompt of old");
  ASSERT_NE(made, artifacts.end());
  const auto needed = static_cast<std::int32_t>(made - artifacts.begin());
  EXPECT_GT(needed, 5);  // behind the cells of the last plan
  EXPECT_EQ(std::count(needs.begin(), needs.end(), needed), 1);
}

TEST_F(ResultsFileTest, SumsCostsAndSaysWhatIsUnmeasured) {
  const ResultsFile file(output_);
  const CellRow& two_shards = file.cells()[0];
  EXPECT_EQ(two_shards.cost.wall_seconds, 1.0);
  EXPECT_EQ(two_shards.cost.tokens_computed, 2000);
  EXPECT_EQ(two_shards.cost.peak_memory_bytes, 1 << 20);
  EXPECT_EQ(two_shards.cost.energy_joules, 5.0);
  EXPECT_EQ(two_shards.flops_per_second_peak, 1e11);
  EXPECT_EQ(file.cells()[1].cost.energy_joules, std::nullopt);
  EXPECT_EQ(file.cells()[1].flops_per_second_peak, 0);  // n2 measured bf16 only
  EXPECT_EQ(file.cells()[4].cost.tokens_computed, 0);
  ASSERT_EQ(file.machines().size(), 2u);
  EXPECT_EQ(file.machines()[1].energy_source, "unmeasured: powercap is not readable");
  EXPECT_EQ(file.machines()[1].flops_per_second.at("bf16"), 4e11);
}

TEST_F(ResultsFileTest, GivesTheValuesOfOneMetricOfOneCell) {
  const ResultsFile file(output_);
  const MetricColumn norm = file.metric(0, 1);
  EXPECT_THAT(norm.question, ElementsAre(0, 1, 2, 3, 4, 5, 6));
  for (std::size_t i = 0; i < norm.value.size(); ++i) {
    EXPECT_EQ(norm.value[i], 0.1 * 0 + static_cast<double>(i) + 0.01);
    EXPECT_EQ(norm.weight[i], 1.0 + static_cast<double>(i));
  }
  EXPECT_THAT(file.metric(2, 0).question, ElementsAre(1, 2));
  EXPECT_THAT(file.metric(4, 0).question, ElementsAre());
}

TEST_F(ResultsFileTest, LeavesOutQuestionsWhereAMetricIsUndefined) {
  const PlanRecord plan = sample::make_plan();
  ShardResult shard = sample::make_shard(plan, 4, 0, 5);
  shard.records[2].metric_value[0] = sample::kNaN;
  {
    io::JournalWriter journal(journal_directory(output_) / "00002-n1.journal");
    sample::append(journal, RecordType::shard, shard.encode());
  }
  write_results_file(JournalIndex::read(journal_directory(output_)), output_);
  EXPECT_THAT(ResultsFile(output_).metric(4, 0).question, ElementsAre(0, 1, 3, 4));
}

TEST_F(ResultsFileTest, GivesBackWhatOthersReportedOfACell) {
  PlanRecord plan = sample::make_plan();
  plan.models[0].training_tokens = 3e11;
  plan.tasks[0].metrics[0].best = 1;
  {
    io::JournalWriter journal(journal_directory(output_) / "00002-n1.journal");
    sample::append(journal, RecordType::plan, plan.encode());
    sample::append(
        journal, RecordType::published,
        PublishedRecord{plan.cells[4].digest, {{"bits_per_byte", 0.75, 0.01, 40}}}.encode());
  }
  write_results_file(JournalIndex::read(journal_directory(output_)), output_);
  const ResultsFile file(output_);
  EXPECT_EQ(file.cells()[4].status, CellStatus::done);
  const auto published = file.published(4, 0);
  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(published->value, 0.75);
  EXPECT_EQ(published->standard_error, 0.01);
  EXPECT_EQ(published->num_questions, 40);
  EXPECT_THAT(file.metric(4, 0).question, ElementsAre());
  EXPECT_EQ(file.published(0, 0), std::nullopt);
  EXPECT_EQ(file.plan().models[0].training_tokens, 3e11);
  EXPECT_TRUE(std::isnan(file.plan().models[1].training_flops));
  EXPECT_EQ(file.plan().tasks[0].metrics[0].best, 1);
}

TEST_F(ResultsFileTest, AnalysisReplacesAnEarlierOneAndLeavesTheRestAlone) {
  AnalysisTable other = make_table();
  other.name = "analysis_old";
  write_analysis(output_, sample::make_plan(), {}, {other});
  write_analysis(output_, sample::make_plan(), make_estimates(), {make_table()});
  EXPECT_EQ(ResultsFile(output_).cells().size(), 7u);
  const std::string command = fmt::format(
      "/usr/bin/python3 -c \"import h5py; g = h5py.File('{}')['stories__small_ladder']; "
      "assert sorted(k for k in g if isinstance(g[k], h5py.Group)) == ['analysis_size', "
      "'estimates']; "
      "assert list(g['estimates/value']) == [0.5, 2.5]\"",
      output_.string());
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    GTEST_SKIP() << "h5py is not installed";
  }
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(ResultsFileTest, EqualJournalsGiveAnEqualFile) {
  const std::filesystem::path other = directory_.path() / "again.h5";
  write_results_file(JournalIndex::read(journal_directory(output_)), other);
  const auto read = [](const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(read(output_), read(other));
}

TEST_F(ResultsFileTest, RefusesFilesThatAreNotResults) {
  const auto text = directory_.path() / "text.h5";
  std::ofstream(text) << "no HDF5";
  EXPECT_THROW(ResultsFile{text}, FormatError);
  EXPECT_THROW(ResultsFile{directory_.path() / "missing.h5"}, IoError);
  std::filesystem::resize_file(output_, std::filesystem::file_size(output_) / 2);
  try {
    ResultsFile file(output_);
    FAIL() << "a truncated file was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("stories.h5"));
  }
}

/// Runs `work` in a child; its exit status, or -signal. The child's text on standard error goes to
/// `messages`.
template <class Work>
int run_in_child(const std::filesystem::path& messages, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!std::freopen(messages.c_str(), "w", stderr)) ::_exit(99);
    int status = 98;
    try {
      status = work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      status = 1;
    }
    std::fflush(stderr);
    std::exit(status);  // HDF5's own exit handlers must not crash either
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(ResultsFileChild, DISABLED_CollectInAChild) {
  const char* const output = std::getenv("ALLOMETER_TEST_OUTPUT");
  ASSERT_TRUE(output);
  write_results_file(JournalIndex::read(journal_directory(output)), output);
}

TEST_F(ResultsFileTest, AKillInTheRenameLeavesTheOldFileOrTheNew) {
  const auto messages = directory_.path() / "messages";
  const auto sorted_cells = [&] { return ResultsFile(output_).cells().size(); };
  {
    io::JournalWriter journal(journal_directory(output_) / "00002-n1.journal");
    sample::append(journal, RecordType::shard,
                   sample::make_shard(sample::make_plan(), 4, 0, 5).encode());
  }
  for (const char* point : {"before_rename", "after_rename"}) {
    // A process of its own: fault points are read once, and this one has passed them.
    const std::string command = fmt::format(
        "ALLOMETER_TEST_KILL={} ALLOMETER_TEST_OUTPUT={} {} --gtest_also_run_disabled_tests "
        "--gtest_filter='*DISABLED_CollectInAChild' > {} 2>&1",
        point, output_.string(), std::filesystem::read_symlink("/proc/self/exe").string(),
        messages.string());
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 128 + SIGKILL)
        << point << ": " << text_of(messages);
    EXPECT_EQ(sorted_cells(), 7u);
    const bool is_new = ResultsFile(output_).cells()[4].status == CellStatus::done;
    EXPECT_EQ(is_new, std::string(point) == "after_rename");
  }
  write_results_file(JournalIndex::read(journal_directory(output_)), output_);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    files += entry.path().extension() == ".tmp";
  }
  EXPECT_EQ(files, 0u) << "a temporary file of a killed process was left behind";
}

TEST_F(ResultsFileTest, AFullDiskIsSaidAndLeavesTheOldFile) {
  const auto disk = directory_.path() / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  const auto target = disk / "stories.h5";
  std::ofstream(target) << "the old file";
  const auto messages = directory_.path() / "messages";
  const int status = run_in_child(messages, [&] {
    write_results_file(JournalIndex::read(journal_directory(output_)), target);
    return 0;
  });
  EXPECT_EQ(status, 1) << text_of(messages);
  EXPECT_THAT(text_of(messages), HasSubstr("no space left"));
  EXPECT_THAT(text_of(messages), HasSubstr(target.string()));
  EXPECT_THAT(text_of(messages), ::testing::Not(HasSubstr("HDF5-DIAG")));
  EXPECT_EQ(text_of(target), "the old file");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(disk), {}), 1);
  ::umount(disk.c_str());
}

/// 120,000 records of 64 requests in shards of 500: 110 MB that must not all be in memory.
TEST(LargeResultsFile, MemoryIsThatOfAShard) {
  const sample::Directory directory;
  const auto output = directory.path() / "large.h5";
  PlanRecord plan = sample::make_plan();
  plan.tasks = {sample::make_task("story_cloze", 20000, plan.tasks[0].metrics)};
  plan.cells.clear();
  std::filesystem::create_directories(journal_directory(output));
  {
    io::JournalWriter journal(journal_directory(output) / "00000-n1.journal");
    for (int i = 0; i < 6; ++i) {
      plan.cells.push_back(
          {sha256("large " + std::to_string(i)), 0, 0, i, 0, "fixed", 20000, true});
    }
    sample::append(journal, RecordType::plan, plan.encode());
    for (int cell = 0; cell < 6; ++cell) {
      for (int begin = 0; begin < 20000; begin += 500) {
        ShardResult shard = sample::make_shard(plan, cell, begin, begin + 500);
        for (QuestionRecord& record : shard.records) {
          for (int i = 4; i < 64; ++i) {
            record.log_likelihood.push_back(-1.0 * i);
            record.is_greedy.push_back(0);
            record.num_tokens.push_back(5);
          }
        }
        sample::append(journal, RecordType::shard, shard.encode());
      }
    }
  }
  const auto messages = directory.path() / "messages";
  const int status = run_in_child(messages, [&] {
    const JournalIndex index = JournalIndex::read(journal_directory(output));
    const long long before = resident_bytes();
    write_results_file(index, output);
    const long long grown = peak_resident_bytes() - before;
    std::fprintf(stderr, "grown by %lld bytes\n", grown);
    return grown < 64'000'000 ? 0 : 2;
  });
  EXPECT_EQ(status, 0) << text_of(messages);
  const ResultsFile file(output);
  EXPECT_EQ(file.metric(5, 0).value.size(), 20000u);
  EXPECT_EQ(file.metric(5, 0).value[19999], 0.1 * 5 + 19999);
}

class Readers : public ::testing::TestWithParam<const char*> {};

TEST_P(Readers, OpenEverything) {
  const sample::Directory directory;
  const auto output = write_sample(directory.path());
  write_analysis(output, sample::make_plan(), make_estimates(), {make_table()});
  const auto messages = directory.path() / "messages";
  const std::string command =
      fmt::format("/usr/bin/python3 {}/tests/results/check_readers.py {} {} > {} 2>&1",
                  ALLOMETER_SOURCE_DIR, GetParam(), output.string(), messages.string());
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << GetParam() << " is not installed";
  }
  EXPECT_EQ(status, 0) << text_of(messages);
}

INSTANTIATE_TEST_SUITE_P(Debian, Readers,
                         ::testing::Values("h5py", "netcdf4", "xarray_netcdf4", "xarray_h5netcdf",
                                           "ncdump", "h5dump"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace allometer::results
