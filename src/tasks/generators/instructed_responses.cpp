#include "tasks/generators/instructed_responses.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/instructions/instruction.hpp"
#include "tasks/instructions/words.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr std::array kNouns{
    "cat",  "dog",  "sun",  "hat",  "ball", "tree", "boat", "bird",  "fish", "cup",  "box",  "bed",
    "door", "hill", "king", "lamp", "moon", "nest", "pig",  "ring",  "road", "rock", "rose", "ship",
    "shoe", "star", "toy",  "wall", "wind", "wolf", "drum", "kite",  "leaf", "frog", "duck", "bear",
    "cake", "milk", "book", "coat", "farm", "girl", "boy",  "queen", "snow"};
constexpr std::array kAdjectives{"big",   "small", "red",  "blue",  "green", "old",  "new",
                                 "soft",  "warm",  "cold", "happy", "sad",   "dark", "bright",
                                 "quick", "slow",  "kind", "quiet", "tall",  "round"};
constexpr std::array kVerbs{"sees", "likes", "finds", "wants", "helps", "hears", "meets", "holds"};
constexpr std::array kAdverbs{"today", "now", "again", "here"};
constexpr std::array kEndings{"Good night.", "The end.",   "See you soon.", "That is all.",
                              "Have fun.",   "So it was.", "What a day.",   "Bye for now."};
constexpr std::array kNumbers{"no",       "one",      "two",      "three",   "four",    "five",
                              "six",      "seven",    "eight",    "nine",    "ten",     "eleven",
                              "twelve",   "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
                              "eighteen", "nineteen", "twenty"};

constexpr int kMostParts = 3;
constexpr std::size_t kNumKeywords = 4;

template <class List>
std::string pick(SplitMix64& random, const List& list) {
  return list[random.below(list.size())];
}

/// "one sentence", "two sentences", "21 sentences".
std::string counted(std::int64_t count, const std::string& noun) {
  const auto at = static_cast<std::size_t>(count);
  return fmt::format("{} {}{}", at < kNumbers.size() ? kNumbers[at] : std::to_string(count), noun,
                     count == 1 ? "" : "s");
}

/// An instruction in English and as a document has it.
struct Told {
  std::string text;
  std::string id;
  json kwargs = json::object();
};

enum class Casing { as_written, capital, lowercase, one_word, two_words };
enum class Layout { sentences, bullets, paragraphs };
enum class KeywordUse { exist, avoid, order, frequency };
enum class Format { plain, quoted, titled, bracketed, starred };

/// What a document's responses have in common.
struct Topic {
  std::array<std::string, 2> adjectives;
  std::array<std::string, 2> nouns;
  std::array<std::string, kNumKeywords> keywords;  ///< none of the nouns
  KeywordUse use = KeywordUse::exist;
  std::vector<Aspect> aspects;  ///< those that the request tells about

  bool tells(Aspect aspect) const {
    return std::find(aspects.begin(), aspects.end(), aspect) != aspects.end();
  }
};

Topic draw_topic(SplitMix64& random, std::vector<Aspect> aspects, int num_instructions) {
  random.shuffle(std::span(aspects));
  aspects.resize(static_cast<std::size_t>(num_instructions));
  std::array<std::size_t, kNouns.size()> order;
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  random.shuffle(std::span<std::size_t>(order));
  Topic topic;
  topic.aspects = std::move(aspects);
  for (std::size_t i = 0; i < 2; ++i) {
    topic.adjectives[i] = pick(random, kAdjectives);
    topic.nouns[i] = kNouns[order[i]];
  }
  for (std::size_t i = 0; i < kNumKeywords; ++i) topic.keywords[i] = kNouns[order[2 + i]];
  topic.use = static_cast<KeywordUse>(random.below(4));
  return topic;
}

/// A response and what is special about it, so that it can be told.
struct Candidate {
  Casing casing = Casing::as_written;
  Layout layout = Layout::sentences;
  int num_parts = 1;   ///< sentences, bullets or paragraphs
  Words keywords;      ///< used in this order
  std::string ending;  ///< "P.S." stands for a postscript; empty: none
  Format format = Format::plain;
  std::string text;
};

