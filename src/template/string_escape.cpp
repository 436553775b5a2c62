#include "template/string_escape.hpp"

#include <charconv>
#include <cstdint>

#include "template/python_text.hpp"

namespace allometer::jinja {
namespace {

/// `digits` digits exactly (base 16) or at most (base 8).
bool append_code_point(std::string_view text, std::size_t& position, std::size_t digits, int base,
                       std::string& out) {
  const std::string_view rest = text.substr(position, digits);
  std::uint32_t code_point = 0;
  const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), code_point, base);
  const auto length = static_cast<std::size_t>(result.ptr - rest.data());
  if (result.ec != std::errc() || (base == 16 && length != digits)) return false;
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) return false;
  position += length;
  append_utf8(out, static_cast<char32_t>(code_point));
  return true;
}

}  // namespace

bool append_escape(std::string_view text, std::size_t& position, std::string& out) {
  if (position >= text.size()) return false;
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  const char c = text[position++];
  if (const auto found = kLetters.find(c); found != std::string_view::npos) {
    out += kMeanings[found];
    return true;
  }
  switch (c) {
    case '\n':
      return true;
    case 'x':
      return append_code_point(text, position, 2, 16, out);
    case 'u':
      return append_code_point(text, position, 4, 16, out);
    case 'U':
      return append_code_point(text, position, 8, 16, out);
    case 'N':
      return false;  // it would need the table of names
    default:
      break;
  }
  if (c >= '0' && c <= '7') {
    --position;
    return append_code_point(text, position, 3, 8, out);
  }
  out += '\\';
  out += c;
  return true;
}

}  // namespace allometer::jinja
