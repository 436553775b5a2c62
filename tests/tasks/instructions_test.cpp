#include <cstdlib>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/dataset.hpp"
#include "tasks/instructions/detect_language.hpp"
#include "tasks/instructions/instruction.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::filesystem::path kData =
    std::filesystem::path(ALLOMETER_SOURCE_DIR) / "tests" / "tasks" / "data";

Verdicts verdicts_of(const std::string& id, const json& kwargs, const std::string& response) {
  const json document{{"instruction_id_list", {id}}, {"kwargs", {kwargs}}};
  return InstructionList(document, "here: ").verify(response);
}

bool strictly(const std::string& id, const json& kwargs, const std::string& response) {
  return verdicts_of(id, kwargs, response).strict[0];
}

bool loosely(const std::string& id, const std::string& response) {
  return verdicts_of(id, json::object(), response).loose[0];
}

std::string error_of(const json& document) {
  return message_of<ConfigError>([&] { InstructionList(document, "data.jsonl:7: "); });
}

std::string error_of(const std::string& id, const json& kwargs) {
  return error_of(json{{"instruction_id_list", {id}}, {"kwargs", {kwargs}}});
}

std::string digits_of(const std::vector<bool>& verdicts) {
  std::string digits;
  for (const bool verdict : verdicts) digits += verdict ? '1' : '0';
  return digits;
}

// Written by make_instruction_cases.py, which has each type on both sides of its boundaries, and
// texts put together at random. The verdicts are Python's and NLTK's.
TEST(Instructions, FollowTheDefinitionsAsPythonReadsThem) {
  const Dataset groups = load_dataset(kData / "instruction_cases.jsonl");
  std::map<std::string, std::set<bool>> seen;
  for (std::size_t i = 0; i < groups.documents.size(); ++i) {
    const json& group = groups.documents[i];
    const InstructionList list(group, groups.where(i));
    for (const json& expected : group["responses"]) {
      const Verdicts verdicts = list.verify(expected["response"].get<std::string>());
      const std::string message = fmt::format("{}{}", groups.where(i), expected["response"].dump());
      EXPECT_EQ(digits_of(verdicts.strict), expected["strict"]) << message;
      EXPECT_EQ(digits_of(verdicts.loose), expected["loose"]) << message;
      for (std::size_t k = 0; k < list.ids().size(); ++k)
        seen[list.ids()[k]].insert(verdicts.strict[k]);
    }
  }
  for (const auto& [id, both] : seen) EXPECT_EQ(both.size(), 2) << id;
  // The others need a language: the tests below.
  EXPECT_EQ(seen.size(), instruction_kinds().size() - 3);
}

TEST(Instructions, AreTheTwentyFiveOfIfevalAndOneMore) {
  EXPECT_EQ(instruction_kinds().size(), 26);
}

