#include "tokenizer/normalizer.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tokenizer/json_node.hpp"
#include "tokenizer/pattern.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(NormalForm form) : form_(form) {}
  void apply(std::string& text) const override { text = to_normal_form(text, form_); }

 private:
  NormalForm form_;
};

class Lowercase : public Normalizer {
 public:
  void apply(std::string& text) const override { text = lower_case(text); }
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, prefix_);
  }

 private:
  std::string prefix_;
};

class Replace : public Normalizer {
 public:
  Replace(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text = pattern_.replace_all(text, content_);
  }

 private:
  Pattern pattern_;
  std::string content_;
};

/// White space off either end.
class Strip : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  void apply(std::string& text) const override {
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
  }

 private:
  bool left_;
  bool right_;
};

class StripAccents : public Normalizer {
 public:
  void apply(std::string& text) const override {
    std::string kept;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = code_point_length(text, i);
      if (!is_mark(code_point_at(text, i))) kept.append(text, i, length);
      i += length;
    }
    text = std::move(kept);
  }
};

class Sequence : public Normalizer {
 public:
  Sequence(std::vector<std::unique_ptr<const Normalizer>> parts, std::string where)
      : parts_(std::move(parts)), where_(std::move(where)) {}
  void apply(std::string& text) const override {
    const std::size_t original = text.size();
    for (const auto& part : parts_) {
      part->apply(text);
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
  node.allow_only({"type"});
  if (type == "NFC") return std::make_unique<UnicodeForm>(NormalForm::nfc);
  if (type == "NFD") return std::make_unique<UnicodeForm>(NormalForm::nfd);
  if (type == "NFKC") return std::make_unique<UnicodeForm>(NormalForm::nfkc);
  if (type == "NFKD") return std::make_unique<UnicodeForm>(NormalForm::nfkd);
  if (type == "Lowercase") return std::make_unique<Lowercase>();
  if (type == "StripAccents") return std::make_unique<StripAccents>();
  node.fail(
      fmt::format("the normalizer '{}' is not supported (NFC, NFD, NFKC, NFKD, Lowercase, "
                  "Prepend, Replace, Strip, StripAccents and Sequence are)",
                  type));
}

}  // namespace allometer::tokenizer
