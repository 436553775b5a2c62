#include "tokenizer/pre_tokenizer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tokenizer/byte_level.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/unicode.hpp"
#include "tokenizer/unicode_scripts.hpp"
#include "tokenizer/word_scanner.hpp"

namespace allometer::tokenizer {
namespace {

constexpr std::int32_t kLongestFixedPiece = 1 << 30;  // code points

/// What becomes of the parts of a text that match a delimiter.
enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

struct Segment {
  Range range;
  bool is_match;
};

/// The matches and what lies between them, in order.
std::vector<Segment> segments_of(const std::vector<Range>& matches, std::size_t size, bool invert) {
  std::vector<Segment> segments;
  segments.reserve(matches.size() * 2 + 1);
  std::size_t position = 0;
  for (const Range& match : matches) {
    if (match.begin > position) segments.push_back({{position, match.begin}, invert});
    segments.push_back({match, !invert});
    position = match.end;
  }
  if (position < size) segments.push_back({{position, size}, invert});
  return segments;
}

/// Joins each segment to the one before it where `joins(segment, flag of the one before)`.
template <class Joins>
void merge_forward(std::vector<Segment>& segments, Joins joins) {
  std::vector<Segment> merged;
  bool previous = false;
  for (const Segment& segment : segments) {
    if (!merged.empty() && joins(segment.is_match, previous)) {
      merged.back().range.end = segment.range.end;
    } else {
      merged.push_back(segment);
    }
    previous = segment.is_match;
  }
  segments = std::move(merged);
}

void merge_with_next(std::vector<Segment>& segments) {
  std::vector<Segment> merged;  // last first
  bool previous = false;
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    if (!merged.empty() && segment->is_match && !previous) {
      merged.back().range.begin = segment->range.begin;
    } else {
      merged.push_back(*segment);
    }
    previous = segment->is_match;
  }
  std::reverse(merged.begin(), merged.end());
  segments = std::move(merged);
}

void apply_behavior(std::vector<Segment>& segments, Behavior behavior) {
  switch (behavior) {
    case Behavior::isolated:
    case Behavior::removed:
      return;  // append_parts
    case Behavior::contiguous:
      return merge_forward(segments, [](bool now, bool previous) { return now == previous; });
    case Behavior::merged_with_previous:
      return merge_forward(segments, [](bool now, bool previous) { return now && !previous; });
    case Behavior::merged_with_next:
      return merge_with_next(segments);
  }
}

/// Appends the parts of `whole` that its matches and the gaps between them are, where wanted.
void append_parts(std::vector<Range>& out, const Range& whole, const std::vector<Range>& matches,
                  bool want_matches, bool want_gaps) {
  const auto append = [&](std::size_t begin, std::size_t end, bool wanted) {
    if (wanted && begin < end) out.push_back({whole.begin + begin, whole.begin + end});
  };
  std::size_t position = 0;
  for (const Range& match : matches) {
    append(position, match.begin, want_gaps);
    append(match.begin, match.end, want_matches);
    position = match.end;
  }
  append(position, whole.end - whole.begin, want_gaps);
}

/// Splits every piece where find(piece) matches.
template <class Find>
void split_pieces(Pieces& pieces, Behavior behavior, bool invert, const Find& find) {
  std::vector<Range> ranges;
  for (const Range& whole : pieces.ranges) {
    const std::vector<Range> matches = find(pieces.piece(whole));
    if (behavior == Behavior::isolated || behavior == Behavior::removed) {
      const bool all = behavior == Behavior::isolated;
      append_parts(ranges, whole, matches, all || invert, all || !invert);
      continue;
    }
    auto segments = segments_of(matches, whole.end - whole.begin, invert);
    apply_behavior(segments, behavior);
    for (const auto& [range, is_match] : segments) {
      if (range.begin < range.end) {
        ranges.push_back({whole.begin + range.begin, whole.begin + range.end});
      }
    }
  }
  pieces.ranges = std::move(ranges);
}

/// Rewrites every piece: rewrite(out, piece, does it begin in the head?) appends the new text.
template <class Rewrite>
void rewrite_pieces(Pieces& pieces, const Rewrite& rewrite) {
  std::string text;
  text.reserve(pieces.text.size() + pieces.text.size() / 4 + 16);
  std::size_t head = 0;
  for (Range& range : pieces.ranges) {
    const std::size_t begin = text.size();
    const bool in_head = range.begin < pieces.head;
    rewrite(text, pieces.piece(range), in_head);
    // Of a piece that only begins there, the first code point.
    if (in_head)
      head = range.end <= pieces.head ? text.size() : begin + code_point_length(text, begin);
    range = {begin, text.size()};
  }
  pieces.text = std::move(text);
  pieces.head = head;
}

/// Every code point of a kind is one match.
template <class Predicate>
std::vector<Range> code_points_that(std::string_view text, Predicate predicate) {
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = code_point_length(text, i);
    if (predicate(code_point_at(text, i))) ranges.push_back({i, i + length});
    i += length;
  }
  return ranges;
}

