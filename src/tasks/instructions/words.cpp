#include "tasks/instructions/words.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "tasks/instructions/sentences.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

constexpr std::u32string_view kSeparators = U"«»“”‘’„`\";@#$%&?!*()[]{}<>";

bool is_apostrophe(const std::u32string& text, std::size_t at) {
  return at < text.size() && text[at] == U'\'';
}

/// Is text[at] the start of a repeated mark ("--", "..", "''")?
bool is_doubled(const std::u32string& text, std::size_t at) {
  const char32_t c = text[at];
  return (c == U'-' || c == U'.' || c == U'\'') && at + 1 < text.size() && text[at + 1] == c;
}

/// Blanks for the marks that always part words. A colon or a comma does not before a digit.
std::u32string without_marks(const std::u32string& text) {
  std::u32string spaced;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    const bool is_last = i + 1 == text.size();
    if (is_doubled(text, i)) {
      // Dots of an ellipsis go together, other marks by twos.
      ++i;
      while (c == U'.' && i + 1 < text.size() && text[i + 1] == c) ++i;
      spaced += U' ';
    } else if (kSeparators.find(c) != std::u32string_view::npos ||
               ((c == U':' || c == U',') && (is_last || !jinja::is_decimal(text[i + 1])))) {
      spaced += U' ';
    } else {
      spaced += c;
    }
  }
  return spaced;
}

char32_t lowered(char32_t c) {
  return c >= U'A' && c <= U'Z' ? c + 32 : c;
}

bool equals(std::u32string_view text, std::u32string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char32_t a, char32_t b) { return lowered(a) == b; });
}

bool is_word_at(const std::u32string& text, std::size_t at) {
  return at < text.size() && jinja::is_word(text[at]);
}

/// "'x" with a single letter is an opening quotation mark and a word, unless it is a clitic or the
/// beginning of one.
std::u32string with_quoted_letters_parted(const std::u32string& text) {
  std::u32string parted;
  for (std::size_t i = 0; i < text.size(); ++i) {
    parted += text[i];
    if (!is_apostrophe(text, i) || !is_word_at(text, i + 1) || is_word_at(text, i + 2)) continue;
    if (std::u32string_view(U"mtsdn").find(lowered(text[i + 1])) == std::u32string_view::npos)
      parted += U' ';
  }
  return parted;
}

/// The full stop that ends the sentence, with the closing marks behind it, stands apart.
std::u32string without_final_stop(std::u32string text) {
  std::size_t end = text.size();
  while (end > 0 &&
         (jinja::is_space(text[end - 1]) ||
          std::u32string_view(U"])}>\"'»”’").find(text[end - 1]) != std::u32string_view::npos)) {
    --end;
  }
  if (end >= 2 && text[end - 1] == U'.' && text[end - 2] != U'.') text.insert(end - 1, 1, U' ');
  return text;
}

/// A blank in front of the clitic that ends a piece: 's, 'm and 'd, or ', then 'll, 're, 've and
/// n't. Clitics are of one case. Only those before a blank are seen, not those before a line's end.
std::u32string with_clitics_parted(const std::u32string& text) {
  static constexpr std::array<std::u32string_view, 7> kShort{U"'s", U"'S", U"'m", U"'M",
                                                             U"'d", U"'D", U"'"};
  static constexpr std::array<std::u32string_view, 8> kLong{U"'ll", U"'LL", U"'re", U"'RE",
                                                            U"'ve", U"'VE", U"n't", U"N'T"};
  std::u32string parted;
  const auto part = [&](const auto& clitics) {
    for (const std::u32string_view clitic : clitics) {
      if (!parted.ends_with(clitic) || parted.size() == clitic.size()) continue;
      const std::size_t at = parted.size() - clitic.size();
      if (parted[at - 1] == U' ' || parted[at - 1] == U'\'') continue;
      parted.insert(at, 1, U' ');
      return;
    }
  };
  for (const char32_t c : text) {
    if (c == U' ') {
      part(kShort);
      part(kLong);
    }
    parted += c;
  }
  return parted;
}

/// Words that are written as one, and where they are cut.
struct Contraction {
  std::u32string_view whole;
  std::size_t cut;
};
constexpr Contraction kContractions[] = {
    {U"cannot", 3}, {U"d'ye", 1},   {U"gimme", 3}, {U"gonna", 3}, {U"gotta", 3},
    {U"lemme", 3},  {U"more'n", 4}, {U"'tis", 2},  {U"'twas", 2}, {U"wanna", 3}};

/// Blanks inside and around contractions that are not part of a longer word.
std::u32string with_contractions_parted(std::u32string text) {
  for (const Contraction& contraction : kContractions) {
    const std::size_t size = contraction.whole.size();
    const bool follows_blank = contraction.whole.front() == U'\'';
    const bool precedes_blank = contraction.whole == U"wanna";
    for (std::size_t at = 0; at + size <= text.size(); ++at) {
      if (!equals(std::u32string_view(text).substr(at, size), contraction.whole)) continue;
      if (is_word_at(text, at + size)) continue;
      if (follows_blank ? at == 0 || text[at - 1] != U' ' : at > 0 && is_word_at(text, at - 1))
        continue;
      if (precedes_blank && (at + size == text.size() || !jinja::is_space(text[at + size])))
        continue;
      for (const std::size_t cut : {size, contraction.cut, std::size_t{0}})
        text.insert(at + cut, 1, U' ');
      at += size + 2;
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> word_runs(const std::string& text) {
  std::vector<std::string> runs;
  bool in_word = false;
  for (const char32_t c : jinja::code_points_of(text)) {
    const bool is_word = jinja::is_word(c);
    if (is_word && !in_word) runs.emplace_back();
    if (is_word) jinja::append_utf8(runs.back(), c);
    in_word = is_word;
  }
  return runs;
}

std::vector<std::string> treebank_words(const std::string& text) {
  std::vector<std::string> words;
  for (const std::string& sentence : sentences_of(text)) {
    std::u32string spaced = with_quoted_letters_parted(jinja::code_points_of(sentence));
    spaced = U' ' + without_marks(without_final_stop(std::move(spaced))) + U' ';
    spaced = with_contractions_parted(with_clitics_parted(spaced));
    for (std::string& word : jinja::split(jinja::utf8_of(spaced), std::nullopt, -1))
      words.push_back(std::move(word));
  }
  return words;
}

}  // namespace allometer::tasks
