#include "tasks/dataset.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/csv.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string failure(std::string_view text, const std::string& name) {
  return message_of<FormatError>([&] { parse_dataset(text, name); });
}

TEST(Dataset, JsonLinesKnowTheirLines) {
  const Dataset data = parse_dataset("{\"a\": 1}\n\n{\"a\": \"two\"}\r\n{\"a\": [3]}", "d.jsonl");
  EXPECT_THAT(data.rows, ElementsAre(1, 3, 4));
  EXPECT_THAT(data.ids, ElementsAre("1", "3", "4"));
  EXPECT_EQ(data.documents.at(1).at("a"), "two");
  EXPECT_EQ(data.where(2), "d.jsonl:4: ");
  EXPECT_EQ(data.digest, sha256("{\"a\": 1}\n\n{\"a\": \"two\"}\r\n{\"a\": [3]}"));
}

TEST(Dataset, JsonArraysBareOrNamed) {
  for (const char* text :
       {R"([{"x": 1}, {"x": 2}])", R"({"canary": "c", "examples": [{"x": 1}, {"x": 2}]})",
        "\xEF\xBB\xBF{\"data\": [{\"x\": 1},\n {\"x\": 2}]}"}) {
    const Dataset data = parse_dataset(text, "d.json");
    ASSERT_EQ(data.documents.size(), 2U) << text;
    EXPECT_EQ(data.documents[1].at("x"), 2);
    EXPECT_THAT(data.rows, ElementsAre(1, 2));
  }
}

TEST(Dataset, CsvFollowsRfc4180) {
  const Dataset data = parse_dataset(
      "id,text,label,code\r\na,\"one, \"\"two\"\"\nthree\",3,007\r\n\"b\",,-4,8\r\n", "d.csv");
  ASSERT_EQ(data.documents.size(), 2U);
  EXPECT_EQ(data.documents[0].at("text"), "one, \"two\"\nthree");
  EXPECT_EQ(data.documents[0].at("label"), 3);  // every value of the column is a plain integer
  EXPECT_EQ(data.documents[1].at("label"), -4);
  EXPECT_EQ(data.documents[0].at("code"), "007");  // not every value here is
  EXPECT_EQ(data.documents[1].at("code"), "8");
  EXPECT_EQ(data.documents[1].at("text"), "");
  EXPECT_THAT(data.rows, ElementsAre(2, 4));
  EXPECT_THAT(data.ids, ElementsAre("a", "b"));
}

TEST(Dataset, BadCsvNamesTheLine) {
  EXPECT_THAT(failure("a,b\n1,2\n1,2,3\n", "d.csv"),
              AllOf(StartsWith("d.csv:3: "), HasSubstr("2 fields, this row has 3")));
  EXPECT_THAT(failure("a,b\n1,\"2\n3,4\n", "d.csv"),
              AllOf(StartsWith("d.csv:2: "), HasSubstr("never closed")));
  EXPECT_THAT(failure("a,b\n1,2\"\"\n", "d.csv"),
              AllOf(StartsWith("d.csv:2: "), HasSubstr("quote")));
  EXPECT_THAT(failure("a,b\n1,\"2\"x\n", "d.csv"),
              AllOf(StartsWith("d.csv:2: "), HasSubstr("comma")));
  EXPECT_THAT(failure("a,a\n1,2\n", "d.csv"), HasSubstr("'a' twice"));
  EXPECT_THAT(failure("", "d.csv"), HasSubstr("d.csv"));
  EXPECT_THAT(failure("a,b\n", "d.csv"), HasSubstr("no rows"));
}

TEST(Dataset, BadRowsNameFileAndRow) {
  EXPECT_THAT(failure("{\"a\": 1}\n{\"a\": \n{\"a\": 3}\n", "d.jsonl"),
              StartsWith("d.jsonl:2: not a JSON object"));
  EXPECT_THAT(failure("{\"a\": 1}\n{\"a\": \"cut", "d.jsonl"),
              AllOf(StartsWith("d.jsonl:2: "), HasSubstr("cut off")));
  EXPECT_THAT(failure("{\"a\": 1}\n[1]\n", "d.jsonl"),
              AllOf(StartsWith("d.jsonl:2: "), HasSubstr("array")));
  EXPECT_THAT(failure("[{\"a\": 1},\n\n {\"a\" 1}]", "d.json"),
              StartsWith("d.json:3: not valid JSON"));
  EXPECT_THAT(failure("[{}, 7]", "d.json"), AllOf(StartsWith("d.json:2: "), HasSubstr("number")));
  EXPECT_THAT(failure("{\"rows\": []}", "d.json"), HasSubstr("\"examples\" or \"data\""));
  EXPECT_THAT(failure("{\"a\": 1}\n{\"a\": \"\xC3\x28\"}\n", "d.jsonl"),
              AllOf(StartsWith("d.jsonl:2: "), HasSubstr("0xC3")));
  EXPECT_THAT(failure("{}", "d.txt"), HasSubstr("*.jsonl"));
  EXPECT_THAT(failure("\n\n", "d.jsonl"), HasSubstr("no rows"));
}

TEST(Dataset, IdsAreUniqueOrRefused) {
  EXPECT_THAT(parse_dataset("{\"id\": 7}\n{\"id\": \"x\"}\n", "d.jsonl").ids,
              ElementsAre("7", "x"));
  EXPECT_THAT(failure("{\"id\": 7}\n{\"id\": 8}\n{\"id\": \"7\"}\n", "d.jsonl"),
              AllOf(StartsWith("d.jsonl:3: "), HasSubstr("'7'"), HasSubstr("row 1")));
  EXPECT_THAT(failure("{\"id\": 7}\n{\"x\": 8}\n", "d.jsonl"),
              AllOf(StartsWith("d.jsonl:2: "), HasSubstr("no field 'id'")));
  EXPECT_THAT(failure("{\"id\": 1.5}\n", "d.jsonl"),
              AllOf(StartsWith("d.jsonl:1: "), HasSubstr("1.5")));
}

TEST(Dataset, HoldsAMillionRows) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "{\"q\":" + std::to_string(i) + "}\n";
  const Dataset data = parse_dataset(text, "d.jsonl");
  ASSERT_EQ(data.documents.size(), 1'000'000U);
  EXPECT_EQ(data.ids.back(), "1000000");
  EXPECT_EQ(data.documents.back().at("q"), 999'999);
}

TEST(Dataset, MissingFilesAreInputErrors) {
  EXPECT_THROW(load_dataset("/nowhere/d.jsonl"), IoError);
}

TEST(FetchDataset, WritesPinnedRowsOrNothing) {
  const std::string command =
      "/usr/bin/python3 " ALLOMETER_SOURCE_DIR "/tests/tasks/fetch_dataset_test.py 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace allometer::tasks