class ByteLevel : public PreTokenizer {
 public:
  ByteLevel(bool add_prefix_space, bool use_regex, const std::string& where)
      : add_prefix_space_(add_prefix_space),
        use_regex_(use_regex),
        words_(Pattern::regex(kGpt2Words, where)) {}

  void apply(Pieces& pieces) const override {
    if (add_prefix_space_) {
      rewrite_pieces(pieces, [](std::string& out, std::string_view piece, bool) {
        if (piece.front() != ' ') out += ' ';
        out += piece;
      });
    }
    if (use_regex_) {
      split_pieces(pieces, Behavior::isolated, false,
                   [&](std::string_view piece) { return words_.find_all(piece); });
    }
    rewrite_pieces(pieces, [](std::string& out, std::string_view piece, bool) {
      append_byte_level(out, piece);
    });
  }

 private:
  bool add_prefix_space_;
  bool use_regex_;
  Pattern words_;
};

class Split : public PreTokenizer {
 public:
  Split(Pattern pattern, Behavior behavior, bool invert)
      : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

  void apply(Pieces& pieces) const override {
    split_pieces(pieces, behavior_, invert_,
                 [&](std::string_view piece) { return pattern_.find_all(piece); });
  }

 private:
  Pattern pattern_;
  Behavior behavior_;
  bool invert_;
};

class CodePointSplit : public PreTokenizer {
 public:
  using Predicate = bool (*)(std::int32_t);
  CodePointSplit(Predicate predicate, Behavior behavior)
      : predicate_(predicate), behavior_(behavior) {}

  void apply(Pieces& pieces) const override {
    split_pieces(pieces, behavior_, false,
                 [&](std::string_view piece) { return code_points_that(piece, predicate_); });
  }

 private:
  Predicate predicate_;
  Behavior behavior_;
};

/// Cuts where the script changes, as SentencePiece does: Han and the kana are one, a space is in
/// any.
class UnicodeScripts : public PreTokenizer {
 public:
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, Behavior::removed, true, [](std::string_view piece) {
      // What stands before the first code point with a script is lost, as in the reference.
      std::vector<Range> runs;
      Script last = kAnyScript;
      for (std::size_t i = 0; i < piece.size(); i += code_point_length(piece, i)) {
        const Script script = script_of_run(code_point_at(piece, i));
        if (script == kAnyScript) continue;
        if (script != last) {
          if (!runs.empty()) runs.back().end = i;
          runs.push_back({i, piece.size()});
        }
        last = script;
      }
      return runs;
    });
  }
};

/// Pieces of so many code points; the last one may have fewer.
class FixedLength : public PreTokenizer {
 public:
  explicit FixedLength(std::size_t length) : length_(length) {}
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, Behavior::isolated, false, [&](std::string_view piece) {
      std::vector<Range> ranges;
      for (std::size_t begin = 0; begin < piece.size(); begin = ranges.back().end) {
        std::size_t end = begin;
        for (std::size_t n = 0; n < length_ && end < piece.size(); ++n) {
          end += code_point_length(piece, end);
        }
        ranges.push_back({begin, end});
      }
      return ranges;
    });
  }

 private:
  std::size_t length_;
};

class Metaspace : public PreTokenizer {
 public:
  enum class Prepend { never, first, always };
  Metaspace(std::string replacement, Prepend prepend, bool split)
      : replacement_(std::move(replacement)), prepend_(prepend), split_(split) {}

  void apply(Pieces& pieces) const override {
    rewrite_pieces(pieces, [&](std::string& out, std::string_view piece, bool in_head) {
      const bool wanted = prepend_ == Prepend::always || (prepend_ == Prepend::first && in_head);
      const bool there = piece.front() == ' ' || piece.starts_with(replacement_);
      if (wanted && !there) out += replacement_;
      for (const char c : piece) {
        if (c == ' ') {
          out += replacement_;
        } else {
          out += c;
        }
      }
    });
    if (!split_) return;
    split_pieces(pieces, Behavior::merged_with_next, false, [&](std::string_view piece) {
      std::vector<Range> ranges;
      for (std::size_t at = 0; (at = piece.find(replacement_, at)) != std::string_view::npos;
           at += replacement_.size()) {
        ranges.push_back({at, at + replacement_.size()});
      }
      return ranges;
    });
  }

 private:
  std::string replacement_;
  Prepend prepend_;
  bool split_;
};

class Sequence : public PreTokenizer {
 public:
  Sequence(std::vector<std::unique_ptr<const PreTokenizer>> parts, std::string where)
      : parts_(std::move(parts)), where_(std::move(where)) {}
  void apply(Pieces& pieces) const override {
    const std::size_t original = pieces.text.size();
    for (const auto& part : parts_) {
      part->apply(pieces);
      expect_reasonable_growth(original, pieces.text.size(), where_);
    }
  }

 private:
  std::vector<std::unique_ptr<const PreTokenizer>> parts_;
  std::string where_;
};

