#include "tasks/python_text.hpp"

#include <algorithm>

#include <utf8proc.h>

#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

/// Calls visit(code point) in order; stops at malformed text and returns the offset reached.
template <class Visit>
std::size_t for_each_code_point(std::string_view text, Visit visit) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t length =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    if (length <= 0) break;
    visit(c);
    at += static_cast<std::size_t>(length);
  }
  return at;
}

constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

template <class Drop>
std::string without(std::string_view text, Drop drop) {
  std::string kept;
  kept.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
               [&](char c) { return !drop(c); });
  return kept;
}

}  // namespace

bool is_utf8(std::string_view text, std::size_t* bad_offset) {
  const std::size_t end = for_each_code_point(text, [](utf8proc_int32_t) {});
  if (end != text.size() && bad_offset != nullptr) *bad_offset = end;
  return end == text.size();
}

std::string repaired_utf8(std::string_view text) {
  std::string repaired;
  std::size_t bad = 0;
  while (!is_utf8(text, &bad)) {
    repaired.append(text.substr(0, bad)).append("\xEF\xBF\xBD");
    text.remove_prefix(bad + 1);
  }
  return repaired.append(text);
}

std::int64_t num_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::int64_t num_words(std::string_view text) {
  std::int64_t words = 1;
  bool in_space = false;
  for_each_code_point(text, [&](utf8proc_int32_t c) {
    const bool is_space = jinja::is_space(static_cast<char32_t>(c));
    if (is_space && !in_space) ++words;
    in_space = is_space;
  });
  return words;
}

std::string lower(std::string_view text) {
  return jinja::to_lower(text);
}

std::string without_punctuation(std::string_view text) {
  return without(text, [](char c) { return kPunctuation.find(c) != std::string_view::npos; });
}

std::string without_unicode_punctuation(std::string_view text) {
  std::string kept;
  for_each_code_point(text, [&](utf8proc_int32_t c) {
    const utf8proc_category_t category = utf8proc_category(c);
    if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO) return;
    jinja::append_utf8(kept, static_cast<char32_t>(c));
  });
  return kept;
}

std::string without_digits(std::string_view text) {
  return without(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace allometer::tasks
