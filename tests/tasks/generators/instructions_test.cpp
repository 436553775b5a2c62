// The requests of `instructions` and `preferences`, solved by a program that reads their English
// and knows nothing of the verifiers: it picks the right response, and writes responses that follow
// all instructions or all but one.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <regex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/generators/generated_data.hpp"
#include "tasks/instructions/instruction.hpp"
#include "tasks/temporary_directory.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}
std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Strings split_at(const std::string& text, const std::string& mark) {
  Strings pieces;
  std::size_t at = 0;
  for (std::size_t next; (next = text.find(mark, at)) != std::string::npos; at = next + mark.size())
    pieces.push_back(text.substr(at, next - at));
  pieces.push_back(text.substr(at));
  return pieces;
}

Strings words_in(const std::string& text) {
  Strings words(1);
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

int occurrences(const std::string& text, const std::string& part) {
  return static_cast<int>(split_at(text, part).size()) - 1;
}

/// What one sentence of a request asks for.
struct Wish {
  enum class Kind {
    capitals,
    small,
    capital_words,
    sentences,
    bullets,
    paragraphs,
    use,
    avoid,
    frequency,
    order,
    end,
    postscript,
    quotes,
    title,
    brackets,
    stars,
    length
  };
  Kind kind = Kind::capitals;
  int count = 0;
  Strings words;
};

int number_of(const std::string& word) {
  static const Strings names{"zero",     "one",      "two",      "three",   "four",    "five",
                             "six",      "seven",    "eight",    "nine",    "ten",     "eleven",
                             "twelve",   "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
                             "eighteen", "nineteen", "twenty"};
  const auto at = std::find(names.begin(), names.end(), word);
  return at == names.end() ? std::stoi(word) : static_cast<int>(at - names.begin());
}

/// The wishes in the order in which the request has them.
std::vector<Wish> read_request(const std::string& question) {
  using enum Wish::Kind;
  struct Form {
    Wish::Kind kind;
    std::regex pattern;
  };
  static const std::vector<Form> forms{
      {capitals, std::regex("^Use capital letters only\\.")},
      {small, std::regex("^Use small letters only\\.")},
      {capital_words, std::regex("^Write exactly (\\w+) words? in capital letters\\.")},
      {sentences, std::regex("^Write exactly (\\w+) sentences?\\.")},
      {bullets, std::regex("^Write exactly (\\w+) bullet points?, each on a line that begins with "
                           "\\*\\.")},
      {paragraphs, std::regex("^Write exactly (\\w+) paragraphs with \\*\\*\\* between them\\.")},
      {frequency, std::regex("^Use the word (\\w+) exactly (\\w+) times?\\.")},
      {use, std::regex("^Use the word (\\w+)\\.")},
      {avoid, std::regex("^Do not use the word (\\w+)\\.")},
      {order, std::regex("^Use the words (\\w+), (\\w+) and (\\w+) in this order\\.")},
      {end, std::regex("^End with the words: ([^.]*\\.)")},
      {postscript, std::regex("^Add a postscript that begins with P\\.S\\.")},
      {quotes, std::regex("^Put the whole answer in double quotes\\.")},
      {title, std::regex("^Begin with a title in double angle brackets, like <<The fox>>\\.")},
      {brackets, std::regex("^Put one word in square brackets, like \\[fox\\]\\.")},
      {stars, std::regex("^Put one word between stars, like \\*fox\\*\\.")},
      {length, std::regex("^Write exactly (\\w+) words?\\.")}};
  std::vector<Wish> wishes;
  std::string rest = question.substr(question.find('.') + 1);
  while (!rest.empty()) {
    rest = rest.substr(1);
    const auto form = std::find_if(forms.begin(), forms.end(), [&](const Form& one) {
      return std::regex_search(rest, one.pattern);
    });
    if (form == forms.end()) throw std::runtime_error("cannot read: " + rest);
    std::smatch match;
    std::regex_search(rest, match, form->pattern);
    Wish wish{form->kind, 0, {}};
    for (std::size_t i = 1; i < match.size(); ++i) wish.words.push_back(match[i]);
    const bool is_counted = wish.kind == capital_words || wish.kind == sentences ||
                            wish.kind == bullets || wish.kind == paragraphs ||
                            wish.kind == frequency || wish.kind == length;
    if (is_counted) {
      wish.count = number_of(wish.words.back());
      wish.words.pop_back();
    }
    wishes.push_back(wish);
    rest = match.suffix();
  }
  return wishes;
}

int count_capital_words(const std::string& text) {
  const Strings words = words_in(std::regex_replace(text, std::regex("P\\.S\\."), "PS"));
  return static_cast<int>(std::count_if(words.begin(), words.end(), [](const std::string& word) {
    return word == upper(word) && word != lower_case(word);
  }));
}

int count_sentences(const std::string& text) {
  const std::string plain = std::regex_replace(text, std::regex("[Pp]\\.[Ss]\\."), "PS");
  return occurrences(plain, ".");
}

int count_bullets(const std::string& text) {
  const Strings lines = split_at(text, "\n");
  return static_cast<int>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.size() > 1 && line[0] == '*' && line[1] != '*';
  }));
}

