#include "tokenizer/decoder.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "tokenizer/byte_level.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/pattern.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

using Pieces = std::vector<std::string>;

std::string joined(const Pieces& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

/// `from` is not empty.
std::string with_replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(from, at);
    result += text.substr(at, found - at);
    if (found == std::string_view::npos) return result;
    result += to;
    at = found + from.size();
  }
}

class ByteLevel : public Decoder {
 public:
  void apply(Pieces& pieces) const override {
    std::string bytes;
    for (const std::string& piece : pieces) append_bytes_of_piece(bytes, piece);
    pieces = {to_valid_utf8(bytes)};
  }
};

class Metaspace : public Decoder {
 public:
  Metaspace(std::string replacement, bool drop_first)
      : replacement_(std::move(replacement)), drop_first_(drop_first) {}

  void apply(Pieces& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      pieces[i] = with_replaced(pieces[i], replacement_, i == 0 && drop_first_ ? "" : " ");
    }
  }

 private:
  std::string replacement_;
  bool drop_first_;
};

class Replace : public Decoder {
 public:
  Replace(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(Pieces& pieces) const override {
    for (std::string& piece : pieces) piece = pattern_.replace_all(piece, content_);
  }

 private:
  Pattern pattern_;
  std::string content_;
};

/// Runs of pieces like <0x0A> become the text that their bytes spell, or one U+FFFD for each byte.
class ByteFallback : public Decoder {
 public:
  void apply(Pieces& pieces) const override {
    Pieces result;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (is_valid_utf8(bytes)) {
        result.push_back(bytes);
      } else {
        for (std::size_t i = 0; i < bytes.size(); ++i) result.emplace_back("\xEF\xBF\xBD");
      }
      bytes.clear();
    };
    for (std::string& piece : pieces) {
      if (const auto byte = byte_of(piece)) {
        bytes += *byte;
      } else {
        flush();
        result.push_back(std::move(piece));
      }
    }
    flush();
    pieces = std::move(result);
  }

 private:
  static std::optional<char> byte_of(const std::string& piece) {
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return std::nullopt;
    unsigned int value = 0;
    const char* begin = piece.data() + 3;
    const auto result = std::from_chars(begin, begin + 2, value, 16);
    if (result.ec != std::errc() || result.ptr != begin + 2) return std::nullopt;
    return static_cast<char>(value);
  }
};

/// What English tokenizers put apart, put together again (clean_up_tokenization of transformers).
std::string cleaned_up(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kRules) text = with_replaced(text, from, to);
  return text;
}

/// "##" at the start of a piece joins it to the one before; all others are put apart.
class WordPiece : public Decoder {
 public:
  WordPiece(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}

  void apply(Pieces& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::string& piece = pieces[i];
      if (i > 0) piece = piece.starts_with(prefix_) ? piece.substr(prefix_.size()) : " " + piece;
      if (cleanup_) piece = cleaned_up(std::move(piece));
    }
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

/// "</w>" ends a word: a space, but for the last piece.
class BpeSuffix : public Decoder {
 public:
  explicit BpeSuffix(std::string suffix) : suffix_(std::move(suffix)) {}
  void apply(Pieces& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      pieces[i] = with_replaced(pieces[i], suffix_, i + 1 == pieces.size() ? "" : " ");
    }
  }

 private:
  std::string suffix_;
};

/// Connectionist temporal classification (Graves et al. 2006): repetitions are one, blanks none.
class Ctc : public Decoder {
 public:
  Ctc(std::string pad, std::string delimiter, bool cleanup)
      : pad_(std::move(pad)), delimiter_(std::move(delimiter)), cleanup_(cleanup) {}

  void apply(Pieces& pieces) const override {
    pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
    for (std::string& piece : pieces) {
      piece = with_replaced(piece, pad_, "");
      if (cleanup_) piece = with_replaced(cleaned_up(std::move(piece)), delimiter_, " ");
    }
    std::erase_if(pieces, [](const std::string& piece) { return piece.empty(); });
  }

 private:
  std::string pad_;
  std::string delimiter_;
  bool cleanup_;
};

class Fuse : public Decoder {
 public:
  void apply(Pieces& pieces) const override { pieces = {joined(pieces)}; }
};

