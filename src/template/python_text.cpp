#include "template/python_text.hpp"

#include <algorithm>

#include <utf8proc.h>

#include "template/python_case.hpp"

namespace allometer::jinja {
namespace {

constexpr char32_t kFirstEscapedByte = 0xDC80;
constexpr char32_t kLastEscapedByte = 0xDCFF;

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_cased(char32_t c) {
  return is_lower(c) || is_upper(c) || is_title(c);
}

/// The property Case_Ignorable as far as it decides on a final sigma: marks, format characters,
/// modifiers and the punctuation that stands inside of words.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return std::u32string_view(
                 U"'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52"
                 U"\ufe55\uff07\uff0e\uff1a")
                 .find(c) != std::u32string_view::npos;
  }
}

/// Does the sigma at `at` end a word (Unicode's condition Final_Sigma)?
bool is_final_sigma(std::u32string_view text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  std::size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

void append_lower_at(std::u32string& out, std::u32string_view text, std::size_t at) {
  constexpr char32_t kCapitalSigma = 0x3A3;
  constexpr char32_t kFinalSigma = 0x3C2;
  if (text[at] == kCapitalSigma && is_final_sigma(text, at)) {
    out += kFinalSigma;
  } else {
    append_lower(out, text[at]);
  }
}

/// Is every code point that has a case accepted, and is there one?
template <class Accept>
bool all_cased(std::string_view text, Accept accept) {
  bool any = false;
  for (const char32_t c : code_points_of(text)) {
    if (!is_cased(c)) continue;
    if (!accept(c)) return false;
    any = true;
  }
  return any;
}

bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

std::vector<std::string> split_at_space(std::string_view text, std::int64_t most) {
  const std::u32string points = code_points_of(text);
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (true) {
    while (at < points.size() && is_space(points[at])) ++at;
    if (at == points.size()) return parts;
    // Behind the last split everything is one part, white space at its end too.
    std::size_t end = points.size();
    if (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
      end = at;
      while (end < points.size() && !is_space(points[end])) ++end;
    }
    parts.push_back(utf8_of(std::u32string_view(points).substr(at, end - at)));
    if (most >= 0 && static_cast<std::int64_t>(parts.size()) > most) return parts;
    at = end;
  }
}

std::vector<std::string> rsplit_at_space(std::string_view text, std::int64_t most) {
  std::u32string points = code_points_of(text);
  std::reverse(points.begin(), points.end());
  std::vector<std::string> parts = split_at_space(utf8_of(points), most);
  std::reverse(parts.begin(), parts.end());
  for (std::string& part : parts) {
    std::u32string backwards = code_points_of(part);
    std::reverse(backwards.begin(), backwards.end());
    part = utf8_of(backwards);
  }
  return parts;
}

}  // namespace

std::u32string code_points_of(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    utf8proc_int32_t c = byte;
    utf8proc_ssize_t length = 1;
    if (byte >= 0x80) {
      length = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
      if (length <= 0) c = static_cast<utf8proc_int32_t>(kFirstEscapedByte + (byte - 0x80U));
    }
    result += static_cast<char32_t>(c);
    at += length > 0 ? static_cast<std::size_t>(length) : 1;
  }
  return result;
}

void append_utf8(std::string& out, char32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point >= kFirstEscapedByte && code_point <= kLastEscapedByte) {
    out += static_cast<char>(code_point - kFirstEscapedByte + 0x80);
  } else {
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
}

std::string utf8_of(std::u32string_view code_points) {
  std::string out;
  out.reserve(code_points.size());
  for (const char32_t c : code_points) append_utf8(out, c);
  return out;
}

