#include "tasks/instructions/sentences.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

using Text = std::u32string;
using View = std::u32string_view;

constexpr const char* kAbbreviations =
    "mr mrs ms messrs mme mlle dr prof rev fr hon sr jr st esq gov sen rep pres gen col lt "
    "sgt capt cpt maj cmdr adm cpl pvt supt insp ph.d m.d b.a m.a b.sc m.sc ll.b d.d.s r.n "
    "inc corp co ltd llc bros assn dept univ inst div est vs etc al eg ie cf viz ca approx "
    "e.g i.e n.b p.s p.p.s a.m p.m a.d b.c b.c.e c.e u.s u.s.a u.k u.n e.u d.c l.a n.y n.j "
    "n.c s.c n.h n.m ala ariz calif colo conn del fla ga kan ky md mich minn mont neb nev "
    "okla tenn tex va vt wis wyo jan feb apr jun jul aug sep sept oct nov dec ave blvd rd hwy "
    "mt ft figs eq vol pp ch sec";

constexpr const char* kSentenceStarters =
    "a about above according across after afterwards again against all almost along already also "
    "although always among an and another any anyone anything are around as at because before "
    "behind being below beneath beside besides between both but by can could despite did do does "
    "during each either even eventually ever every everyone everything except finally first for "
    "from further furthermore generally given had has have having he hence her here his how "
    "however "
    "i if in indeed inside instead into is it its just last later like many maybe meanwhile more "
    "moreover most much must my near neither never nevertheless next no nobody none nonetheless "
    "nor "
    "not nothing now of off often on once one only or other others otherwise our over overall "
    "perhaps please rather she should similarly since so some someone something sometimes soon "
    "still "
    "such than that the their then there therefore these they this those though through throughout "
    "thus to today together tomorrow too toward under unfortunately unless unlike until up upon "
    "usually was we well were what whatever when whenever where whereas whether which while who "
    "whose "
    "why will with within without would yes yesterday yet you your";

std::vector<std::string> words_in(const char* list) {
  return jinja::split(list, std::nullopt, -1);
}

bool is_listed(const Text& word, const std::unordered_set<std::string>& words) {
  return words.contains(jinja::utf8_of(word));
}

bool is_abbreviation(const Text& word) {
  static const std::unordered_set<std::string> words(punkt_abbreviations().begin(),
                                                     punkt_abbreviations().end());
  return is_listed(word, words);
}

bool is_sentence_starter(const Text& word) {
  static const std::unordered_set<std::string> words(punkt_sentence_starters().begin(),
                                                     punkt_sentence_starters().end());
  return is_listed(word, words);
}

bool contains(View characters, char32_t c) {
  return characters.find(c) != View::npos;
}
bool is_sentence_end(char32_t c) {
  return contains(U".?!", c);
}
/// Marks that are never part of a word.
bool is_mark(char32_t c) {
  return contains(U")\";}]*:@'({[?!", c);
}
bool can_start_word(char32_t c) {
  return !contains(U"(\"`{[:;&#*@)}]-,", c);
}

/// Length of the dashes or dots of an ellipsis that stand at `at`; 0 if there are none.
std::size_t length_of_run(View line, std::size_t at) {
  const char32_t c = line[at];
  if (c != U'-' && c != U'.') return 0;
  std::size_t end = at + 1;
  while (end < line.size() && line[end] == c) ++end;
  if (end - at >= 2) return end - at;
  // Dots with single blanks between them, three at least.
  std::size_t dots = 1;
  while (c == U'.' && end + 1 < line.size() && jinja::is_space(line[end]) && line[end + 1] == c) {
    end += 2;
    ++dots;
  }
  return dots >= 3 ? end - at : 0;
}

bool ends_word(View line, std::size_t at) {
  if (at == line.size() || jinja::is_space(line[at]) || is_mark(line[at])) return true;
  return length_of_run(line, at) > 0;
}

