#define PCRE2_CODE_UNIT_WIDTH 8
#include "template/regex_replace.hpp"

#include <memory>
#include <vector>

#include <fmt/format.h>
#include <pcre2.h>

#include "core/utf8.hpp"
#include "template/string_escape.hpp"

namespace allometer::jinja {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

/// Steps of one match, and its memory in KiB.
constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kHeapLimitKiB = 64 * 1024;

std::string message_of(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

PCRE2_SPTR units(const std::string& text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::unique_ptr<pcre2_code, FreeCode> compiled(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  std::unique_ptr<pcre2_code, FreeCode> code(pcre2_compile(
      units(pattern), pattern.size(), PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
  if (!code) {
    throw Failure(fmt::format("regex_replace: '{}' is malformed at {}: {}", pattern, offset,
                              message_of(error)));
  }
  return code;
}

/// A piece of the replacement: a text, or a group where it is not negative.
struct Piece {
  std::string text;
  int group = -1;
};

/// Reads Python's templates: \1, \g<1>, \g<name> and the escapes of strings.
class ReplacementParser {
 public:
  ReplacementParser(const std::string& text, const pcre2_code* code) : text_(text), code_(code) {
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &num_groups_);
  }

  std::vector<Piece> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '\\') {
        append(std::string(1, c));
      } else {
        parse_escape();
      }
    }
    return std::move(pieces_);
  }

 private:
  void append(const std::string& text) {
    if (pieces_.empty() || pieces_.back().group >= 0) pieces_.emplace_back();
    pieces_.back().text += text;
  }

  void parse_escape() {
    if (at_ >= text_.size()) throw Failure("regex_replace: the replacement ends behind a '\\'");
    const char c = text_[at_];
    if (c == 'g') {
      ++at_;
      parse_named_group();
    } else if (c >= '1' && c <= '9') {
      std::size_t end = at_ + 1;
      if (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0) ++end;
      add_group(std::stoi(text_.substr(at_, end - at_)));
      at_ = end;
    } else {
      std::string escape;
      if (!append_escape(text_, at_, escape)) throw Failure("regex_replace: a broken escape");
      append(escape);
    }
  }

  void parse_named_group() {
    const std::size_t end = text_.find('>', at_);
    if (at_ >= text_.size() || text_[at_] != '<' || end == std::string::npos) {
      throw Failure("regex_replace: \\g must be followed by a group in <>");
    }
    const std::string name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    const bool is_number = !name.empty() && name.size() < 4 &&
                           name.find_first_not_of("0123456789") == std::string::npos;
    add_group(is_number ? std::stoi(name) : pcre2_substring_number_from_name(code_, units(name)));
  }

  void add_group(int group) {
    if (group < 0 || static_cast<std::uint32_t>(group) > num_groups_) {
      throw Failure("regex_replace: the replacement names a group that the pattern has not");
    }
    pieces_.push_back({"", group});
  }

  const std::string& text_;
  const pcre2_code* code_;
  std::uint32_t num_groups_ = 0;
  std::size_t at_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace

std::string regex_replaced(const std::string& text, const std::string& pattern,
                           const std::string& replacement, std::int64_t count, Heap& heap) {
  if (!is_utf8(text) || !is_utf8(pattern)) throw Failure("regex_replace needs UTF-8 text");
  const auto code = compiled(pattern);
  const std::vector<Piece> pieces = ReplacementParser(replacement, code.get()).run();
  const std::unique_ptr<pcre2_match_context, FreeMatchContext> limits(
      pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(limits.get(), kMatchLimit);
  pcre2_set_heap_limit(limits.get(), kHeapLimitKiB);
  const std::unique_ptr<pcre2_match_data, FreeMatchData> data(
      pcre2_match_data_create_from_pattern(code.get(), nullptr));
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data.get());

  std::string out;
  std::size_t copied = 0;
  std::size_t start = 0;
  std::uint32_t options = 0;
  for (std::int64_t done = 0; count <= 0 || done < count; ++done) {
    const int result =
        pcre2_match(code.get(), units(text), text.size(), start, options, data.get(), limits.get());
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) throw Failure("regex_replace: '" + pattern + "': " + message_of(result));
    heap.spend(16);
    if (offsets[0] > offsets[1]) throw Failure("regex_replace: \\K is not supported");
    out.append(text, copied, offsets[0] - copied);
    for (const Piece& piece : pieces) {
      out += piece.text;
      // A group that took no part in the match is empty.
      const auto group = static_cast<std::size_t>(std::max(piece.group, 0)) * 2;
      if (piece.group >= 0 && offsets[group] != PCRE2_UNSET) {
        out.append(text, offsets[group], offsets[group + 1] - offsets[group]);
      }
    }
    heap.spend_bytes(out.size() - std::min(out.size(), copied));
    copied = offsets[1];
    start = offsets[1];
    // Behind an empty match the next one must not be empty at the same place.
    options = offsets[0] == offsets[1] ? PCRE2_NOTEMPTY_ATSTART : 0;
  }
  return out.append(text, copied, std::string::npos);
}

}  // namespace allometer::jinja
