#pragma once
/// UTF-8 and the Unicode properties that tokenizers use. All text is valid UTF-8 unless said
/// otherwise.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace allometer::tokenizer {

/// `bytes`, each maximal invalid part replaced by U+FFFD (as Rust's from_utf8_lossy and Python's
/// errors="replace").
std::string to_valid_utf8(std::string_view bytes);
bool is_valid_utf8(std::string_view bytes);

/// Bytes of the code point that begins at `position`.
inline std::size_t code_point_length(std::string_view text, std::size_t position) {
  const auto lead = static_cast<unsigned char>(text[position]);
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}
/// Does `text` begin inside of a code point?
inline bool begins_inside_code_point(std::string_view text) {
  return !text.empty() && (static_cast<unsigned char>(text[0]) & 0xC0) == 0x80;
}
std::size_t num_code_points(std::string_view text);
/// The code point that begins at `position`.
inline std::int32_t code_point_at(std::string_view text, std::size_t position) {
  const std::size_t length = code_point_length(text, position);
  const auto lead = static_cast<unsigned char>(text[position]);
  // The lead byte's payload: 7, 5, 4 or 3 bits.
  std::int32_t code_point = length == 1 ? lead : lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(text[position + i]) & 0x3F);
  }
  return code_point;
}
/// Where the code point that ends before `position` > 0 begins.
std::size_t previous_code_point(std::string_view text, std::size_t position);
void append_code_point(std::string& out, std::int32_t code_point);

/// The property White_Space.
bool is_white_space(std::int32_t code_point);
/// \w of UTS #18: alphabetic, mark, decimal digit, connector punctuation, join control.
bool is_word(std::int32_t code_point);
/// General category M, Mn, N, P (ASCII symbols count as punctuation), C without what is unassigned;
/// by the versions of Unicode that the reference has (unicode_tables.hpp).
bool is_mark(std::int32_t code_point);
bool is_nonspacing_mark(std::int32_t code_point);
bool is_numeric(std::int32_t code_point);
bool is_punctuation(std::int32_t code_point);
bool is_other(std::int32_t code_point);

/// visit(cluster) for every extended grapheme cluster (UAX #29) of `text`, in order.
void for_each_grapheme_cluster(std::string_view text,
                               const std::function<void(std::string_view)>& visit);

/// Appends the lower case of a code point on its own (no context, as for a final sigma).
void append_lower_case(std::string& out, std::int32_t code_point);

enum class NormalForm { nfc, nfd, nfkc, nfkd };
/// Is `text` in the form by the look of its bytes? False does not say that it is not.
bool is_trivially(NormalForm form, std::string_view text);
std::string to_normal_form(std::string_view text, NormalForm form);

}  // namespace allometer::tokenizer