/// Length of the token at `at`, which is not a blank.
std::size_t length_of_token(View line, std::size_t at) {
  if (const std::size_t run = length_of_run(line, at)) return run;
  if (!can_start_word(line[at])) return 1;
  std::size_t end = at + 1;
  while (!ends_word(line, end) && !(line[end] == U',' && ends_word(line, end + 1))) ++end;
  return end - at;
}

/// -?[.,]?\d[\d,.-]*
bool is_number(View token) {
  if (token.starts_with(U'-')) token.remove_prefix(1);
  if (!token.empty() && contains(U".,", token.front())) token.remove_prefix(1);
  return !token.empty() && jinja::is_decimal(token.front()) &&
         std::all_of(token.begin(), token.end(),
                     [](char32_t c) { return jinja::is_decimal(c) || contains(U",.-", c); });
}

bool is_upper(char32_t c) {
  return jinja::is_upper_text(jinja::utf8_of({&c, 1}));
}
bool is_lower(char32_t c) {
  return jinja::is_lower_text(jinja::utf8_of({&c, 1}));
}

Text lowered(View text) {
  return jinja::code_points_of(jinja::to_lower(jinja::utf8_of(text)));
}

struct Token {
  Text text;
  bool ends_sentence = false;
  bool is_abbreviation = false;
  bool is_ellipsis = false;

  bool has_final_period() const { return text.back() == U'.'; }
  /// A letter and a full stop.
  bool is_initial() const {
    return text.size() == 2 && text[1] == U'.' && jinja::is_word(text[0]) &&
           !jinja::is_decimal(text[0]);
  }
};

/// Punkt's first pass: by the token alone.
Token classified(View text) {
  Token token{Text(text)};
  if (text.size() == 1 && is_sentence_end(text[0])) {
    token.ends_sentence = true;
  } else if (text.size() > 1 && text.find_first_not_of(U'.') == View::npos) {
    token.is_ellipsis = true;
  } else if (token.has_final_period() && !text.ends_with(U"..")) {
    const Text word = lowered(text.substr(0, text.size() - 1));
    const Text last_part = word.substr(word.rfind(U'-') + 1);
    token.is_abbreviation = is_abbreviation(word) || is_abbreviation(last_part);
    token.ends_sentence = !token.is_abbreviation;
  }
  return token;
}

std::vector<Token> tokens_of(View text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    if (jinja::is_space(text[at])) {
      ++at;
      continue;
    }
    // A token never reaches over the end of its line.
    const std::size_t line_end = std::min(text.find(U'\n', at), text.size());
    const std::size_t length = length_of_token(text.substr(0, line_end), at);
    tokens.push_back(classified(text.substr(at, length)));
    at += length;
  }
  return tokens;
}

enum class Evidence { starts_sentence, continues_sentence, unknown };

/// Punkt's orthographic heuristic: how a word is written tells whether a sentence begins with it.
Evidence evidence_of(const Token& token) {
  if (token.text.size() == 1 && contains(U";:,.!?", token.text[0]))
    return Evidence::continues_sentence;
  Text word = lowered(token.text);
  if (token.ends_sentence && word.size() > 1 && word.back() == U'.') word.pop_back();
  if (is_upper(token.text[0]) && is_sentence_starter(word)) return Evidence::starts_sentence;
  return is_lower(token.text[0]) ? Evidence::continues_sentence : Evidence::unknown;
}

/// Punkt's second pass: a token and the next one.
void reconsider(Token& token, const Token& next) {
  if (!token.has_final_period()) return;
  const Evidence evidence = evidence_of(next);
  const bool is_initial = token.is_initial();
  if ((token.is_abbreviation || token.is_ellipsis) && !is_initial &&
      evidence == Evidence::starts_sentence) {
    token.ends_sentence = true;
  }
  if (!is_initial && !is_number(token.text)) return;
  const bool next_is_name = evidence == Evidence::unknown && is_initial && is_upper(next.text[0]);
  if (evidence == Evidence::continues_sentence || next_is_name) token.ends_sentence = false;
}