Behavior read_behavior(const JsonNode& node) {
  const std::string name = node.string();
  if (name == "Removed") return Behavior::removed;
  if (name == "Isolated") return Behavior::isolated;
  if (name == "MergedWithPrevious") return Behavior::merged_with_previous;
  if (name == "MergedWithNext") return Behavior::merged_with_next;
  if (name == "Contiguous") return Behavior::contiguous;
  node.fail(
      fmt::format("'{}' is not a behavior (Removed, Isolated, MergedWithPrevious, "
                  "MergedWithNext, Contiguous)",
                  name));
}

std::unique_ptr<const PreTokenizer> read_byte_level(const JsonNode& node) {
  node.allow_only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  return std::make_unique<ByteLevel>(node.at("add_prefix_space").boolean(),
                                     node.boolean_or("use_regex", true), node.where());
}

std::unique_ptr<const PreTokenizer> read_split(const JsonNode& node) {
  node.allow_only({"type", "pattern", "behavior", "invert"});
  return std::make_unique<Split>(Pattern::read(node.at("pattern")),
                                 read_behavior(node.at("behavior")),
                                 node.boolean_or("invert", false));
}

/// Files from before prepend_scheme say add_prefix_space.
std::unique_ptr<const PreTokenizer> read_metaspace(const JsonNode& node) {
  node.allow_only(
      {"type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"});
  auto prepend = Metaspace::Prepend::always;
  if (const auto scheme = node.find("prepend_scheme")) {
    const std::string name = scheme->string();
    if (name == "never") {
      prepend = Metaspace::Prepend::never;
    } else if (name == "first") {
      prepend = Metaspace::Prepend::first;
    } else if (name != "always") {
      scheme->fail(fmt::format("'{}' is not a scheme (always, first, never)", name));
    }
  }
  if (!node.boolean_or("add_prefix_space", true)) {
    if (node.find("prepend_scheme") && prepend != Metaspace::Prepend::never) {
      node.fail("add_prefix_space is false, but prepend_scheme is not 'never'");
    }
    prepend = Metaspace::Prepend::never;
  }
  return std::make_unique<Metaspace>(node.at("replacement").character(), prepend,
                                     node.boolean_or("split", true));
}

std::unique_ptr<const PreTokenizer> read_sequence(const JsonNode& node) {
  node.allow_only({"type", "pretokenizers"});
  node.expect_depth_below_limit();
  std::vector<std::unique_ptr<const PreTokenizer>> parts;
  for (const JsonNode& part : node.at("pretokenizers").items()) {
    parts.push_back(read_pre_tokenizer(part));
  }
  return std::make_unique<Sequence>(std::move(parts), node.where());
}

}  // namespace

std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const JsonNode& node) {
  const std::string type = node.at("type").string();
  if (type == "Sequence") return read_sequence(node);
  if (type == "ByteLevel") return read_byte_level(node);
  if (type == "Split") return read_split(node);
  if (type == "Metaspace") return read_metaspace(node);
  if (type == "Digits") {
    node.allow_only({"type", "individual_digits"});
    const bool each = node.boolean_or("individual_digits", false);
    return std::make_unique<CodePointSplit>(is_numeric,
                                            each ? Behavior::isolated : Behavior::contiguous);
  }
  if (type == "Punctuation") {
    node.allow_only({"type", "behavior"});
    const auto behavior = node.find("behavior");
    return std::make_unique<CodePointSplit>(
        is_punctuation, behavior ? read_behavior(*behavior) : Behavior::isolated);
  }
  if (type == "CharDelimiterSplit") {
    node.allow_only({"type", "delimiter"});
    const JsonNode delimiter = node.at("delimiter");
    delimiter.character();
    return std::make_unique<Split>(Pattern::text(delimiter.string(), delimiter.where()),
                                   Behavior::removed, false);
  }
  if (type == "FixedLength") {
    node.allow_only({"type", "length"});
    const auto length = node.find("length");
    return std::make_unique<FixedLength>(
        length ? static_cast<std::size_t>(length->integer(1, kLongestFixedPiece)) : 5);
  }
  node.allow_only({"type"});
  if (type == "BertPreTokenizer") {
    std::vector<std::unique_ptr<const PreTokenizer>> parts;
    parts.push_back(std::make_unique<CodePointSplit>(is_white_space, Behavior::removed));
    parts.push_back(std::make_unique<CodePointSplit>(is_punctuation, Behavior::isolated));
    return std::make_unique<Sequence>(std::move(parts), node.where());
  }
  if (type == "UnicodeScripts") return std::make_unique<UnicodeScripts>();
  if (type == "WhitespaceSplit") {
    return std::make_unique<CodePointSplit>(is_white_space, Behavior::removed);
  }
  if (type == "Whitespace") {
    return std::make_unique<Split>(
        Pattern::regex(R"([\w\x{200c}\x{200d}]+|[^\w\s\x{200c}\x{200d}]+)", node.where()),
        Behavior::removed, true);
  }
  node.fail(
      fmt::format("the pre-tokenizer '{}' is not supported (BertPreTokenizer, ByteLevel, "
                  "CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation, Split, "
                  "UnicodeScripts, Whitespace, WhitespaceSplit and Sequence are)",
                  type));
}

}  // namespace allometer::tokenizer
