#include "eval/text_units.hpp"

#include <map>
#include <span>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "tasks/python_text.hpp"

namespace allometer::eval {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

/// Does a character begin at text[at], or the text end there?
bool is_boundary(const std::string& text, std::size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

}  // namespace

TextUnits::TextUnits(const std::vector<tasks::ExplainedText>& texts,
                     const tasks::ExplanationSettings& settings,
                     const tokenizer::Tokenizer& tokenizer)
    : texts_(texts), replacement_(settings.replacement) {
  std::map<std::string, int, std::less<>> feature_of;
  for (std::size_t text = 0; text < texts_.size(); ++text) {
    std::vector<Unit>& units = units_.emplace_back();
    if (settings.units_are_tokens) {
      cut_tokens(texts_[text].text, tokenizer, units);
    } else {
      cut_words(texts_[text].text, units);
    }
    for (Unit& unit : units) {
      unit.feature = num_features_;
      if (settings.bag_of_words)
        unit.feature = feature_of.emplace(view(text, unit), num_features_).first->second;
      if (unit.feature == num_features_) ++num_features_;
    }
  }
  if (num_features_ == 0)
    throw ConfigError(
        "explanation: the explained text has no words, so that nothing can be "
        "taken out of it");
}

std::string_view TextUnits::view(std::size_t text, const Unit& unit) const {
  return std::string_view(texts_[text].text).substr(unit.begin, unit.end - unit.begin);
}

void TextUnits::cut_words(const std::string& text, std::vector<Unit>& units) const {
  std::size_t space = 0;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kWhiteSpace, space);
    if (begin == std::string::npos) return;
    const std::size_t end = std::min(text.find_first_of(kWhiteSpace, begin), text.size());
    units.push_back({space, begin, end, 0});
    space = end;
  }
}

void TextUnits::cut_tokens(const std::string& text, const tokenizer::Tokenizer& tokenizer,
                           std::vector<Unit>& units) const {
  using tokenizer::SkipSpecial;
  const std::vector<std::int32_t> ids = tokenizer.encode(text, tokenizer::AddSpecial::no);
  std::size_t space = 0;
  std::size_t end = 0;
  for (std::size_t count = 1; count <= ids.size(); ++count) {
    const std::string decoded = tokenizer.decode(std::span(ids).first(count), SkipSpecial::no);
    // Part of a character, or white space that only shows before what follows.
    if (decoded.size() <= end || text.compare(0, decoded.size(), decoded) != 0 ||
        !is_boundary(text, decoded.size())) {
      continue;
    }
    end = decoded.size();
    const std::size_t begin = text.find_first_not_of(kWhiteSpace, space);
    if (begin >= end) continue;  // white space alone goes with the next unit
    units.push_back({space, begin, end, 0});
    space = end;
  }
  if (end != text.size()) {
    throw ConfigError(
        "explanation: the tokenizer does not give the explained text back as it was, so that its "
        "tokens cannot be found in it; use units: words");
  }
}

std::string TextUnits::perturbed(std::size_t text, const explain::Mask& mask) const {
  const std::string& whole = texts_[text].text;
  const std::vector<Unit>& units = units_[text];
  if (units.empty()) return whole;
  std::string result = whole.substr(0, units.front().begin);
  bool is_first = true;
  for (const Unit& unit : units) {
    const bool is_present = mask[static_cast<std::size_t>(unit.feature)] != 0;
    if (!is_present && !replacement_) continue;
    if (!is_first) result.append(whole, unit.space, unit.begin - unit.space);
    is_first = false;
    if (is_present) {
      result.append(view(text, unit));
    } else {
      result.append(*replacement_);
    }
  }
  return result.append(whole, units.back().end);
}

std::vector<std::string> TextUnits::perturbed(const explain::Mask& mask) const {
  ALLOMETER_EXPECT(mask.size() == static_cast<std::size_t>(num_features_));
  std::vector<std::string> texts;
  for (std::size_t text = 0; text < texts_.size(); ++text) texts.push_back(perturbed(text, mask));
  return texts;
}

explain::Rationale TextUnits::rationale(const tasks::ExplanationSettings& settings) const {
  explain::Rationale rationale;
  rationale.share = settings.share;
  rationale.is_gold.resize(static_cast<std::size_t>(num_features_));
  rationale.word.resize(rationale.is_gold.size(), -1);
  std::map<std::string, int> words;
  for (std::size_t text = 0; text < texts_.size(); ++text) {
    for (const Unit& unit : units_[text]) {
      const auto feature = static_cast<std::size_t>(unit.feature);
      const std::string word = tasks::without_unicode_punctuation(
          tasks::without_punctuation(std::string(view(text, unit))));
      if (!word.empty())
        rationale.word[feature] = words.emplace(word, static_cast<int>(words.size())).first->second;
      if (!texts_[text].rationale) continue;
      for (const auto& [begin, end] : *texts_[text].rationale) {
        if (begin < unit.end && unit.begin < end) rationale.is_gold[feature] = 1;
      }
    }
  }
  return rationale;
}

std::vector<std::vector<std::string>> TextUnits::units() const {
  std::vector<std::vector<std::string>> all(texts_.size());
  for (std::size_t text = 0; text < texts_.size(); ++text) {
    for (const Unit& unit : units_[text]) all[text].emplace_back(view(text, unit));
  }
  return all;
}

std::vector<std::vector<int>> TextUnits::features() const {
  std::vector<std::vector<int>> all(texts_.size());
  for (std::size_t text = 0; text < texts_.size(); ++text) {
    for (const Unit& unit : units_[text]) all[text].push_back(unit.feature);
  }
  return all;
}

}  // namespace allometer::eval