/// Is there a line with text between two stars?
bool has_starred(const std::string& text) {
  for (const std::string& line : split_at(text, "\n")) {
    const Strings pieces = split_at(line, "*");
    for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
      if (!words_in(pieces[i]).empty()) return true;
    }
  }
  return false;
}

bool has_in_order(const std::string& text, const Strings& wanted) {
  std::size_t found = 0;
  for (const std::string& word : words_in(lower_case(text)))
    if (found < wanted.size() && word == wanted[found]) ++found;
  return found == wanted.size();
}

bool fulfils(const Wish& wish, const std::string& text) {
  using enum Wish::Kind;
  const std::string low = lower_case(text);
  switch (wish.kind) {
    case capitals:
      return text == upper(text);
    case small:
      return text == low;
    case capital_words:
      return count_capital_words(text) == wish.count;
    case sentences:
      return count_sentences(text) == wish.count;
    case bullets:
      return count_bullets(text) == wish.count;
    case paragraphs:
      return occurrences(text, "***") == wish.count - 1;
    case use:
      return low.find(wish.words[0]) != std::string::npos;
    case avoid: {
      const Strings words = words_in(low);
      return std::find(words.begin(), words.end(), wish.words[0]) == words.end();
    }
    case frequency:
      return occurrences(low, wish.words[0]) == wish.count;
    case order:
      return has_in_order(text, wish.words);
    case end:
      return low.ends_with(lower_case(wish.words[0])) ||
             low.ends_with(lower_case(wish.words[0]) + "\"");
    case postscript:
      return low.find("p.s.") != std::string::npos;
    case quotes:
      return text.size() > 1 && text.front() == '"' && text.back() == '"';
    case title:
      return text.find("<<") < text.find(">>");
    case brackets:
      return text.find('[') < text.find(']');
    case stars:
      return has_starred(text);
    case length:
      return static_cast<int>(words_in(text).size()) == wish.count;
  }
  return false;
}

/// Writes a response, part by part.
class Writer {
 public:
  /// All wishes are fulfilled but the one at `broken` (-1: all are).
  Writer(std::vector<Wish> wishes, int broken) : wishes_(std::move(wishes)) {
    if (broken < 0) return;
    Wish& wish = wishes_[static_cast<std::size_t>(broken)];
    broken_ = wish.kind;
    const bool counts = wish.count > 0;
    if (counts) {
      ++wish.count;
    } else if (wish.kind == Wish::Kind::order) {
      std::reverse(wish.words.begin(), wish.words.end());
    } else if (wish.kind == Wish::Kind::avoid) {
      wish.kind = Wish::Kind::use;
    } else {
      wishes_.erase(wishes_.begin() + broken);
    }
  }

  std::string write() const {
    int padding = 0;
    std::string text = assemble(padding);
    if (const Wish* wish = find(Wish::Kind::length)) {
      padding = wish->count - static_cast<int>(words_in(text).size());
      EXPECT_GE(padding, 0) << text;
      text = assemble(padding);
    }
    return text;
  }

 private:
  const Wish* find(Wish::Kind kind) const {
    const auto at = std::find_if(wishes_.begin(), wishes_.end(),
                                 [&](const Wish& wish) { return wish.kind == kind; });
    return at == wishes_.end() ? nullptr : &*at;
  }

  int count_of(Wish::Kind kind, int otherwise) const {
    const Wish* wish = find(kind);
    return wish == nullptr ? otherwise : wish->count;
  }

  /// The words that the wishes about words want, in the first part.
  Strings wanted_words() const {
    Strings words;
    if (const Wish* wish = find(Wish::Kind::use)) words = wish->words;
    if (const Wish* wish = find(Wish::Kind::order)) words = wish->words;
    if (const Wish* wish = find(Wish::Kind::frequency))
      words.assign(static_cast<std::size_t>(wish->count), wish->words[0]);
    return words;
  }

  std::string first_part(int padding) const {
    static const Strings filler{"they",  "would", "like",  "some",
                                "water", "from",  "their", "friends"};
    Strings words{"they", "would", "like"};
    for (int i = 0; i < padding; ++i)
      words.push_back(filler[static_cast<std::size_t>(i + 3) % filler.size()]);
    for (const std::string& word : wanted_words()) words.push_back(word);
    for (int i = 0; i < count_of(Wish::Kind::capital_words, 0); ++i)
      words[static_cast<std::size_t>(i)] = upper(words[static_cast<std::size_t>(i)]);
    if (find(Wish::Kind::brackets) != nullptr) words.back() = "[" + words.back() + "]";
    if (find(Wish::Kind::stars) != nullptr) words.back() = "*" + words.back() + "*";
    return fmt::format("{}.", fmt::join(words, " "));
  }

