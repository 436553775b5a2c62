#include "tasks/rationale_docs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/temporary_directory.hpp"
#include "tasks/transforms.hpp"
#include "tasks/words_of_spans.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class RationaleDocs : public testing::Test {
 protected:
  Dataset apply(const std::string& name, const std::string& file) const {
    return find_transform(name)->apply(load_dataset(directory_.path() / file));
  }
  void expect_failure(const std::string& name, const std::string& file,
                      const std::string& message) {
    EXPECT_THAT(message_of<ConfigError>([&] { apply(name, file); }),
                AllOf(HasSubstr(file + ":"), HasSubstr(message)));
  }

  TemporaryDirectory directory_;
};

constexpr const char* kEsnliHeader =
    "pairID,gold_label,Sentence1,Sentence2,Explanation_1,WorkerId,Sentence1_marked_1,"
    "Sentence2_marked_1,Sentence1_Highlighted_1,Sentence2_Highlighted_1\n";

TEST_F(RationaleDocs, EsnliHighlightsBecomeSpans) {
  directory_.write("dev.csv",
                   std::string(kEsnliHeader) +
                       "41.jpg#2n,neutral,\"Two women, with bags.\",Women are happy.,Not said.,A1,"
                       "\"Two women, with bags.\",Women are *happy.*,{},\"2\"\n"
                       "41.jpg#2c,contradiction,A man sleeps.,A man runs.,No.,A1,A man *sleeps.*,"
                       "A *man* *runs.*,2,\"1,2\"\n"
                       "41.jpg#2e,entailment,A man sleeps.,A man rests.,No.,A1,A *man sleeps.,"
                       "A man *rests* ,2,\"1,2\"\n");
  const Dataset data = apply("esnli", "dev.csv");
  ASSERT_EQ(data.documents.size(), 3U);
  EXPECT_EQ(data.ids[0], "41.jpg#2n");
  EXPECT_EQ(data.documents[0]["premise"], "Two women, with bags.");
  EXPECT_EQ(data.documents[0]["gold"], 1);
  EXPECT_EQ(data.documents[0]["premise_rationale"], json::array());
  EXPECT_THAT(words_of_spans(data.documents[0], "hypothesis", "hypothesis_rationale"),
              testing::ElementsAre("happy."));
  EXPECT_THAT(words_of_spans(data.documents[1], "premise", "premise_rationale"),
              testing::ElementsAre("sleeps."));
  EXPECT_THAT(words_of_spans(data.documents[1], "hypothesis", "hypothesis_rationale"),
              testing::ElementsAre("man", "runs."));
  // A mark that is never closed, and a marked text that is another one.
  EXPECT_TRUE(data.documents[2]["premise_rationale"].is_null());
  EXPECT_TRUE(data.documents[2]["hypothesis_rationale"].is_null());
}

TEST_F(RationaleDocs, DamagedEsnliIsRefused) {
  directory_.write("a.csv", std::string(kEsnliHeader) + "1,-,a,b,c,d,a,b,e,f\n");
  expect_failure("esnli", "a.csv", "gold_label must be entailment, neutral or contradiction");
  directory_.write("b.csv", "pairID,gold_label,Sentence1\n1,neutral,a\n");
  expect_failure("esnli", "b.csv", "there is no 'Sentence2'");
}

TEST_F(RationaleDocs, EraserMoviesReadTheirDocuments) {
  std::filesystem::create_directory(directory_.path() / "docs");
  directory_.write("docs/neg_1.txt", "the film was\nvery dull .\n");
  const std::string row =
      R"({"annotation_id": "neg_1.txt", "classification": "NEG", "query": "What is it?", "evidences": [[{"docid": "neg_1.txt", "start_token": 3, "end_token": 5, "text": "very dull"}], [{"docid": "neg_1.txt", "start_token": 1, "end_token": 2, "text": "film"}]]})";
  directory_.write("test.jsonl", row + "\n");
  const Dataset data = apply("eraser", "test.jsonl");
  const json& document = data.documents.at(0);
  EXPECT_EQ(data.ids[0], "neg_1.txt");
  EXPECT_EQ(document["text"], "the film was\nvery dull .\n");
  EXPECT_EQ(document["label"], "NEG");
  EXPECT_EQ(document["query"], "What is it?");
  EXPECT_THAT(words_of_spans(document, "text", "rationale"),
              testing::ElementsAre("very dull", "film"));

  const std::string digest = data.digest.hex();
  directory_.write("docs/neg_1.txt", "the film was\nvery long .\n");
  EXPECT_NE(apply("eraser", "test.jsonl").digest.hex(), digest);
}

