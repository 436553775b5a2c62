#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.hpp"

namespace allometer::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kResults = R"({
  "results": {"piqa": {"acc,none": 0.75, "acc_stderr,none": 0.05}},
  "n-shot": {"piqa": 0}, "versions": {"piqa": 1.0}, "model_name": "org/MODEL"})";

std::string results_of(const std::string& model) {
  std::string text = kResults;
  return text.replace(text.find("MODEL"), 5, model);
}

constexpr const char* kSidecar =
    "models:\n"
    "  - {match: \"org/*\", family: f, num_parameters: 1000}\n"
    "  - {match: org/big, num_parameters: 10000}\n";

/// Two imports, merged, analysed and written for others: the commands work on each other's files.
TEST(ExchangeCommands, WorkOnEachOthersFiles) {
  const ScratchDirectory scratch;
  const std::string sidecar = scratch.write("sidecar.yaml", kSidecar);
  for (const std::string model : {"small", "big"}) {
    const std::string file = scratch.write(model + ".json", results_of(model));
    const Outcome outcome =
        run_program({"import", file, "--models", sidecar, "-o", scratch.path() / (model + ".h5")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("1 file: 1 models in 1 family, 1 tasks, 1 cells"));
  }
  const std::string all = scratch.path() / "all.h5";
  const Outcome merged =
      run_program({"merge", scratch.path() / "small.h5", scratch.path() / "big.h5", "-o", all});
  ASSERT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_THAT(merged.out, HasSubstr("2 models, 1 tasks, 2 cells"));
  const Outcome analysed = run_program({"analyze", all});
  ASSERT_EQ(analysed.exit_code, 0) << analysed.err;
  EXPECT_THAT(analysed.out, HasSubstr("piqa"));
  const Outcome tables =
      run_program({"export", all, "--format", "csv", "-o", scratch.path() / "t"});
  ASSERT_EQ(tables.exit_code, 0) << tables.err;
  EXPECT_THAT(read_file(scratch.path() / "t" / "estimates.csv"),
              HasSubstr("big,big/published,published,f,10000,,,,piqa,,0,0,acc,true,,0.75,0.05,"));
  const Outcome files = run_program({"export", all, "-f", "lm-eval", "-o", scratch.path() / "e"});
  ASSERT_EQ(files.exit_code, 0) << files.err;
  EXPECT_THAT(files.out, HasSubstr("2 files with 2 estimates"));
}

TEST(ExchangeCommands, SayWhatIsMissingOrWrong) {
  const ScratchDirectory scratch;
  const std::string file = scratch.write("x.json", results_of("small"));
  const std::string output = scratch.path() / "x.h5";
  const auto refused = [](const std::vector<std::string>& words, const std::string& message) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  };
  refused({"import", file}, "--output is missing");
  refused({"import", file, "-o", output}, "family of model 'small' (org/small)");
  refused({"import", file, "-o", output, "--models", "none.yaml"}, "none.yaml");
  refused({"import", scratch.write("x.txt", ""), "-o", output}, "x.txt: must be results (.json)");
  refused({"export", file, "--format", "parquet"}, "--format is 'parquet'");
  refused({"export", file, "--format", "csv"}, "not an HDF5 file");
  refused({"merge", file, "-o", output}, "two results files");
}

}  // namespace
}  // namespace allometer::cli