/// The words that a use of the keywords puts into a response: which one, all but which one, in
/// which order, or how often.
Words draw_keywords(SplitMix64& random, const Topic& topic) {
  Words words(topic.keywords.begin(), topic.keywords.end());
  switch (topic.use) {
    case KeywordUse::exist:
      return {words[random.below(words.size())]};
    case KeywordUse::frequency:
      return Words(1 + random.below(words.size()), words[0]);
    case KeywordUse::order:
      words.pop_back();
      break;
    case KeywordUse::avoid:
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(random.below(words.size())));
      break;
  }
  random.shuffle(std::span(words));
  return words;
}

Candidate draw_features(SplitMix64& random, const Topic& topic) {
  Candidate candidate;
  candidate.num_parts = 1 + static_cast<int>(random.below(2));
  if (topic.tells(Aspect::casing)) candidate.casing = static_cast<Casing>(1 + random.below(4));
  if (topic.tells(Aspect::layout)) {
    candidate.layout = static_cast<Layout>(random.below(3));
    const int least = candidate.layout == Layout::paragraphs ? 2 : 1;
    candidate.num_parts =
        least + static_cast<int>(random.below(static_cast<std::uint64_t>(kMostParts - least + 1)));
  }
  if (topic.tells(Aspect::keywords)) candidate.keywords = draw_keywords(random, topic);
  if (topic.tells(Aspect::ending))
    candidate.ending = random.below(kEndings.size() + 1) == 0 ? "P.S." : pick(random, kEndings);
  if (topic.tells(Aspect::format)) candidate.format = static_cast<Format>(1 + random.below(4));
  return candidate;
}

/// "the red cat sees the boat today"; `adjectives` may be left out.
Words sentence(SplitMix64& random, const std::array<std::string, 2>& adjectives,
               const std::array<std::string, 2>& nouns) {
  Words words;
  for (std::size_t i = 0; i < 2; ++i) {
    words.emplace_back("the");
    if (random.below(2) == 0) words.push_back(adjectives[i]);
    words.push_back(nouns[i]);
    if (i == 0) words.push_back(pick(random, kVerbs));
  }
  if (random.below(2) == 0) words.push_back(pick(random, kAdverbs));
  return words;
}

/// Sentences without full stops; the first is about the topic, one of them has the keywords.
std::vector<Words> draw_sentences(SplitMix64& random, const Topic& topic,
                                  const Candidate& candidate, int count) {
  std::vector<Words> sentences{sentence(random, topic.adjectives, topic.nouns)};
  while (static_cast<int>(sentences.size()) < count) {
    sentences.push_back(sentence(random, {pick(random, kAdjectives), pick(random, kAdjectives)},
                                 {topic.nouns[random.below(2)], topic.nouns[random.below(2)]}));
  }
  Words& chosen = sentences[random.below(sentences.size())];
  for (std::size_t i = 0; i < candidate.keywords.size(); ++i) {
    chosen.emplace_back(i == 0 ? "with" : "and");
    chosen.push_back(candidate.keywords[i]);
  }
  return sentences;
}

/// Capitals, brackets or stars for single words. False where there are too few words.
void mark_words(SplitMix64& random, const Candidate& candidate, std::vector<Words>& sentences) {
  Words& first = sentences.front();
  std::vector<std::size_t> order(first.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  random.shuffle(std::span(order));
  const int num_capitals = candidate.casing == Casing::one_word    ? 1
                           : candidate.casing == Casing::two_words ? 2
                                                                   : 0;
  for (int i = 0; i < num_capitals; ++i) {
    std::string& word = first[order[static_cast<std::size_t>(i)]];
    word = jinja::to_upper(word);
  }
  std::string& marked = first[order[2]];
  if (candidate.format == Format::bracketed) marked = "[" + marked + "]";
  if (candidate.format == Format::starred) marked = "*" + marked + "*";
}

/// The sentence as it is written: a capital in front, a full stop behind.
std::string written(const Words& words) {
  std::string text = fmt::format("{}.", fmt::join(words, " "));
  const std::size_t letter = text.find_first_not_of("[*");
  if (text[letter] >= 'a' && text[letter] <= 'z') text[letter] -= 'a' - 'A';
  return text;
}

std::string laid_out(const Candidate& candidate, const std::vector<Words>& sentences,
                     const std::string& ending) {
  std::string text;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (i > 0) text += candidate.layout == Layout::sentences ? " " : "\n";
    if (i > 0 && candidate.layout == Layout::paragraphs) text += "***\n";
    if (candidate.layout == Layout::bullets) text += "* ";
    text += written(sentences[i]);
  }
  if (!ending.empty()) text += " " + ending;
  return text;
}