  std::string assemble(int padding) const {
    using enum Wish::Kind;
    const Wish* ending = find(end);
    const bool is_behind = ending != nullptr || find(postscript) != nullptr;
    int parts = 1;
    std::string separator = " ";
    if (find(sentences) != nullptr) parts = count_of(sentences, 1) - (is_behind ? 1 : 0);
    if (find(paragraphs) != nullptr) {
      parts = count_of(paragraphs, 1);
      separator = "\n***\n";
    }
    if (find(bullets) != nullptr) {
      parts = count_of(bullets, 1);
      separator = "\n* ";
    }
    std::string text = (find(bullets) != nullptr ? "* " : "") + first_part(padding);
    for (int i = 1; i < parts; ++i) text += separator + "they like.";
    if (ending != nullptr) text += " " + ending->words[0];
    if (find(postscript) != nullptr) text += " P.S. water.";
    if (find(quotes) != nullptr) text = "\"" + text + "\"";
    if (find(title) != nullptr) text = "<<water>>\n" + text;
    if (find(capitals) != nullptr) text = upper(text);
    if (find(small) != nullptr) text = lower_case(text);
    // A letter of the other case, for a wish for one case that is to be broken.
    if (broken_ == small || broken_ == capitals) text[text.find("they")] = 'T';
    return text;
  }

  std::vector<Wish> wishes_;
  std::optional<Wish::Kind> broken_;
};

void expect_solved(const json& document) {
  const std::vector<Wish> wishes = read_request(document["question"]);
  ASSERT_EQ(wishes.size(), document["instruction_id_list"].size()) << document;
  ASSERT_EQ(wishes.size(), document["difficulty"].get<std::size_t>());
  const auto& choices = document["choices"];
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const bool is_right = std::all_of(wishes.begin(), wishes.end(), [&](const Wish& wish) {
      return fulfils(wish, choices[i].get<std::string>());
    });
    EXPECT_EQ(is_right, i == document["gold"].get<std::size_t>()) << document << choices[i];
  }
  EXPECT_EQ(choices[document["gold"].get<std::size_t>()], document["answer"]);
}

/// A response that follows, and one for each instruction that does not follow just that one.
void expect_verifiers_agree(const json& document) {
  const std::vector<Wish> wishes = read_request(document["question"]);
  const InstructionList list(document, "document: ");
  for (int broken = -1; broken < static_cast<int>(wishes.size()); ++broken) {
    const std::string response = Writer(wishes, broken).write();
    std::vector<bool> expected(wishes.size(), true);
    if (broken >= 0) expected[static_cast<std::size_t>(broken)] = false;
    EXPECT_EQ(list.verify(response).strict, expected) << document["question"] << "\n"
                                                      << response << "\nbroken: " << broken;
  }
}

TEST(InstructionsGenerator, AnswersAreFoundByAProgramThatReadsTheRequest) {
  const Dataset dataset = expect_splits_never_meet("instructions", "{}");
  expect_balanced(dataset, "gold");
  expect_balanced(dataset, "difficulty");
  for (const json& document : dataset.documents) expect_solved(document);
}

TEST(InstructionsGenerator, VerifiersAgreeWithResponsesWrittenByAnotherProgram) {
  for (const json& document :
       generate("instructions", "combined: [1, 2, 3]", Split::test, 1500).documents)
    expect_verifiers_agree(document);
}

TEST(InstructionsGenerator, TellsOnlyOfTheAspectsAskedFor) {
  for (const json& document :
       generate("instructions", "aspects: [casing, length]\ncombined: 2\nchoices: 2", Split::test,
                50)
           .documents) {
    EXPECT_EQ(document["choices"].size(), 2);
    for (const std::string id : document["instruction_id_list"])
      EXPECT_TRUE(id.starts_with("change_case:") || id == "length_constraints:number_words") << id;
  }
  EXPECT_THAT(message_of<ConfigError>(
                  [] { generate("instructions", "aspects: casing\ncombined: 2", Split::test, 1); }),
              testing::HasSubstr("combined: 2 is more than the number of aspects, 1"));
}

TEST(PreferencesGenerator, NothingButTheInstructionsTellsTheChosenOne) {
  const Dataset dataset = expect_splits_never_meet("preferences", "{}");
  expect_balanced(dataset, "gold");
  int longer = 0, unequal = 0;
  for (const json& document : dataset.documents) {
    expect_solved(document);
    EXPECT_EQ(document["chosen"], document["answer"]);
    EXPECT_NE(document["rejected"], document["chosen"]);
    const auto chosen = document["chosen"].get<std::string>().size();
    const auto rejected = document["rejected"].get<std::string>().size();
    longer += chosen > rejected ? 1 : 0;
    unequal += chosen != rejected ? 1 : 0;
  }
  // Three standard deviations of a fair coin.
  EXPECT_NEAR(longer, unequal / 2.0, 1.5 * std::sqrt(unequal));
}

}  // namespace
}  // namespace allometer::tasks
