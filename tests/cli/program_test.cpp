#include "cli/program.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

#include <gmock/gmock.h>

namespace allometer::cli {
namespace {

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "allometer-cli-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch directory");
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchDirectory::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return path_ / name;
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Outcome run_program(const std::vector<std::string>& words, const std::string& input) {
  const ScratchDirectory scratch;
  const std::string in = scratch.write("in", input);
  const std::string out = scratch.path() / "out";
  const std::string err = scratch.path() / "err";
  std::string command = quoted(ALLOMETER_PROGRAM);
  for (const std::string& word : words) command += ' ' + quoted(word);
  const int status = std::system((command + " < " + in + " > " + out + " 2> " + err).c_str());
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::vector<std::string> kCommands = {
    "run",   "collect", "analyze", "import",   "export", "merge",    "plan",   "status",
    "tasks", "verify",  "inspect", "tokenize", "score",  "generate", "logits", "make-model"};

TEST(Program, HelpNamesEveryCommand) {
  const Outcome outcome = run_program({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, IsEmpty());
  for (const std::string& command : kCommands) {
    EXPECT_THAT(outcome.out, HasSubstr("\n  " + command + " "));
  }
}

TEST(Program, EveryCommandExplainsItselfWithAnExample) {
  for (const std::string& command : kCommands) {
    SCOPED_TRACE(command);
    // Help wins over whatever else is wrong on the line.
    const Outcome outcome = run_program({command, "--no-such-option", "--help"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(outcome.err, IsEmpty());
    EXPECT_THAT(outcome.out, StartsWith("usage: allometer " + command));
    const std::size_t examples = outcome.out.find("\nexample");
    ASSERT_NE(examples, std::string::npos);
    EXPECT_THAT(outcome.out.substr(examples), HasSubstr("allometer " + command + " "));
    for (const std::string& line : lines_of(outcome.out)) EXPECT_LE(line.size(), 110u) << line;
  }
}

TEST(Program, TellsItsVersion) {
  const Outcome outcome = run_program({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("allometer 0."));
}

TEST(Program, WithoutACommandShowsTheHelpAndFails) {
  const Outcome outcome = run_program({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, StartsWith("usage: allometer COMMAND"));
}

struct Mistake {
  std::vector<std::string> words;
  std::string expected;
};

TEST(Program, EveryUsageMistakeIsOneLineThatNamesItAndExits2) {
  const std::vector<Mistake> mistakes = {
      {{"inpect"}, "unknown command 'inpect'; did you mean 'inspect'?"},
      {{"--verson"}, "unknown option '--verson'"},
      {{"inspect"}, "MODEL is missing: a checkpoint directory or a GGUF file"},
      {{"inspect", "--digst", "."}, "unknown option '--digst'; did you mean '--digest'?"},
      {{"inspect", "/does/not/exist"}, "MODEL '/does/not/exist' does not exist"},
      {{"inspect", "a", "b"}, "too many arguments: expected MODEL"},
      {{"inspect", ALLOMETER_PROGRAM}, "is a file, but must be a checkpoint directory"},
      {{"tokenize", "."}, "give either TEXT, --jsonl FILE or --chat FILE"},
      {{"tokenize", ".", "text", "--jsonl", "-"}, "give either TEXT, --jsonl FILE or --chat FILE"},
      {{"tokenize", ".", "--jsonl", "/does/not/exist"}, "--jsonl '/does/not/exist' does not exist"},
      {{"score", ".", "-", "--precision", "f16"}, "--precision is 'f16', but must be f32 or bf16"},
      {{"score", ".", "-", "--threads", "0"},
       "--threads is '0', but must be a whole number from 1"},
      {{"score", ".", "-", "--threads", "two"}, "--threads is 'two', but must be a whole number"},
      {{"score", ".", "-", "--threads"}, "--threads"},
      {{"generate", "."}, "give either PROMPT, --jsonl FILE or --chat FILE"},
      {{"generate", ".", "x", "-n", "-3"}, "--max-new-tokens is '-3'"},
      {{"generate", ".", "x", "--until", ""}, "--until must not be empty"},
      {{"logits", ".", "-o", "x"}, "--ids is missing"},
      {{"logits", ".", "--ids", "x"}, "--output is missing"},
      {{"make-model"}, "DIR is missing"},
      {{"make-model", "/tmp/x", "--shape", "2b"}, "--shape is '2b', but must be one of tiny, 135m"},
      {{"make-model", "/tmp/x", "--dtype", "int8"},
       "--dtype is 'int8', but must be F32, F16 or BF16"},
      {{"make-model", "/tmp/x", "--num-attention-heads", "7"}, "no multiple of 7 attention heads"},
      {{"make-model", "/tmp/x", "--num-key-value-heads", "3"}, "must divide the 8 attention heads"},
      {{"make-model", "/tmp/x", "--head-dim", "7"}, "needs an even one"},
      {{"make-model", "/tmp/x", "--initializer-range", "nan"}, "--initializer-range is 'nan'"},
      {{"make-model", "/tmp/x", "--tie-word-embeddings", "maybe"}, "must be yes or no"},
      {{"tasks", "--show", "a", "--sample", "b"}, "give either --show or --sample"},
      {{"tasks", "-d", "/does/not/exist"}, "--directory '/does/not/exist' is not a directory"},
      {{"status", "/tmp/no-such-results.h5"}, "no sweep has written to '/tmp/no-such-results.h5'"},
      {{"run", "/does/not/exist.yaml"}, "JOB '/does/not/exist.yaml' does not exist"},
      {{"collect"}, "OUTPUT is missing"},
      {{"analyze"}, "FILE is missing"},
      {{"analyze", "/no/such.h5"}, "/no/such.h5"},
      {{"analyze", "/etc/hostname", "--size", "weight"}, "size axis is \"weight\""},
      {{"analyze", "/etc/hostname", "--reference", "tuning"}, "is not LEVER=LEVEL"},
      {{"analyze", "/etc/hostname", "--density", "pythia"}, "is not FAMILY,LOSS,SCORE"},
      {{"analyze", "/etc/hostname", "--confidence", "95"}, "--confidence"},
      {{"plan"}, "JOB is missing"},
  };
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(testing::PrintToString(mistake.words));
    const Outcome outcome = run_program(mistake.words);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, StartsWith("error: "));
    EXPECT_THAT(outcome.err, HasSubstr(mistake.expected));
    EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
  }
}

TEST(Program, ADamagedGgufFileIsRefusedByName) {
  const ScratchDirectory scratch;
  const std::string file = scratch.write("model.gguf", "GGUF");
  const std::string ids = scratch.write("ids.json", R"([{"ids": [1]}])");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"inspect", file},
        {"tokenize", file, "text"},
        {"generate", file, "x"},
        {"logits", file, "--ids", ids, "--output", "/tmp/never-written"}}) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(file + ": "));
    EXPECT_THAT(outcome.err, HasSubstr("cut short"));
  }
}

TEST(Program, OutputThatCannotBeWrittenIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  const int status =
      std::system((std::string(ALLOMETER_PROGRAM) + " --help > /dev/full 2> /dev/null").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
}  // namespace allometer::cli