/// Nothing where the features do not go together.
std::optional<Candidate> draw_candidate(SplitMix64& random, const Topic& topic) {
  Candidate candidate = draw_features(random, topic);
  const bool ending_counts = !candidate.ending.empty() && candidate.layout == Layout::sentences &&
                             topic.tells(Aspect::layout);
  const int num_sentences = candidate.num_parts - (ending_counts ? 1 : 0);
  if (num_sentences == 0) return std::nullopt;
  std::vector<Words> sentences = draw_sentences(random, topic, candidate, num_sentences);
  mark_words(random, candidate, sentences);
  const std::string ending =
      candidate.ending == "P.S."
          ? "P.S. " + written({pick(random, kVerbs), "the", pick(random, kNouns)})
          : candidate.ending;
  candidate.text = laid_out(candidate, sentences, ending);
  if (candidate.format == Format::quoted) candidate.text = "\"" + candidate.text + "\"";
  if (candidate.format == Format::titled)
    candidate.text = fmt::format("<<The {}>>\n{}", topic.nouns[random.below(2)], candidate.text);
  if (candidate.casing == Casing::capital) candidate.text = jinja::to_upper(candidate.text);
  if (candidate.casing == Casing::lowercase) candidate.text = jinja::to_lower(candidate.text);
  return candidate;
}

Told tell_casing(const Candidate& candidate) {
  if (candidate.casing == Casing::capital)
    return {"Use capital letters only.", "change_case:english_capital"};
  if (candidate.casing == Casing::lowercase)
    return {"Use small letters only.", "change_case:english_lowercase"};
  const int count = candidate.casing == Casing::one_word ? 1 : 2;
  return {fmt::format("Write exactly {} in capital letters.", counted(count, "word")),
          "change_case:capital_word_frequency",
          {{"capital_relation", "exactly"}, {"capital_frequency", count}}};
}

Told tell_layout(const Candidate& candidate) {
  const int count = candidate.num_parts;
  switch (candidate.layout) {
    case Layout::bullets:
      return {fmt::format("Write exactly {}, each on a line that begins with *.",
                          counted(count, "bullet point")),
              "detectable_format:number_bullet_lists",
              {{"num_bullets", count}}};
    case Layout::paragraphs:
      return {fmt::format("Write exactly {} with *** between them.", counted(count, "paragraph")),
              "length_constraints:number_paragraphs",
              {{"num_paragraphs", count}}};
    default:
      return {fmt::format("Write exactly {}.", counted(count, "sentence")),
              "length_constraints:number_sentences",
              {{"relation", "exactly"}, {"num_sentences", count}}};
  }
}

Told tell_keywords(const Topic& topic, const Candidate& candidate) {
  const Words& words = candidate.keywords;
  switch (topic.use) {
    case KeywordUse::exist:
      return {
          fmt::format("Use the word {}.", words[0]), "keywords:existence", {{"keywords", words}}};
    case KeywordUse::order:
      return {
          fmt::format("Use the words {}, {} and {} in this order.", words[0], words[1], words[2]),
          "keywords:order",
          {{"words", words}}};
    case KeywordUse::frequency:
      return {fmt::format("Use the word {} exactly {}.", words[0],
                          counted(static_cast<std::int64_t>(words.size()), "time")),
              "keywords:frequency",
              {{"keyword", words[0]}, {"relation", "exactly"}, {"frequency", words.size()}}};
    case KeywordUse::avoid:
      break;
  }
  const auto missing =
      std::find_if(topic.keywords.begin(), topic.keywords.end(), [&](const std::string& word) {
        return std::find(words.begin(), words.end(), word) == words.end();
      });
  return {fmt::format("Do not use the word {}.", *missing),
          "keywords:forbidden_words",
          {{"forbidden_words", {*missing}}}};
}

