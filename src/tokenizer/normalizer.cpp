#include "tokenizer/normalizer.hpp"

#include <algorithm>
#include <string_view>
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

/// Drops the code points that `keep` does not want.
template <class Keep>
void filter(std::string& text, std::size_t& head, Keep keep) {
  std::string kept;
  kept.reserve(text.size());
  std::size_t kept_of_head = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = code_point_length(text, i);
    if (keep(code_point_at(text, i))) {
      kept.append(text, i, length);
      if (i < head) kept_of_head = kept.size();
    }
    i += length;
  }
  text = std::move(kept);
  head = kept_of_head;
}

/// Changes code points one by one: change(out, code point, its bytes) appends what they become.
template <class Change>
void change_each(std::string& text, std::size_t& head, Change change) {
  std::string result;
  result.reserve(text.size());
  std::size_t changed_head = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view bytes = std::string_view(text).substr(i, code_point_length(text, i));
    change(result, code_point_at(text, i), bytes);
    if (i < head) changed_head = result.size();
    i += bytes.size();
  }
  text = std::move(result);
  head = changed_head;
}

/// Every code point for which `is_blank` holds becomes a space.
template <class IsBlank>
void blank_out(std::string& text, std::size_t& head, IsBlank is_blank) {
  change_each(text, head, [&](std::string& out, std::int32_t c, std::string_view bytes) {
    out += is_blank(c) ? " " : bytes;
  });
}

void make_lower_case(std::string& text, std::size_t& head) {
  change_each(text, head, [](std::string& out, std::int32_t c, std::string_view) {
    append_lower_case(out, c);
  });
}

/// `head` behind a change of the text as a whole: as much as it becomes on its own, or the first
/// code point where it was joined with what follows.
template <class Change>
void change_whole(std::string& text, std::size_t& head, Change change) {
  std::string result = change(std::string_view(text));
  if (head > 0 && !result.empty()) {
    const std::string of_head = change(std::string_view(text).substr(0, head));
    head = std::max(code_point_length(result, 0), result.starts_with(of_head) ? of_head.size() : 0);
  }
  text = std::move(result);
}

void make_normal_form(std::string& text, std::size_t& head, NormalForm form) {
  if (is_trivially(form, text)) return;
  change_whole(text, head, [&](std::string_view part) { return to_normal_form(part, form); });
}

class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(NormalForm form) : form_(form) {}
  void apply(std::string& text, std::size_t& head) const override {
    make_normal_form(text, head, form_);
  }

 private:
  NormalForm form_;
};

class Lowercase : public Normalizer {
 public:
  void apply(std::string& text, std::size_t& head) const override { make_lower_case(text, head); }
};

class ByteLevel : public Normalizer {
 public:
  void apply(std::string& text, std::size_t& head) const override {
    change_each(text, head, [](std::string& out, std::int32_t, std::string_view bytes) {
      append_byte_level(out, bytes);
    });
  }
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(std::string& text, std::size_t& head) const override {
    if (text.empty()) return;
    text.insert(0, prefix_);
    if (head > 0) head += prefix_.size();
  }

 private:
  std::string prefix_;
};

class Replace : public Normalizer {
 public:
  Replace(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(std::string& text, std::size_t& head) const override {
    if (text.empty()) return;
    const std::vector<Range> matches = pattern_.find_all(text);
    if (head > 0) head = head_behind(matches, head);
    text = pattern_.replace(text, matches, content_);
  }

 private:
  /// The reference takes what it puts in for the last code point of what it takes out.
  std::size_t head_behind(const std::vector<Range>& matches, std::size_t head) const {
    std::size_t result = 0;
    std::size_t done = 0;
    for (const Range& match : matches) {
      if (match.begin >= head) break;
      result += match.begin - done;
      done = match.end;
      if (match.end > head) return result;
      result += content_.size();
    }
    return result + (head - done);
  }

  Pattern pattern_;
  std::string content_;
};

/// White space off either end.
class Strip : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  void apply(std::string& text, std::size_t& head) const override {
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
    head = std::min(head - std::min(head, begin), text.size());
  }

 private:
  bool left_;
  bool right_;
};

class StripAccents : public Normalizer {
 public:
  void apply(std::string& text, std::size_t& head) const override {
    filter(text, head, [](std::int32_t c) { return !is_mark(c); });
  }
};

/// SentencePiece's nmt_nfkc without the NFKC: drops control characters, turns kinds of white space
/// into spaces.
class Nmt : public Normalizer {
 public:
  void apply(std::string& text, std::size_t& head) const override {
    filter(text, head, [](std::int32_t c) { return !is_dropped(c); });
    blank_out(text, head, is_blank);
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
  void apply(std::string& text, std::size_t& head) const override {
    change_whole(text, head, [&](std::string_view part) { return charsmap_.normalize(part); });
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

  void apply(std::string& text, std::size_t& head) const override {
    if (settings_.clean_text) {
      filter(text, head, [](std::int32_t c) {
        return c != 0 && c != 0xFFFD && (is_control_space(c) || !is_other(c));
      });
      blank_out(text, head,
                [](std::int32_t c) { return is_control_space(c) || is_white_space(c); });
    }
    if (settings_.handle_chinese_chars) {
      change_each(text, head, [](std::string& out, std::int32_t c, std::string_view bytes) {
        if (is_chinese(c)) out += ' ';
        out += bytes;
        if (is_chinese(c)) out += ' ';
      });
    }
    if (settings_.strip_accents) {
      make_normal_form(text, head, NormalForm::nfd);
      filter(text, head, [](std::int32_t c) { return !is_nonspacing_mark(c); });
    }
    if (settings_.lowercase) make_lower_case(text, head);
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

  Settings settings_;
};

class Sequence : public Normalizer {
 public:
  Sequence(std::vector<std::unique_ptr<const Normalizer>> parts, std::string where)
      : parts_(std::move(parts)), where_(std::move(where)) {}
  void apply(std::string& text, std::size_t& head) const override {
    const std::size_t original = text.size();
    for (const auto& part : parts_) {
      part->apply(text, head);
      expect_reasonable_growth(original, text.size(), where_);
    }
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
