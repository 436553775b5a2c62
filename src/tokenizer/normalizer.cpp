#include "tokenizer/normalizer.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tokenizer/byte_level.hpp"
#include "tokenizer/charsmap.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/pattern.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

/// Keeps the code points that `keep` wants; false if the first one was not among them.
template <class Keep>
bool filter(std::string& text, Keep keep) {
  bool first_kept = true;
  std::string kept;
  kept.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = code_point_length(text, i);
    const bool wanted = keep(code_point_at(text, i));
    if (wanted) kept.append(text, i, length);
    if (i == 0) first_kept = wanted;
    i += length;
  }
  text = std::move(kept);
  return first_kept;
}

/// Every code point for which `is_blank` holds becomes a space.
template <class IsBlank>
void blank_out(std::string& text, IsBlank is_blank) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = code_point_length(text, i);
    if (is_blank(code_point_at(text, i))) {
      result += ' ';
    } else {
      result.append(text, i, length);
    }
    i += length;
  }
  text = std::move(result);
}

class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(NormalForm form) : form_(form) {}
  bool apply(std::string& text) const override {
    if (!is_trivially(form_, text)) text = to_normal_form(text, form_);
    return true;
  }

 private:
  NormalForm form_;
};

class Lowercase : public Normalizer {
 public:
  bool apply(std::string& text) const override {
    text = lower_case(text);
    return true;
  }
};

class ByteLevel : public Normalizer {
 public:
  bool apply(std::string& text) const override {
    std::string spelled;
    append_byte_level(spelled, text);
    text = std::move(spelled);
    return true;
  }
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  bool apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, prefix_);
    return true;
  }

 private:
  std::string prefix_;
};

class Replace : public Normalizer {
 public:
  Replace(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  bool apply(std::string& text) const override {
    if (text.empty()) return true;
    const std::vector<Range> ranges = pattern_.find_all(text);
    if (ranges.empty()) return true;
    // The reference takes what it puts in for the last of the code points that it takes out.
    const Range first = ranges.front();
    const bool keeps_start = first.begin > 0 || first.end == 0 ||
                             (!content_.empty() && first.end == code_point_length(text, 0));
    text = pattern_.replace(text, ranges, content_);
    return keeps_start;
  }

 private:
  Pattern pattern_;
  std::string content_;
};

/// White space off either end.
class Strip : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  bool apply(std::string& text) const override {
    std::size_t end = text.size();
    while (right_ && end > 0) {
      const std::size_t last = previous_code_point(text, end);
      if (!is_white_space(code_point_at(text, last))) break;
      end = last;
    }
    std::size_t begin = 0;
    while (left_ && begin < end && is_white_space(code_point_at(text, begin))) {
      begin += code_point_length(text, begin);
    }
    text = text.substr(begin, end - begin);
    return begin == 0;
  }

 private:
  bool left_;
  bool right_;
};

class StripAccents : public Normalizer {
 public:
  bool apply(std::string& text) const override {
    return filter(text, [](std::int32_t c) { return !is_mark(c); });
  }
};

/// SentencePiece's nmt_nfkc without the NFKC: drops control characters, turns kinds of white space
/// into spaces.
class Nmt : public Normalizer {
 public:
  bool apply(std::string& text) const override {
    const bool starts = filter(text, [](std::int32_t c) { return !is_dropped(c); });
    blank_out(text, is_blank);
    return starts;
  }

 private:
  static bool is_dropped(std::int32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
           c == 0x8F || c == 0x9F;
  }
  static bool is_blank(std::int32_t c) {
    return c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
           (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xFEFF || c == 0xFFFD;
  }
};

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(Charsmap charsmap) : charsmap_(std::move(charsmap)) {}
  bool apply(std::string& text) const override {
    text = charsmap_.normalize(text);
    return true;
  }

 private:
  Charsmap charsmap_;
};

/// The cleaning of BERT's tokenization.py (Devlin et al. 2019).
class Bert : public Normalizer {
 public:
  struct Settings {
    bool clean_text;
    bool handle_chinese_chars;
    bool strip_accents;
    bool lowercase;
  };
  explicit Bert(const Settings& settings) : settings_(settings) {}

