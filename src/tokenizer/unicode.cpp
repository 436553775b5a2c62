#include "tokenizer/unicode.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include <fmt/format.h>
#include <utf8proc.h>

#include "core/error.hpp"
#include "tokenizer/unicode_tables.hpp"

namespace allometer::tokenizer {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
  std::size_t length;
  bool valid;
};

/// The well-formed sequence at the start of `bytes`, or the maximal invalid part (Unicode 15, table
/// 3-7 and section 3.9).
Sequence first_sequence(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
  if (lead == 0xE0) least = 0xA0;
  if (lead == 0xED) most = 0x9F;
  if (lead == 0xF0) least = 0x90;
  if (lead == 0xF4) most = 0x8F;
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= bytes.size() || byte(i) < least || byte(i) > most) return {i, false};
    least = 0x80;
    most = 0xBF;
  }
  return {length, true};
}

/// Are all bytes of `text` below `limit`? Without an exit from the loop, compilers make vectors of
/// it.
bool all_below(std::string_view text, unsigned char limit) {
  constexpr std::size_t kBlock = 4096;
  for (std::size_t i = 0; i < text.size(); i += kBlock) {
    unsigned char largest = 0;
    for (const char c : text.substr(i, kBlock)) {
      largest = std::max(largest, static_cast<unsigned char>(c));
    }
    if (largest >= limit) return false;
  }
  return true;
}

/// utf8proc's, and what Unicode 16 and 17 added.
std::int32_t lower_case_of(std::int32_t c) {
  struct Run {
    std::int32_t first;
    std::int32_t last;
    std::int32_t lower;  // of the first
  };
  constexpr Run kNewer[] = {{0x1C89, 0x1C89, 0x1C8A},    {0xA7CB, 0xA7CB, 0x0264},
                            {0xA7CC, 0xA7CC, 0xA7CD},    {0xA7CE, 0xA7CE, 0xA7CF},
                            {0xA7D2, 0xA7D2, 0xA7D3},    {0xA7D4, 0xA7D4, 0xA7D5},
                            {0xA7DA, 0xA7DA, 0xA7DB},    {0xA7DC, 0xA7DC, 0x019B},
                            {0x10D50, 0x10D65, 0x10D70}, {0x16EA0, 0x16EB8, 0x16EBB}};
  for (const Run& run : kNewer) {
    if (c >= run.first && c <= run.last) return run.lower + (c - run.first);
  }
  return utf8proc_tolower(c);
}

/// What the reference leaves as it is: it normalizes by Unicode 9, and these decompose since.
const CodePointSet& without_normal_form() {
  static const CodePointSet set = [] {
    CodePointSet newer;
    for_each_range(
        "32FF A7F2-A7F4 AB69 10781-10785 10787-107B0 107B2-107BA 11930 11938 1E030-1E06D 1F16C "
        "1FBF0-1FBF9",
        [&](std::int32_t first, std::int32_t last) { newer.add(first, last); });
    return newer;
  }();
  return set;
}

std::string map_to_normal_form(std::string_view text, NormalForm form) {
  int options = UTF8PROC_STABLE;
  options |=
      form == NormalForm::nfc || form == NormalForm::nfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (form == NormalForm::nfkc || form == NormalForm::nfkd) options |= UTF8PROC_COMPAT;
  utf8proc_uint8_t* result = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                                   static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  if (length == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (length < 0) {
    throw BackendError(fmt::format("utf8proc could not normalise a text of {} bytes: {}",
                                   text.size(), utf8proc_errmsg(length)));
  }
  return {reinterpret_cast<const char*>(result), static_cast<std::size_t>(length)};
}

/// What NFC neither changes nor joins to what stands before: a text of nothing else is in NFC.
/// (What is joined to a letter is a mark or a jamo.)
const CodePointSet& stable_in_nfc() {
  static const CodePointSet set = [] {
    CodePointSet stable;
    for (std::int32_t c = 0; c <= kLastCodePoint; ++c) {
      const auto* property = utf8proc_get_property(c);
      const bool mark = property->category == UTF8PROC_CATEGORY_MN ||
                        property->category == UTF8PROC_CATEGORY_MC ||
                        property->category == UTF8PROC_CATEGORY_ME;
      const bool jamo = c >= 0x1100 && c <= 0x11FF;
      const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
      if (mark || jamo || surrogate || property->combining_class != 0) continue;
      if (property->decomp_type == 0 && property->decomp_seqindex != UINT16_MAX) {
        std::string text;
        append_code_point(text, c);
        if (map_to_normal_form(text, NormalForm::nfc) != text) continue;
      }
      stable.add(c, c);
    }
    return stable;
  }();
  return set;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    const Sequence sequence = first_sequence(bytes.substr(i));
    if (!sequence.valid) return false;
    i += sequence.length;
  }
  return true;
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Sequence sequence = first_sequence(bytes);
    text += sequence.valid ? bytes.substr(0, sequence.length) : kReplacement;
    bytes.remove_prefix(sequence.length);
  }
  return text;
}

