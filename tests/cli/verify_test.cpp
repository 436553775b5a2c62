#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace allometer::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kInput =
    R"({"key": 1, "prompt": "Say it.", "instruction_id_list": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {}]}
{"key": 2, "prompt": "Be brief.", "instruction_id_list": ["length_constraints:number_words"], "kwargs": [{"relation": "less than", "num_words": 3}]}
)";

/// An error is one line that names the place.
void expect_refused(const std::vector<std::string>& words, const std::string& message) {
  const Outcome outcome = run_program(words);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(message));
  EXPECT_EQ(lines_of(outcome.err).size(), 1) << outcome.err;
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(Verify, CountsByPromptAndByInstruction) {
  const ScratchDirectory scratch;
  const std::string input = scratch.write("input.jsonl", kInput);
  const std::string responses =
      scratch.write("responses.jsonl",
                    R"({"prompt": "Be brief.", "response": "One two three"}
{"prompt": "Say it.", "response": "Sure:\n\"it\""}
)");
  const std::string output = scratch.path() / "verdicts.jsonl";
  const Outcome outcome =
      run_program({"verify", responses, "--input", input, "--json", "-o", output});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out),
            (json{{"responses", 2},
                  {"instructions", 3},
                  {"prompt_level_strict_acc", 0.0},
                  {"inst_level_strict_acc", 1.0 / 3},
                  {"prompt_level_loose_acc", 0.5},
                  {"inst_level_loose_acc", 2.0 / 3},
                  {"types",
                   {{"length_constraints:number_words",
                     {{"instructions", 1}, {"strict_acc", 0.0}, {"loose_acc", 0.0}}},
                    {"punctuation:no_comma",
                     {{"instructions", 1}, {"strict_acc", 1.0}, {"loose_acc", 1.0}}},
                    {"startend:quotation",
                     {{"instructions", 1}, {"strict_acc", 0.0}, {"loose_acc", 1.0}}}}}}));
  const std::vector<std::string> lines = lines_of(read_file(output));
  ASSERT_EQ(lines.size(), 2);
  const json verdict = json::parse(lines[1]);
  EXPECT_EQ(verdict["key"], 1);
  EXPECT_EQ(verdict["response"], "Sure:\n\"it\"");
  EXPECT_EQ(verdict["strict"]["follow_instruction_list"], (json{true, false}));
  EXPECT_EQ(verdict["strict"]["follow_all_instructions"], false);
  EXPECT_EQ(verdict["loose"]["follow_all_instructions"], true);

  const Outcome table = run_program({"verify", responses, "--input", input});
  EXPECT_THAT(table.out,
              HasSubstr("prompt level                                    0.0000  0.5000"));
  EXPECT_THAT(table.out, HasSubstr("  startend:quotation"));
}

TEST(Verify, ReadsInstructionsBesideTheResponses) {
  const ScratchDirectory scratch;
  const std::string own = scratch.write(
      "own.jsonl",
      R"({"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{"num_words": null}], "response": "a"})");
  EXPECT_EQ(json::parse(run_program({"verify", own, "--json"}).out)["prompt_level_strict_acc"], 1);
  const std::string samples = scratch.write(
      "samples.jsonl",
      R"({"doc_id": 0, "doc": {"key": 3, "prompt": "p", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}, "resps": [["a, b"]], "filtered_resps": ["a, b"]}
{"doc_id": 1, "doc": {"key": 4, "prompt": "q", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}, "resps": [["a"]]})");
  EXPECT_EQ(json::parse(run_program({"verify", samples, "--json"}).out)["prompt_level_strict_acc"],
            0.5);
}

TEST(Verify, RefusesFilesThatDoNotFit) {
  const ScratchDirectory scratch;
  const std::string input = scratch.write("input.jsonl", kInput);
  const auto responses = [&](const std::string& text) { return scratch.write("r.jsonl", text); };
  const std::string brief = R"({"prompt": "Be brief.", "response": "Yes"})";
  expect_refused({"verify", responses(brief), "--input", input},
                 "input.jsonl:1: this prompt, one of 1, has no response; --partial");
  EXPECT_EQ(run_program({"verify", responses(brief), "--input", input, "--partial"}).exit_code, 0);
  expect_refused({"verify", responses(brief + "\n" + brief), "--input", input},
                 "r.jsonl:2: a response to the same prompt");
  expect_refused(
      {"verify", responses(R"({"prompt": "Be brief", "response": "Yes"})"), "--input", input},
      "r.jsonl:1: no prompt in ");
  expect_refused({"verify", responses(R"({"prompt": "Be brief."})"), "--input", input},
                 "r.jsonl:1: must have the text \"response\"");
  expect_refused({"verify", responses(brief)}, "r.jsonl:1: tells no instructions: give --input");
  expect_refused({"verify", responses(R"({"doc": 3, "resps": [["a"]]})")},
                 "r.jsonl:1: \"doc\" must be the document");
  expect_refused({"verify", responses(R"({"doc": {}, "resps": []})")},
                 "r.jsonl:1: \"resps\" must hold the text");
  expect_refused({"verify", responses("{\"prompt\": ")}, "r.jsonl:1: ");
  const std::string twice = scratch.write("twice.jsonl", std::string(kInput) + kInput);
  expect_refused({"verify", responses(brief), "--input", twice},
                 "twice.jsonl:3: the same prompt stands further up");
  const std::string wrong = scratch.write(
      "wrong.jsonl",
      R"({"prompt": "Be brief.", "instruction_id_list": ["length_constraints:number_words"], "kwargs": [{"num_words": 3}]})");
  expect_refused({"verify", responses(brief), "--input", wrong},
                 "wrong.jsonl:1: length_constraints:number_words: kwargs lack 'relation'");
  expect_refused({"verify", "no_such.jsonl"}, "no_such.jsonl");
}

TEST(Verify, ScoresIfevalsPrompts) {
  const char* shared = std::getenv("ALLOMETER_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const std::filesystem::path input = std::filesystem::path(shared) / "ifeval" / "input_data.jsonl";
  const ScratchDirectory scratch;
  std::string echoes, blanks;
  for (const std::string& line : lines_of(read_file(input))) {
    const json document = json::parse(line);
    const json& prompt = document["prompt"];
    json echo = prompt;
    for (const json& kwargs : document["kwargs"]) echo = kwargs.value("prompt_to_repeat", echo);
    echoes += json{{"prompt", prompt}, {"response", echo}}.dump() + "\n";
    blanks += json{{"prompt", prompt}, {"response", " \n"}}.dump() + "\n";
  }
  const auto verified = [&](const std::string& responses) {
    const Outcome outcome =
        run_program({"verify", scratch.write("r.jsonl", responses), "-i", input, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out);
  };
  const json blank = verified(blanks);
  EXPECT_EQ(blank["responses"], 541);
  EXPECT_EQ(blank["instructions"], 834);
  for (const char* level : {"prompt_level_strict_acc", "inst_level_strict_acc",
                            "prompt_level_loose_acc", "inst_level_loose_acc"}) {
    EXPECT_EQ(blank[level], 0) << level;
  }
  const json echo = verified(echoes);
  // An echo repeats what is to be repeated, and follows other instructions only by chance.
  EXPECT_EQ(echo["types"]["combination:repeat_prompt"]["strict_acc"], 1);
  EXPECT_EQ(echo["types"]["startend:quotation"]["strict_acc"], 0);
}

}  // namespace
}  // namespace allometer::cli