TEST_F(RationaleDocs, EraserPairsReadBothTexts) {
  directory_.write("docs.jsonl", R"({"docid": "7_premise", "document": "a man sleeps ."}
{"docid": "7_hypothesis", "document": "a man runs ."}
)");
  directory_.write(
      "test.jsonl",
      R"({"annotation_id": "7", "classification": "contradiction", "docids": null, "query": null, "evidences": [[{"docid": "7_hypothesis", "start_token": 2, "end_token": 3}]]})");
  const json document = apply("eraser", "test.jsonl").documents.at(0);
  EXPECT_EQ(document["text"], "a man sleeps .\na man runs .");
  EXPECT_THAT(words_of_spans(document, "text", "rationale"), testing::ElementsAre("runs"));
}

TEST_F(RationaleDocs, DamagedEraserIsRefused) {
  directory_.write("docs.jsonl", R"({"docid": "d", "document": "one two"})");
  const auto expect = [&](const std::string& row, const std::string& message) {
    directory_.write("t.jsonl", row);
    expect_failure("eraser", "t.jsonl", message);
  };
  const std::string head = R"({"annotation_id": "d", "classification": "NEG", "evidences": )";
  expect(head + R"([[{"docid": "d", "start_token": 1, "end_token": 3}]]})",
         "evidence of tokens 1 to 3 in 'd', which has 2");
  expect(head + R"([[{"docid": "d", "start_token": 1, "end_token": 1}]]})", "tokens 1 to 1");
  expect(head + R"([[{"docid": "d", "start_token": -1, "end_token": 1}]]})", "from 0, not -1");
  expect(head + R"([[{"docid": "../d", "start_token": 0, "end_token": 1}]]})",
         "there is no document '../d'");
  expect(head + R"([{"docid": "d"}]})", "a list of lists");
  expect(head + R"("none"})", "'evidences' must be a list");
  expect(R"({"annotation_id": "d"})", "there is no 'evidences'");
  expect(R"({"annotation_id": "x", "classification": "NEG", "evidences": []})",
         "there is no document 'x'");
}

constexpr const char* kQuestion =
    R"({"answerKey": "B", "id": "q1", "question": {"question_concept": "fox", "choices": [{"label": "A", "text": "sky"}, {"label": "B", "text": "den"}], "stem": "Where does a fox sleep?"})";

TEST_F(RationaleDocs, CoseSelectionsBecomeSpans) {
  directory_.write("csqa.jsonl", std::string(kQuestion) + "}\n");
  EXPECT_TRUE(apply("cose", "csqa.jsonl").documents[0]["rationale"].is_null());
  directory_.write("cose.jsonl",
                   R"({"id": "q1", "explanation": {"open-ended": "x", "selected": "fox sleep"}})");
  const json document = apply("cose", "csqa.jsonl").documents.at(0);
  EXPECT_EQ(document["text"], "Where does a fox sleep?");
  EXPECT_EQ(document["choices"], json({"sky", "den"}));
  EXPECT_EQ(document["gold"], 1);
  EXPECT_THAT(words_of_spans(document, "text", "rationale"), testing::ElementsAre("fox sleep"));
  directory_.write("csqa.jsonl",
                   std::string(kQuestion) + R"(, "explanation": {"selected": "bear"}})");
  EXPECT_TRUE(apply("cose", "csqa.jsonl").documents[0]["rationale"].is_null());
}

TEST_F(RationaleDocs, DamagedCoseIsRefused) {
  directory_.write("a.jsonl", R"({"id": "q", "question": "text", "answerKey": "A"})");
  expect_failure("cose", "a.jsonl", "there is no 'stem'");
  directory_.write("b.jsonl",
                   R"({"id": "q", "question": {"stem": "s", "choices": []}, "answerKey": "A"})");
  expect_failure("cose", "b.jsonl", "answerKey 'A' is the label of no choice");
}

}  // namespace
}  // namespace allometer::tasks
