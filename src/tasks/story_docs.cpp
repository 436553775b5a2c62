#include "tasks/story_docs.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/random.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;

constexpr std::size_t kNumEndings = 4;
constexpr std::size_t kMinSentences = 3;
constexpr std::size_t kSetupSentences = 2;
constexpr std::size_t kContinuedWords = 3;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Length of the closing quote or bracket at the start of `text`, else 0.
std::size_t closing_length(std::string_view text) {
  for (const std::string_view mark : {"\"", "'", ")", "\xE2\x80\x9D", "\xE2\x80\x99"}) {
    if (text.substr(0, mark.size()) == mark) return mark.size();
  }
  return 0;
}

/// May a sentence begin here? (Any byte beyond ASCII passes: opening quotes, accented capitals.)
bool can_begin_sentence(std::string_view text) {
  const char c = text.front();
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '"' || c == '\'' || c == '(' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Does a sentence end where `rest` begins, right after its mark and closing quotes?
bool is_boundary(std::string_view rest) {
  if (rest.empty()) return true;
  if (!is_blank(rest.front())) return false;
  const std::size_t next = rest.find_first_not_of(" \t\r");
  return next == std::string_view::npos || rest[next] == '\n' ||
         can_begin_sentence(rest.substr(next));
}

const std::string& text_of(const Dataset& stories, std::size_t i) {
  const json& document = stories.documents[i];
  const auto text = document.find("text");
  if (text == document.end())
    throw ConfigError(stories.where(i) + "has no field 'text', which the story tasks read");
  if (!text->is_string()) throw ConfigError(stories.where(i) + "the field 'text' must be a string");
  return text->get_ref<const std::string&>();
}

/// A story taken apart for the two tasks of endings.
struct Ended {
  std::size_t story = 0;  ///< index into the data set
  std::string context;
  std::string setup;
  std::string ending;
};

std::vector<Ended> take_endings(const Dataset& stories) {
  std::vector<Ended> ended;
  for (std::size_t i = 0; i < stories.documents.size(); ++i) {
    const std::string& text = text_of(stories, i);
    const std::vector<std::string_view> sentences = split_sentences(text);
    if (sentences.size() < kMinSentences) continue;
    const std::size_t last = sentences.size() - 1;
    const auto before = [&](std::size_t first) {
      const char* begin = first == 0 ? text.data() : sentences[first].data();
      return std::string(
          trimmed({begin, static_cast<std::size_t>(sentences[last].data() - begin)}));
    };
    ended.push_back({i, before(0), before(last - kSetupSentences), std::string(sentences[last])});
  }
  return ended;
}

/// `count` endings of other stories, all different and none equal to `own`, drawn from `key`.
std::vector<std::string> draw_endings(const Dataset& stories, const std::vector<Ended>& ended,
                                      std::size_t own, std::size_t count, const std::string& key) {
  std::vector<std::size_t> order(ended.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  SplitMix64 random(seed_from(key));
  std::unordered_set<std::string_view> taken{ended[own].ending};
  std::vector<std::string> drawn;
  // A shuffle that stops as soon as enough were found.
  for (std::size_t i = 0; i < order.size() && drawn.size() < count; ++i) {
    std::swap(order[i], order[i + random.below(order.size() - i)]);
    const std::string& ending = ended[order[i]].ending;
    if (taken.insert(ending).second) drawn.push_back(ending);
  }
  if (drawn.size() < count) {
    throw ConfigError(fmt::format(
        "{}: {} stories of three sentences and more give too few different endings; {} are "
        "needed",
        stories.file.string(), ended.size(), count + 1));
  }
  return drawn;
}

/// For each run of four questions the places 0..3 in the order of a hash of the ids: balanced, and
/// nothing but the ids decides. An incomplete run at the end takes the first places of its order.
std::vector<std::size_t> balanced_places(const std::vector<std::string>& ids) {
  std::vector<std::size_t> places(ids.size());
  for (std::size_t begin = 0; begin < ids.size(); begin += kNumEndings) {
    const std::size_t size = std::min(kNumEndings, ids.size() - begin);
    std::array<std::uint64_t, kNumEndings> hash{};
    for (std::size_t i = 0; i < size; ++i) hash[i] = seed_from("place/" + ids[begin + i]);
    // Which place each rank gets is drawn per run too, so that an incomplete run favours none.
    std::array<std::size_t, kNumEndings> place_of_rank{0, 1, 2, 3};
    SplitMix64(seed_from("run/" + ids[begin])).shuffle(std::span<std::size_t>(place_of_rank));
    for (std::size_t i = 0; i < size; ++i) {
      const auto rank =
          std::count_if(hash.begin(), hash.begin() + static_cast<std::ptrdiff_t>(size),
                        [&](std::uint64_t other) { return other < hash[i]; });
      places[begin + i] = place_of_rank[static_cast<std::size_t>(rank)];
    }
  }
  return places;
}

/// The result of a transform: documents that keep their story's row.
class Output {
 public:
  Output(const Dataset& stories, std::string_view task) : stories_(stories), task_(task) {
    result_.file = stories.file;
    result_.digest = stories.digest;
  }

  std::string id(std::size_t story) const {
    return fmt::format("{}-{}", task_, stories_.ids[story]);
  }

  void add(std::size_t story, json document) {
    result_.ids.push_back(id(story));
    result_.rows.push_back(stories_.rows[story]);
    document["id"] = result_.ids.back();
    result_.documents.push_back(std::move(document));
  }

  Dataset take(std::string_view needed) {
    if (result_.documents.empty()) {
      throw ConfigError(
          fmt::format("{}: {} finds no story with {}", stories_.file.string(), task_, needed));
    }
    return std::move(result_);
  }

 private:
  const Dataset& stories_;
  std::string_view task_;
  Dataset result_;
};

/// A place just before the last words of a sentence.
struct Cut {
  std::size_t prompt_length = 0;
  std::string target;
};

/// The cut of a sentence of `text` that ends with plain words and a full stop.
std::optional<Cut> cut_of(std::string_view text, std::string_view sentence) {
  if (sentence.back() != '.') return std::nullopt;
  const std::string_view words = sentence.substr(0, sentence.size() - 1);
  std::string_view before = words;
  for (std::size_t i = 0; i < kContinuedWords; ++i) {
    const std::size_t blank = before.rfind(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    before = before.substr(0, blank);
  }
  const std::size_t begin = before.size() + 1;
  const std::string_view target = words.substr(begin);
  const bool is_plain =
      std::all_of(target.begin(), target.end(), [](char c) { return is_letter(c) || c == ' '; });
  const bool has_gaps = target.empty() || target.find("  ") != std::string_view::npos ||
                        target.front() == ' ' || target.back() == ' ';
  if (!is_plain || has_gaps) return std::nullopt;
  const std::size_t offset = static_cast<std::size_t>(sentence.data() - text.data()) + begin;
  return Cut{text.find_last_not_of(" \t\r\n", offset - 1) + 1, std::string(target)};
}

}  // namespace

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '.' && text[at] != '!' && text[at] != '?') continue;
    std::size_t end = at + 1;
    while (const std::size_t length = closing_length(text.substr(end))) end += length;
    if (!is_boundary(text.substr(end))) continue;
    sentences.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end;
    at = end - 1;
  }
  return sentences;
}

