#pragma once
/// The methods of Python's str on UTF-8 text: lengths and indices are code points, cases and
/// classes those of Unicode. A byte that is not part of well-formed UTF-8 counts as one code point
/// (U+DC80 to U+DCFF, as with errors="surrogateescape") and comes out as it went in.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::jinja {

std::u32string code_points_of(std::string_view text);
std::string utf8_of(std::u32string_view code_points);
void append_utf8(std::string& out, char32_t code_point);
/// len(text).
std::size_t num_code_points(std::string_view text);

/// One code point of str.isspace(), isalpha(), isdecimal(), isdigit(), isprintable().
bool is_space(char32_t c);
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_printable(char32_t c);
/// \w of Python's re.
bool is_word(char32_t c);

/// str.islower(), isupper() and istitle().
bool is_lower_text(std::string_view text);
bool is_upper_text(std::string_view text);
bool is_title_text(std::string_view text);

/// str.lower(), upper(), title(), capitalize() and swapcase(), with the mappings that change the
/// length (ß, ŉ, ﬁ, İ) and the final sigma.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
std::string to_title(std::string_view text);
std::string to_capitalized(std::string_view text);
std::string to_swapped_case(std::string_view text);

/// Which ends strip() works on.
enum class Ends { both, left, right };
/// str.strip(chars): white space where there are no `chars`.
std::string strip(std::string_view text, const std::optional<std::string>& chars, Ends ends);

/// str.split and str.rsplit; no separator means runs of white space. `most` < 0: no limit. The
/// separator must not be empty.
std::vector<std::string> split(std::string_view text, const std::optional<std::string>& separator,
                               std::int64_t most);
std::vector<std::string> rsplit(std::string_view text, const std::optional<std::string>& separator,
                                std::int64_t most);
/// str.splitlines().
std::vector<std::string> split_lines(std::string_view text, bool keep_ends);

/// str.replace(); `most` < 0: every one.
std::string replace_text(std::string_view text, std::string_view from, std::string_view to,
                         std::int64_t most);

/// Where str.center(), ljust() and rjust() put the text.
enum class Side { left, center, right };
std::string pad_text(std::string_view text, std::int64_t width, char32_t fill, Side side);

}  // namespace allometer::jinja