/// Takes up to `start` and `stop` times `content` off the ends of each piece.
class Strip : public Decoder {
 public:
  Strip(std::string content, std::int32_t start, std::int32_t stop)
      : content_(std::move(content)), start_(start), stop_(stop) {}

  void apply(Pieces& pieces) const override {
    for (std::string& piece : pieces) {
      std::string_view rest = piece;
      for (std::int32_t i = 0; i < start_ && rest.starts_with(content_); ++i) {
        rest.remove_prefix(content_.size());
      }
      for (std::int32_t i = 0; i < stop_ && rest.ends_with(content_); ++i) {
        rest.remove_suffix(content_.size());
      }
      piece = std::string(rest);
    }
  }

 private:
  std::string content_;
  std::int32_t start_;
  std::int32_t stop_;
};

class Sequence : public Decoder {
 public:
  explicit Sequence(std::vector<std::unique_ptr<const Decoder>> parts) : parts_(std::move(parts)) {}
  void apply(Pieces& pieces) const override {
    for (const auto& part : parts_) part->apply(pieces);
  }

 private:
  std::vector<std::unique_ptr<const Decoder>> parts_;
};

std::unique_ptr<const Decoder> read_sequence(const JsonNode& node) {
  node.allow_only({"type", "decoders"});
  node.expect_depth_below_limit();
  std::vector<std::unique_ptr<const Decoder>> parts;
  for (const JsonNode& part : node.at("decoders").items()) parts.push_back(read_decoder(part));
  return std::make_unique<Sequence>(std::move(parts));
}

std::unique_ptr<const Decoder> read_metaspace(const JsonNode& node) {
  node.allow_only(
      {"type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"});
  const auto scheme = node.find("prepend_scheme");
  const bool prepends =
      (!scheme || scheme->string() != "never") && node.boolean_or("add_prefix_space", true);
  return std::make_unique<Metaspace>(node.at("replacement").character(), prepends);
}

std::string not_empty(const JsonNode& node) {
  std::string text = node.string();
  if (text.empty()) node.fail("expected a text that is not empty");
  return text;
}

}  // namespace

std::unique_ptr<const Decoder> read_decoder(const JsonNode& node) {
  constexpr std::int32_t kMostStripped = 1 << 20;
  const std::string type = node.at("type").string();
  if (type == "Sequence") return read_sequence(node);
  if (type == "Metaspace") return read_metaspace(node);
  if (type == "ByteLevel") {
    node.allow_only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    return std::make_unique<ByteLevel>();
  }
  if (type == "Replace") {
    node.allow_only({"type", "pattern", "content"});
    return std::make_unique<Replace>(Pattern::read(node.at("pattern")),
                                     node.at("content").string());
  }
  if (type == "Strip") {
    node.allow_only({"type", "content", "start", "stop"});
    return std::make_unique<Strip>(node.at("content").character(),
                                   node.at("start").integer(0, kMostStripped),
                                   node.at("stop").integer(0, kMostStripped));
  }
  if (type == "WordPiece") {
    node.allow_only({"type", "prefix", "cleanup"});
    return std::make_unique<WordPiece>(node.at("prefix").string(), node.at("cleanup").boolean());
  }
  if (type == "BPEDecoder") {
    node.allow_only({"type", "suffix"});
    return std::make_unique<BpeSuffix>(not_empty(node.at("suffix")));
  }
  if (type == "CTC") {
    node.allow_only({"type", "pad_token", "word_delimiter_token", "cleanup"});
    return std::make_unique<Ctc>(not_empty(node.at("pad_token")),
                                 not_empty(node.at("word_delimiter_token")),
                                 node.at("cleanup").boolean());
  }
  node.allow_only({"type"});
  if (type == "ByteFallback") return std::make_unique<ByteFallback>();
  if (type == "Fuse") return std::make_unique<Fuse>();
  node.fail(
      fmt::format("the decoder '{}' is not supported (BPEDecoder, ByteFallback, ByteLevel, CTC, "
                  "Fuse, Metaspace, Replace, Strip, WordPiece and Sequence are)",
                  type));
}

}  // namespace allometer::tokenizer