  bool apply(std::string& text) const override {
    bool starts = true;
    if (settings_.clean_text) {
      starts = filter(text, [](std::int32_t c) {
        return c != 0 && c != 0xFFFD && (is_control_space(c) || !is_other(c));
      });
      blank_out(text, [](std::int32_t c) { return is_control_space(c) || is_white_space(c); });
    }
    if (settings_.handle_chinese_chars) text = with_spaces_around_chinese(text);
    if (settings_.strip_accents) {
      text = to_normal_form(text, NormalForm::nfd);
      starts = filter(text, [](std::int32_t c) { return !is_nonspacing_mark(c); }) && starts;
    }
    if (settings_.lowercase) text = lower_case(text);
    return starts;
  }

 private:
  static bool is_control_space(std::int32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

  /// The blocks that the original lists, with its gap between U+2B81F and U+2B920.
  static bool is_chinese(std::int32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) ||
           (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x2F800 && c <= 0x2FA1F);
  }

  static std::string with_spaces_around_chinese(const std::string& text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = code_point_length(text, i);
      const bool chinese = length > 1 && is_chinese(code_point_at(text, i));
      if (chinese) result += ' ';
      result.append(text, i, length);
      if (chinese) result += ' ';
      i += length;
    }
    return result;
  }

  Settings settings_;
};

class Sequence : public Normalizer {
 public:
  Sequence(std::vector<std::unique_ptr<const Normalizer>> parts, std::string where)
      : parts_(std::move(parts)), where_(std::move(where)) {}
  bool apply(std::string& text) const override {
    const std::size_t original = text.size();
    bool starts = true;
    for (const auto& part : parts_) {
      starts = part->apply(text) && starts;
      expect_reasonable_growth(original, text.size(), where_);
    }
    return starts;
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> parts_;
  std::string where_;
};

std::unique_ptr<const Normalizer> read_sequence(const JsonNode& node) {
  node.allow_only({"type", "normalizers"});
  node.expect_depth_below_limit();
  std::vector<std::unique_ptr<const Normalizer>> parts;
  for (const JsonNode& part : node.at("normalizers").items()) {
    parts.push_back(read_normalizer(part));
  }
  return std::make_unique<Sequence>(std::move(parts), node.where());
}

std::unique_ptr<const Normalizer> read_bert(const JsonNode& node) {
  node.allow_only({"type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
  const bool lowercase = node.boolean_or("lowercase", true);
  return std::make_unique<Bert>(Bert::Settings{
      node.boolean_or("clean_text", true), node.boolean_or("handle_chinese_chars", true),
      node.boolean_or("strip_accents", lowercase), lowercase});
}

}  // namespace

std::unique_ptr<const Normalizer> read_normalizer(const JsonNode& node) {
  const std::string type = node.at("type").string();
  if (type == "Sequence") return read_sequence(node);
  if (type == "Prepend") {
    node.allow_only({"type", "prepend"});
    return std::make_unique<Prepend>(node.at("prepend").string());
  }
  if (type == "Replace") {
    node.allow_only({"type", "pattern", "content"});
    return std::make_unique<Replace>(Pattern::read(node.at("pattern")),
                                     node.at("content").string());
  }
  if (type == "Strip") {
    node.allow_only({"type", "strip_left", "strip_right"});
    return std::make_unique<Strip>(node.at("strip_left").boolean(),
                                   node.at("strip_right").boolean());
  }
  if (type == "Precompiled") {
    node.allow_only({"type", "precompiled_charsmap"});
    const JsonNode charsmap = node.at("precompiled_charsmap");
    return std::make_unique<Precompiled>(
        Charsmap::from_base64(charsmap.string(), charsmap.where()));
  }
  if (type == "BertNormalizer") return read_bert(node);
  node.allow_only({"type"});
  if (type == "NFC") return std::make_unique<UnicodeForm>(NormalForm::nfc);
  if (type == "NFD") return std::make_unique<UnicodeForm>(NormalForm::nfd);
  if (type == "NFKC") return std::make_unique<UnicodeForm>(NormalForm::nfkc);
  if (type == "NFKD") return std::make_unique<UnicodeForm>(NormalForm::nfkd);
  if (type == "Lowercase") return std::make_unique<Lowercase>();
  if (type == "StripAccents") return std::make_unique<StripAccents>();
  if (type == "Nmt") return std::make_unique<Nmt>();
  if (type == "ByteLevel") return std::make_unique<ByteLevel>();
  node.fail(
      fmt::format("the normalizer '{}' is not supported (BertNormalizer, ByteLevel, Lowercase, "
                  "NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Strip, StripAccents "
                  "and Sequence are)",
                  type));
}

}  // namespace allometer::tokenizer