Dataset story_cloze(const Dataset& stories) {
  const std::vector<Ended> ended = take_endings(stories);
  Output output(stories, "story_cloze");
  std::vector<std::string> ids;
  for (const Ended& story : ended) ids.push_back(output.id(story.story));
  const std::vector<std::size_t> places = balanced_places(ids);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    std::vector<std::string> endings = draw_endings(stories, ended, i, kNumEndings - 1, ids[i]);
    endings.insert(endings.begin() + static_cast<std::ptrdiff_t>(places[i]), ended[i].ending);
    output.add(ended[i].story, {{"context", ended[i].context},
                                {"setup", ended[i].setup},
                                {"endings", endings},
                                {"gold", places[i]}});
  }
  return output.take("three sentences or more");
}

Dataset story_coin(const Dataset& stories) {
  const std::vector<Ended> ended = take_endings(stories);
  Output output(stories, "story_coin");
  std::vector<std::string> ids;
  for (const Ended& story : ended) ids.push_back(output.id(story.story));
  const std::vector<std::size_t> places = balanced_places(ids);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const std::vector<std::string> endings = draw_endings(stories, ended, i, kNumEndings, ids[i]);
    output.add(ended[i].story, {{"context", ended[i].context},
                                {"setup", ended[i].setup},
                                {"endings", endings},
                                {"gold", places[i]}});
  }
  return output.take("three sentences or more");
}

Dataset story_continue(const Dataset& stories) {
  Output output(stories, "story_continue");
  for (std::size_t i = 0; i < stories.documents.size(); ++i) {
    const std::string_view text = text_of(stories, i);
    const std::vector<std::string_view> sentences = split_sentences(text);
    std::vector<Cut> cuts;
    for (std::size_t j = 1; j < sentences.size(); ++j) {
      if (std::optional<Cut> cut = cut_of(text, sentences[j])) cuts.push_back(*std::move(cut));
    }
    if (cuts.empty()) continue;
    const Cut& cut = cuts[SplitMix64(seed_from(output.id(i))).below(cuts.size())];
    output.add(i, {{"prompt", text.substr(0, cut.prompt_length)}, {"target", cut.target}});
  }
  return output.take("a sentence of plain words past its first");
}

}  // namespace allometer::tasks