TEST(Instructions, FollowTheLanguageOfTheResponse) {
  const auto follows = [](const char* language, const char* response) {
    return strictly("language:response_language", {{"language", language}}, response);
  };
  const std::map<std::string, std::string> texts{
      {"ar", "كان هناك طفل صغير يحب القراءة في الحديقة"},
      {"bg", "Имаше едно малко момче, което обичаше да чете в градината"},
      {"bn", "একটি ছোট ছেলে বাগানে বই পড়তে ভালোবাসত"},
      {"de", "Es war einmal ein kleiner Junge, der gern im Garten las"},
      {"en", "There once was a little boy who loved to read in the garden"},
      {"es", "Había una vez un niño pequeño que amaba leer en el jardín"},
      {"fa", "روزی پسر کوچکی بود که دوست داشت در باغ کتاب بخواند"},
      {"fi", "Olipa kerran pieni poika, joka rakasti lukemista puutarhassa"},
      {"fr", "Il était une fois un petit garçon qui aimait lire dans le jardin"},
      {"gu", "એક નાનો છોકરો હતો જેને બગીચામાં વાંચવું ગમતું હતું"},
      {"he", "היה פעם ילד קטן שאהב לקרוא בגינה"},
      {"hi", "एक छोटा लड़का था जिसे बगीचे में पढ़ना बहुत पसंद था"},
      {"it", "C'era una volta un bambino che amava leggere nel giardino"},
      {"ja", "昔々、庭で本を読むのが好きな小さな男の子がいました"},
      {"kn", "ಒಬ್ಬ ಚಿಕ್ಕ ಹುಡುಗನಿಗೆ ತೋಟದಲ್ಲಿ ಓದುವುದು ಇಷ್ಟವಾಗಿತ್ತು"},
      {"ko", "옛날에 정원에서 책 읽기를 좋아하는 작은 소년이 있었습니다"},
      {"ml", "പൂന്തോട്ടത്തിൽ വായിക്കാൻ ഇഷ്ടപ്പെട്ട ഒരു കൊച്ചുകുട്ടി ഉണ്ടായിരുന്നു"},
      {"mr", "एक लहान मुलगा होता ज्याला बागेत वाचायला खूप आवडत असे"},
      {"ne", "एउटा सानो केटा थियो जसलाई बगैंचामा पढ्न मन पर्थ्यो"},
      {"pa", "ਇੱਕ ਛੋਟਾ ਮੁੰਡਾ ਸੀ ਜਿਸਨੂੰ ਬਾਗ ਵਿੱਚ ਪੜ੍ਹਨਾ ਪਸੰਦ ਸੀ"},
      {"pl", "Był sobie kiedyś mały chłopiec, który uwielbiał czytać w ogrodzie"},
      {"pt", "Era uma vez um menino pequeno que gostava muito de ler no jardim"},
      {"ru", "Жил-был маленький мальчик, который любил читать в саду"},
      {"sw", "Hapo zamani kulikuwa na mvulana mdogo aliyependa kusoma bustanini"},
      {"ta", "தோட்டத்தில் படிக்க விரும்பிய ஒரு சிறுவன் இருந்தான்"},
      {"te", "తోటలో చదవడం ఇష్టపడే ఒక చిన్న పిల్లవాడు ఉండేవాడు"},
      {"th", "กาลครั้งหนึ่งมีเด็กชายตัวเล็กที่ชอบอ่านหนังสือในสวน"},
      {"uk", "Жив собі маленький хлопчик, який любив читати в саду"},
      {"ur", "ایک چھوٹا لڑکا تھا جسے باغ میں پڑھنا بہت پسند تھا"},
      {"vi", "Ngày xưa có một cậu bé rất thích đọc sách trong vườn"},
      {"zh-cn", "从前有一个小男孩，他喜欢在花园里读书，每天都去"},
  };
  for (const auto& [language, text] : texts) {
    EXPECT_EQ(detect_language(text), language);
    EXPECT_TRUE(follows(language.c_str(), text.c_str())) << language;
    EXPECT_FALSE(follows(language == "en" ? "de" : "en", text.c_str())) << language;
  }
  // Where langdetect finds nothing to go by, the instruction counts as followed.
  EXPECT_EQ(detect_language("123 + 456 = ?"), std::nullopt);
  EXPECT_TRUE(follows("ko", "123 + 456 = ?"));
  EXPECT_FALSE(follows("ko", " \n "));
}

TEST(Instructions, WantOneCaseAndEnglish) {
  const auto capital = [](const char* response) {
    return strictly("change_case:english_capital", json::object(), response);
  };
  const auto lowercase = [](const char* response) {
    return strictly("change_case:english_lowercase", json::object(), response);
  };
  EXPECT_TRUE(capital("THE CAT SAT ON THE MAT."));
  EXPECT_FALSE(capital("THE CAT SAT ON the MAT."));
  EXPECT_FALSE(capital("DIE KATZE SITZT AUF DER MATTE UND SCHLÄFT."));
  EXPECT_FALSE(capital("123"));  // no letter that has a case
  EXPECT_TRUE(capital("RED"));
  EXPECT_TRUE(lowercase("the cat sat on the mat."));
  EXPECT_FALSE(lowercase("The cat sat on the mat."));
  EXPECT_FALSE(lowercase("die katze sitzt auf der matte und schläft."));
  EXPECT_TRUE(loosely("change_case:english_capital", "Sure:\nTHE CAT SAT ON THE MAT."));
  EXPECT_FALSE(loosely("change_case:english_lowercase", "Sure: the cat sat on the mat."));
}