std::size_t num_code_points(std::string_view text) {
  const bool is_ascii = std::all_of(text.begin(), text.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return is_ascii ? text.size() : code_points_of(text).size();
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool is_alpha(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

bool is_decimal(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_ND;
}

bool is_digit(char32_t c) {
  return is_decimal(c) || is_other_digit(c);
}

bool is_printable(char32_t c) {
  if (c == ' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

bool is_word(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return c == '_' || is_alpha(c) || kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL ||
         kind == UTF8PROC_CATEGORY_NO;
}

bool is_lower_text(std::string_view text) {
  return all_cased(text, is_lower);
}

bool is_upper_text(std::string_view text) {
  return all_cased(text, is_upper);
}

bool is_title_text(std::string_view text) {
  bool any = false;
  bool after_cased = false;
  for (const char32_t c : code_points_of(text)) {
    const bool starts = is_upper(c) || is_title(c);
    if ((starts && after_cased) || (!starts && is_lower(c) && !after_cased)) return false;
    after_cased = starts || is_lower(c);
    any = any || after_cased;
  }
  return any;
}

std::string to_lower(std::string_view text) {
  const std::u32string points = code_points_of(text);
  std::u32string out;
  for (std::size_t i = 0; i < points.size(); ++i) append_lower_at(out, points, i);
  return utf8_of(out);
}

std::string to_upper(std::string_view text) {
  std::u32string out;
  for (const char32_t c : code_points_of(text)) append_upper(out, c);
  return utf8_of(out);
}

std::string to_title(std::string_view text) {
  const std::u32string points = code_points_of(text);
  std::u32string out;
  bool after_cased = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (after_cased) {
      append_lower_at(out, points, i);
    } else {
      append_title(out, points[i]);
    }
    after_cased = is_cased(points[i]);
  }
  return utf8_of(out);
}

std::string to_capitalized(std::string_view text) {
  const std::u32string points = code_points_of(text);
  std::u32string out;
  if (!points.empty()) append_title(out, points.front());
  for (std::size_t i = 1; i < points.size(); ++i) append_lower_at(out, points, i);
  return utf8_of(out);
}

std::string to_swapped_case(std::string_view text) {
  const std::u32string points = code_points_of(text);
  std::u32string out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (is_upper(points[i])) {
      append_lower_at(out, points, i);
    } else if (is_lower(points[i])) {
      append_upper(out, points[i]);
    } else {
      out += points[i];
    }
  }
  return utf8_of(out);
}

std::string strip(std::string_view text, const std::optional<std::string>& chars, Ends ends) {
  const std::u32string points = code_points_of(text);
  const std::u32string unwanted = chars ? code_points_of(*chars) : std::u32string();
  const auto drops = [&](char32_t c) {
    return chars ? unwanted.find(c) != std::u32string::npos : is_space(c);
  };
  std::size_t begin = 0;
  std::size_t end = points.size();
  if (ends != Ends::right) {
    while (begin < end && drops(points[begin])) ++begin;
  }
  if (ends != Ends::left) {
    while (end > begin && drops(points[end - 1])) --end;
  }
  return utf8_of(std::u32string_view(points).substr(begin, end - begin));
}

std::vector<std::string> split(std::string_view text, const std::optional<std::string>& separator,
                               std::int64_t most) {
  if (!separator) return split_at_space(text, most);
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
    const std::size_t end = text.find(*separator, at);
    if (end == std::string_view::npos) break;
    parts.emplace_back(text.substr(at, end - at));
    at = end + separator->size();
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

std::vector<std::string> rsplit(std::string_view text, const std::optional<std::string>& separator,
                                std::int64_t most) {
  if (!separator) return rsplit_at_space(text, most);
  std::vector<std::string> parts;
  std::size_t end = text.size();
  while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
    if (end < separator->size()) break;
    const std::size_t at = text.rfind(*separator, end - separator->size());
    if (at == std::string_view::npos) break;
    parts.emplace_back(text.substr(at + separator->size(), end - at - separator->size()));
    end = at;
  }
  parts.emplace_back(text.substr(0, end));
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> split_lines(std::string_view text, bool keep_ends) {
  const std::u32string points = code_points_of(text);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < points.size();) {
    std::size_t end = at;
    while (end < points.size() && !is_line_end(points[end])) ++end;
    std::size_t after = end;
    if (after < points.size()) {
      after +=
          points[after] == '\r' && after + 1 < points.size() && points[after + 1] == '\n' ? 2 : 1;
    }
    const std::size_t stop = keep_ends ? after : end;
    lines.push_back(utf8_of(std::u32string_view(points).substr(at, stop - at)));
    at = after;
  }
  return lines;
}

std::string replace_text(std::string_view text, std::string_view from, std::string_view to,
                         std::int64_t most) {
  std::string out;
  if (from.empty()) {
    // Python puts the replacement around every code point.
    std::int64_t left = most < 0 ? static_cast<std::int64_t>(text.size()) + 1 : most;
    for (const char32_t c : code_points_of(text)) {
      if (left-- > 0) out += to;
      append_utf8(out, c);
    }
    if (left > 0) out += to;
    return out;
  }
  std::size_t at = 0;
  for (std::int64_t done = 0; most < 0 || done < most; ++done) {
    const std::size_t found = text.find(from, at);
    if (found == std::string_view::npos) break;
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
  }
  return out.append(text.substr(at));
}

std::string pad_text(std::string_view text, std::int64_t width, char32_t fill, Side side) {
  const auto length = static_cast<std::int64_t>(num_code_points(text));
  if (width <= length) return std::string(text);
  const std::int64_t missing = width - length;
  // CPython gives the odd one to the left where the width is odd too.
  std::int64_t before = missing / 2 + (missing & width & 1);
  if (side != Side::center) before = side == Side::left ? 0 : missing;
  std::string out;
  for (std::int64_t i = 0; i < before; ++i) append_utf8(out, fill);
  out += text;
  for (std::int64_t i = before; i < missing; ++i) append_utf8(out, fill);
  return out;
}

}  // namespace allometer::jinja