Told tell_ending(const Candidate& candidate) {
  if (candidate.ending == "P.S.") {
    return {"Add a postscript that begins with P.S.",
            "detectable_content:postscript",
            {{"postscript_marker", "P.S."}}};
  }
  return {fmt::format("End with the words: {}", candidate.ending),
          "startend:end_checker",
          {{"end_phrase", candidate.ending}}};
}

Told tell_format(const Candidate& candidate) {
  switch (candidate.format) {
    case Format::quoted:
      return {"Put the whole answer in double quotes.", "startend:quotation"};
    case Format::titled:
      return {"Begin with a title in double angle brackets, like <<The fox>>.",
              "detectable_format:title"};
    case Format::bracketed:
      return {"Put one word in square brackets, like [fox].",
              "detectable_content:number_placeholders",
              {{"num_placeholders", 1}}};
    default:
      return {"Put one word between stars, like *fox*.",
              "detectable_format:number_highlighted_sections",
              {{"num_highlights", 1}}};
  }
}

Told tell_length(const Candidate& candidate) {
  const std::size_t count = word_runs(candidate.text).size();
  return {fmt::format("Write exactly {}.", counted(static_cast<std::int64_t>(count), "word")),
          "length_constraints:number_words",
          {{"relation", "exactly"}, {"num_words", count}}};
}

Told tell(Aspect aspect, const Topic& topic, const Candidate& candidate) {
  switch (aspect) {
    case Aspect::casing:
      return tell_casing(candidate);
    case Aspect::layout:
      return tell_layout(candidate);
    case Aspect::keywords:
      return tell_keywords(topic, candidate);
    case Aspect::ending:
      return tell_ending(candidate);
    case Aspect::format:
      return tell_format(candidate);
    case Aspect::length:
      break;
  }
  return tell_length(candidate);
}

/// The request that a response is the right one of, without choices.
json request_for(const Topic& topic, const Candidate& candidate) {
  std::string question = fmt::format("Write about the {} {} and the {} {}.", topic.adjectives[0],
                                     topic.nouns[0], topic.adjectives[1], topic.nouns[1]);
  json document{{"instruction_id_list", json::array()}, {"kwargs", json::array()}};
  for (const Aspect aspect : topic.aspects) {
    Told told = tell(aspect, topic, candidate);
    question += " " + told.text;
    document["instruction_id_list"].push_back(std::move(told.id));
    document["kwargs"].push_back(std::move(told.kwargs));
  }
  document["question"] = std::move(question);
  return document;
}

/// Does every response follow its own request, and no other's?
bool are_told_apart(const std::vector<json>& requests, const std::vector<Candidate>& candidates) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const InstructionList list(requests[i], "generated: ");
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      if (list.are_followed_by(candidates[k].text) != (i == k)) return false;
    }
  }
  return true;
}

}  // namespace

const std::vector<std::string>& aspect_names() {
  static const std::vector<std::string> names{"casing", "layout", "keywords",
                                              "ending", "format", "length"};
  return names;
}

std::vector<Aspect> aspects_named(const std::vector<std::string>& names) {
  std::vector<Aspect> aspects;
  for (int i = 0; i < kNumAspects; ++i) {
    const std::string& name = aspect_names()[static_cast<std::size_t>(i)];
    if (std::find(names.begin(), names.end(), name) != names.end())
      aspects.push_back(static_cast<Aspect>(i));
  }
  return aspects;
}

std::optional<json> make_instructed_question(SplitMix64& random, const std::vector<Aspect>& aspects,
                                             int num_instructions, int num_responses, int right) {
  const Topic topic = draw_topic(random, aspects, num_instructions);
  std::vector<Candidate> candidates;
  std::vector<json> requests;
  for (int i = 0; i < num_responses; ++i) {
    const std::optional<Candidate> candidate = draw_candidate(random, topic);
    if (!candidate) return std::nullopt;
    requests.push_back(request_for(topic, *candidate));
    candidates.push_back(*candidate);
  }
  if (!are_told_apart(requests, candidates)) return std::nullopt;
  json document = std::move(requests[static_cast<std::size_t>(right)]);
  document["answer"] = candidates[static_cast<std::size_t>(right)].text;
  document["choices"] = json::array();
  for (const Candidate& candidate : candidates) document["choices"].push_back(candidate.text);
  document["gold"] = right;
  document["difficulty"] = num_instructions;
  return document;
}

}  // namespace allometer::tasks
