#include "report/analysis.hpp"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "report/fake_sweep.hpp"
#include "report/part.hpp"
#include "report/part_workers.hpp"

namespace allometer::report {
namespace {

using testing::FakeSweep;

/// Ten tasks of unequal length, among them one that is not a share.
Source ten_tasks(FakeSweep& sweep) {
  sweep.ladder();
  for (int t = 0; t < 10; ++t) {
    sweep.add_task("task-" + std::to_string(t), 20 + 37 * (t % 4), {}, [t](int m, int q) {
      return t == 3 ? testing::log_likelihood(m, q) : testing::growing(m, q + 1000 * t);
    });
  }
  Source source = sweep.source();
  for (const auto& row : source.cells) source.plan.cells.push_back(row.cell);
  source.metric = sweep.answers();
  return source;
}

/// All that a report says.
std::string all_of(const Report& report) {
  return format_tables(report) + format_json(report);
}

TEST(Analysis, IsTheSameForAnyNumberOfThreads) {
  FakeSweep sweep;
  const Source source = ten_tasks(sweep);
  const std::string expected = all_of(analyse(source));
  for (const int threads : {2, 3, 16}) EXPECT_EQ(all_of(analyse(source, threads)), expected);
}

TEST(Analysis, IsTheSameWhoeverWorksOutItsPartsInWhateverOrder) {
  FakeSweep sweep;
  const Source source = ten_tasks(sweep);
  const auto analysis = std::make_shared<const Analysis>(source);
  const Analysis elsewhere(source);
  Assembly assembly(analysis);
  ASSERT_EQ(analysis->num_parts(), 10);
  std::map<std::int32_t, std::string, std::greater<>> last_first;
  for (std::int32_t part; (part = assembly.next_part(100)) >= 0;)
    last_first[part] = (part % 2 ? *analysis : elsewhere).work_out(part);
  for (auto& [part, bytes] : last_first) {
    EXPECT_FALSE(assembly.complete());
    assembly.add(part, std::move(bytes));
  }
  ASSERT_TRUE(assembly.complete());
  EXPECT_EQ(all_of(assembly.finish()), all_of(analyse(source)));
}

TEST(Analysis, AsksForNoPartThatIsFarAhead) {
  FakeSweep sweep;
  const auto analysis = std::make_shared<const Analysis>(ten_tasks(sweep));
  Assembly assembly(analysis);
  EXPECT_EQ(assembly.next_part(2), 0);
  EXPECT_EQ(assembly.next_part(2), 1);
  EXPECT_EQ(assembly.next_part(2), -1);
  assembly.add(1, analysis->work_out(1));
  EXPECT_EQ(assembly.next_part(2), -1) << "part 1 waits for part 0";
  assembly.add(0, analysis->work_out(0));
  EXPECT_EQ(assembly.next_part(2), 2);
}

TEST(Analysis, RefusesDamagedParts) {
  FakeSweep sweep;
  const Analysis analysis(ten_tasks(sweep));
  const std::string bytes = analysis.work_out(0);
  EXPECT_NO_THROW(decode_part(bytes));
  EXPECT_THROW(decode_part(bytes + "x"), FormatError);
  for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 50 + 1)
    EXPECT_THROW(decode_part(bytes.substr(0, size)), FormatError) << size;
}

TEST(Analysis, TellsOfAnErrorInAnyThread) {
  FakeSweep sweep;
  Source source = ten_tasks(sweep);
  source.metric = [](std::int32_t, std::int32_t) -> results::MetricColumn {
    throw FormatError("no such column");
  };
  EXPECT_THROW(analyse(source, 3), FormatError);
  PartWorkers unopened([]() -> std::shared_ptr<const Analysis> { throw IoError("no such file"); },
                       2);
  unopened.push(0);
  EXPECT_TRUE(unopened.wait().error != nullptr);
}

}  // namespace
}  // namespace allometer::report