TEST(Instructions, AreLooselyFollowedWithoutFirstOrLastLineOrStars) {
  EXPECT_TRUE(loosely("startend:quotation", "Here:\n\"a\""));
  EXPECT_TRUE(loosely("startend:quotation", "\"a\"\nDone"));
  EXPECT_TRUE(loosely("startend:quotation", "Here:\n\"a\"\nDone"));
  EXPECT_TRUE(loosely("startend:quotation", "Here:\n**\"a\"**\nDone"));
  EXPECT_FALSE(loosely("startend:quotation", "Here:\nit is\n\"a\"\nDone"));
  EXPECT_FALSE(strictly("startend:quotation", json::object(), "**\"a\"**"));
  // With its only line gone nothing remains, and nothing follows nothing.
  EXPECT_FALSE(loosely("punctuation:no_comma", "a, b"));
  EXPECT_FALSE(loosely("punctuation:no_comma", " \n\t"));
}

TEST(Instructions, TakeBytesThatAreNotUtf8) {
  EXPECT_TRUE(strictly("punctuation:no_comma", json::object(), "a \xFF\xC3"));
  EXPECT_TRUE(strictly("length_constraints:number_words",
                       {{"relation", "exactly"}, {"num_words", 2}}, "a \xFF b"));
}

TEST(Instructions, TakeLongRunsOfTheSameCharacter) {
  for (const char c : {'\n', '*', '<', '[', '.', ' ', '"', '-', '{'}) {
    const std::string response = "a" + std::string(20'000, c);
    for (const InstructionKind& kind : instruction_kinds()) {
      const json every{{"keywords", {"b"}},
                       {"forbidden_words", {"b"}},
                       {"keyword", "b"},
                       {"frequency", 1},
                       {"relation", "at least"},
                       {"letter", "b"},
                       {"let_relation", "at least"},
                       {"let_frequency", 1},
                       {"words", {"b"}},
                       {"language", "en"},
                       {"num_sentences", 3},
                       {"num_words", 2},
                       {"num_paragraphs", 2},
                       {"nth_paragraph", 1},
                       {"first_word", "b"},
                       {"num_placeholders", 1},
                       {"postscript_marker", "P.S."},
                       {"num_bullets", 1},
                       {"num_highlights", 1},
                       {"section_spliter", "b"},
                       {"num_sections", 1},
                       {"prompt_to_repeat", "b"},
                       {"end_phrase", "b"},
                       {"capital_relation", "at least"},
                       {"capital_frequency", 1}};
      InstructionArguments arguments(every, "", std::string(kind.id));
      EXPECT_NO_THROW(kind.make(arguments)(response)) << kind.id << " " << c;
    }
  }
}

TEST(Instructions, RefuseWhatNoResponseCanFollow) {
  EXPECT_THAT(
      error_of("keywords:existance", json::object()),
      HasSubstr("data.jsonl:7: there is no type of instruction 'keywords:existance'; did you "
                "mean 'keywords:existence'"));
  EXPECT_EQ(error_of("keywords:existence", json::object()),
            "data.jsonl:7: keywords:existence: kwargs lack 'keywords'");
  EXPECT_EQ(error_of("keywords:existence", {{"keywords", nullptr}}),
            "data.jsonl:7: keywords:existence: kwargs lack 'keywords'");
  EXPECT_THAT(error_of("keywords:existence", {{"keywords", json::array()}}),
              HasSubstr("keywords: must be a list of at least one text"));
  EXPECT_THAT(error_of("keywords:existence", {{"keywords", {"a(b"}}}),
              HasSubstr("keywords: the regular expression '(?i)a(b' is malformed at character 8"));
  EXPECT_THAT(
      error_of("keywords:existence", {{"keywords", {"a"}}, {"keyword", "b"}}),
      HasSubstr("takes no argument 'keyword'; did you mean 'keywords'? It takes: keywords"));
  EXPECT_THAT(error_of("punctuation:no_comma", {{"commas", 1}}),
              HasSubstr("takes no argument 'commas'."));
  EXPECT_THAT(
      error_of("length_constraints:number_words", {{"relation", "more than"}, {"num_words", 1}}),
      HasSubstr("relation: 'more than' is unknown"));
  EXPECT_THAT(
      error_of("length_constraints:number_words", {{"relation", "at least"}, {"num_words", -1}}),
      HasSubstr("num_words: must be a whole number, at least 0, not -1"));
  EXPECT_THAT(
      error_of("length_constraints:number_words", {{"relation", "at least"}, {"num_words", 1.5}}),
      HasSubstr("not 1.5"));
  EXPECT_THAT(error_of("length_constraints:nth_paragraph_first_word",
                       {{"num_paragraphs", 2}, {"nth_paragraph", 3}, {"first_word", "a"}}),
              HasSubstr("nth_paragraph: 3 is more than num_paragraphs, 2"));
  EXPECT_THAT(error_of("keywords:letter_frequency",
                       {{"letter", "ab"}, {"let_relation", "at least"}, {"let_frequency", 1}}),
              HasSubstr("letter: must be a single character, not 'ab'"));
  EXPECT_THAT(error_of("keywords:order", {{"words", {"two words"}}}),
              HasSubstr("words: 'two words' must be a single word"));
  EXPECT_THAT(error_of("language:response_language", {{"language", "english"}}),
              HasSubstr("'english' is none of the codes of langdetect"));
  EXPECT_THAT(error_of("punctuation:no_comma", 3), HasSubstr("its kwargs must be an object"));
}

TEST(Instructions, RefuseDocumentsThatAreNotLikeIfevals) {
  EXPECT_THAT(error_of(json{{"prompt", "a"}}),
              HasSubstr("data.jsonl:7: 'instruction_id_list' must be a list"));
  EXPECT_THAT(error_of(json{{"instruction_id_list", json::array()}, {"kwargs", json::array()}}),
              HasSubstr("instruction_id_list has 0 entries and kwargs has 0"));
  EXPECT_THAT(
      error_of(json{{"instruction_id_list", {"punctuation:no_comma"}}, {"kwargs", json::array()}}),
      HasSubstr("instruction_id_list has 1 entries and kwargs has 0"));
  EXPECT_THAT(error_of(json{{"instruction_id_list", {1}}, {"kwargs", {1}}}),
              HasSubstr("must be a list of texts"));
}

TEST(Instructions, StopExpressionsThatWouldNeverEnd) {
  const json kwargs{{"keywords", {"(a+)+(b|c)"}}};
  EXPECT_THAT(message_of<ConfigError>(
                  [&] { strictly("keywords:existence", kwargs, std::string(64, 'a')); }),
              HasSubstr("here: keywords:existence: keywords: the regular expression "
                        "'(?i)(a+)+(b|c)' takes too long"));
}

TEST(Instructions, OfIfevalAreAllRead) {
  const char* shared = std::getenv("ALLOMETER_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const Dataset dataset =
      load_dataset(std::filesystem::path(shared) / "ifeval" / "input_data.jsonl");
  std::map<std::string, int> counts;
  std::map<std::size_t, int> sizes;
  for (std::size_t i = 0; i < dataset.documents.size(); ++i) {
    const InstructionList list(dataset.documents[i], dataset.where(i));
    ++sizes[list.ids().size()];
    for (const std::string& id : list.ids()) ++counts[id];
  }
  EXPECT_EQ(dataset.documents.size(), 541);
  EXPECT_EQ(sizes, (std::map<std::size_t, int>{{1, 305}, {2, 179}, {3, 57}}));
  EXPECT_EQ(counts, (std::map<std::string, int>{
                        {"change_case:capital_word_frequency", 25},
                        {"change_case:english_capital", 25},
                        {"change_case:english_lowercase", 39},
                        {"combination:repeat_prompt", 41},
                        {"combination:two_responses", 24},
                        {"detectable_content:number_placeholders", 27},
                        {"detectable_content:postscript", 26},
                        {"detectable_format:constrained_response", 10},
                        {"detectable_format:json_format", 17},
                        {"detectable_format:multiple_sections", 14},
                        {"detectable_format:number_bullet_lists", 31},
                        {"detectable_format:number_highlighted_sections", 48},
                        {"detectable_format:title", 37},
                        {"keywords:existence", 39},
                        {"keywords:forbidden_words", 49},
                        {"keywords:frequency", 42},
                        {"keywords:letter_frequency", 33},
                        {"language:response_language", 31},
                        {"length_constraints:nth_paragraph_first_word", 12},
                        {"length_constraints:number_paragraphs", 27},
                        {"length_constraints:number_sentences", 52},
                        {"length_constraints:number_words", 52},
                        {"punctuation:no_comma", 66},
                        {"startend:end_checker", 26},
                        {"startend:quotation", 41},
                    }));
  int total = 0;
  for (const auto& [id, count] : counts) total += count;
  EXPECT_EQ(total, 834);
}

}  // namespace
}  // namespace allometer::tasks