/// Does a sentence end inside this text, with something behind it?
bool has_break(View text) {
  std::vector<Token> tokens = tokens_of(text);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    reconsider(tokens[i], tokens[i + 1]);
    if (tokens[i].ends_sentence) return true;
  }
  return false;
}

/// A mark that may end a sentence, with what Punkt looks at to decide.
struct Candidate {
  std::size_t word = 0;  ///< where the text in front of the mark begins
  std::size_t mark = 0;
  std::size_t next = 0;       ///< where the next sentence would begin
  std::size_t after_end = 0;  ///< end of the token or mark that follows
};

bool is_ascii_space(char32_t c) {
  return contains(U" \t\n\r\v\f", c);
}

/// Nothing where `mark` is not followed by another mark, or by blanks and a token.
std::optional<Candidate> candidate_at(const Text& text, std::size_t mark) {
  if (!is_sentence_end(text[mark]) || mark + 1 == text.size()) return std::nullopt;
  std::size_t next = mark + 1;
  if (is_mark(text[next])) return Candidate{0, mark, next, next + 1};
  if (!jinja::is_space(text[next])) return std::nullopt;
  while (next < text.size() && jinja::is_space(text[next])) ++next;
  if (next == text.size()) return std::nullopt;
  std::size_t end = next;
  while (end < text.size() && !jinja::is_space(text[end])) ++end;
  return Candidate{0, mark, next, end};
}

/// Of candidates in one piece of text without blanks only the last is one, but for a mark that the
/// piece begins with.
std::vector<Candidate> candidates_of(const Text& text) {
  std::vector<Candidate> candidates;
  std::size_t word = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_ascii_space(text[at])) word = at + 1;
    std::optional<Candidate> candidate = candidate_at(text, at);
    if (!candidate) continue;
    candidate->word = word;
    if (!candidates.empty() && candidates.back().mark > word) candidates.pop_back();
    candidates.push_back(*candidate);
  }
  return candidates;
}

/// Closing quotes and brackets at the start of `text` that belong to the sentence before: those in
/// front of a blank, of "--" or of the end of a line, with the blanks behind them.
struct Closing {
  std::size_t marks = 0;
  std::size_t with_blanks = 0;
};
Closing closing_at(View text) {
  Closing closing;
  while (closing.marks < text.size() && contains(U"\"')]}", text[closing.marks])) ++closing.marks;
  std::size_t end = closing.marks;
  while (end < text.size() && jinja::is_space(text[end])) ++end;
  const bool is_closed =
      end > closing.marks || end == text.size() || text.substr(end).starts_with(U"--");
  if (closing.marks == 0 || !is_closed) return {};
  closing.with_blanks = end;
  return closing;
}

}  // namespace

const std::vector<std::string>& punkt_abbreviations() {
  static const std::vector<std::string> words = words_in(kAbbreviations);
  return words;
}

const std::vector<std::string>& punkt_sentence_starters() {
  static const std::vector<std::string> words = words_in(kSentenceStarters);
  return words;
}

std::vector<std::string> sentences_of(const std::string& utf8) {
  const Text text = jinja::code_points_of(utf8);
  std::vector<std::string> sentences;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (begin < end) sentences.push_back(jinja::utf8_of(View(text).substr(begin, end - begin)));
  };
  std::size_t begin = 0;
  for (const Candidate& candidate : candidates_of(text)) {
    const View context = View(text).substr(candidate.word, candidate.after_end - candidate.word);
    if (!has_break(context)) continue;
    const Closing closing = closing_at(View(text).substr(candidate.next));
    add(begin, closing.marks > 0 ? candidate.next + closing.marks : candidate.mark + 1);
    begin = candidate.next + closing.with_blanks;
  }
  std::size_t end = text.size();
  while (end > 0 && jinja::is_space(text[end - 1])) --end;
  add(begin, end);
  return sentences;
}

}  // namespace allometer::tasks