std::size_t num_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::size_t previous_code_point(std::string_view text, std::size_t position) {
  --position;
  while (position > 0 && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80) --position;
  return position;
}

void append_code_point(std::string& out, std::int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(code_point, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

bool is_white_space(std::int32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_mark(std::int32_t c) {
  return reference_marks().contains(c);
}

bool is_nonspacing_mark(std::int32_t c) {
  return reference_nonspacing_marks().contains(c);
}

bool is_other(std::int32_t c) {
  return c < 0x80 ? c < 0x20 || c == 0x7F : reference_other().contains(c);
}

bool is_numeric(std::int32_t c) {
  // The reference's standard library knows the digits of Unicode 17 as well.
  return numbers().contains(c) || (c >= 0x11DE0 && c <= 0x11DE9) || (c >= 0x16FF4 && c <= 0x16FF6);
}

bool is_punctuation(std::int32_t c) {
  if (c < 0x80)
    return (c > 0x20 && c < 0x7F) && !(c >= '0' && c <= '9') &&
           !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  return reference_punctuation().contains(c);
}

bool is_word(std::int32_t c) {
  return word_characters().contains(c);
}

void for_each_grapheme_cluster(std::string_view text,
                               const std::function<void(std::string_view)>& visit) {
  utf8proc_int32_t state = 0;
  std::size_t begin = 0;
  std::int32_t previous = 0;
  for (std::size_t i = 0; i < text.size(); i += code_point_length(text, i)) {
    const std::int32_t c = code_point_at(text, i);
    if (i > 0 && utf8proc_grapheme_break_stateful(previous, c, &state)) {
      visit(text.substr(begin, i - begin));
      begin = i;
    }
    previous = c;
  }
  if (begin < text.size()) visit(text.substr(begin));
}

void append_lower_case(std::string& out, std::int32_t code_point) {
  // The only code point whose lower case is two: capital I with dot above.
  if (code_point == 0x130) {
    out += "i\xCC\x87";
  } else {
    append_code_point(out, lower_case_of(code_point));
  }
}

bool is_trivially(NormalForm form, std::string_view text) {
  if (form != NormalForm::nfc) return all_below(text, 0x80);
  // Below U+0300 (whose lead byte is 0xCC) everything is stable.
  if (all_below(text, 0xCC)) return true;
  const CodePointSet& stable = stable_in_nfc();
  for (std::size_t i = 0; i < text.size(); i += code_point_length(text, i)) {
    if (static_cast<unsigned char>(text[i]) < 0xCC) continue;
    if (!stable.contains(code_point_at(text, i))) return false;
  }
  return true;
}

std::string to_normal_form(std::string_view text, NormalForm form) {
  if (is_trivially(form, text)) return std::string(text);
  // They compose with nothing: the text between two of them can be normalized on its own.
  std::string result;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = code_point_length(text, i);
    if (length > 2 && without_normal_form().contains(code_point_at(text, i))) {
      result += map_to_normal_form(text.substr(done, i - done), form);
      result += text.substr(i, length);
      done = i + length;
    }
    i += length;
  }
  return result += map_to_normal_form(text.substr(done), form);
}

}  // namespace allometer::tokenizer
