#pragma once
/// The cases of single code points, as Unicode's full case mapping and Python's str have them.

#include <string>

namespace allometer::jinja {

/// The derived properties Lowercase and Uppercase, and category Lt.
bool is_lower(char32_t c);
bool is_upper(char32_t c);
bool is_title(char32_t c);
/// A digit that is not a decimal one: ², ①.
bool is_other_digit(char32_t c);

/// Appends the mapping, which may be longer than one code point.
void append_lower(std::u32string& out, char32_t c);
void append_upper(std::u32string& out, char32_t c);
void append_title(std::u32string& out, char32_t c);

}  // namespace allometer::jinja
