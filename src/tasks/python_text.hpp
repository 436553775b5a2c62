#pragma once
/// Properties of UTF-8 text as Python defines them for str, which lm-evaluation-harness's metrics
/// are made of.

#include <cstdint>
#include <string>
#include <string_view>

namespace allometer::tasks {

/// Is the text well-formed UTF-8? Else the offset of the first bad byte is stored.
bool is_utf8(std::string_view text, std::size_t* bad_offset = nullptr);

/// The text with U+FFFD for every byte that is not part of well-formed UTF-8.
std::string repaired_utf8(std::string_view text);

/// len(text): code points.
std::int64_t num_code_points(std::string_view text);

/// len(re.split(r"\s+", text)): runs of white space plus one, so blanks at either end count as a
/// word.
std::int64_t num_words(std::string_view text);

/// text.lower(), with the final form of sigma at the end of a word.
std::string lower(std::string_view text);

/// Text without the 32 characters of string.punctuation.
std::string without_punctuation(std::string_view text);
/// Text without the characters of Unicode's categories P*. Expects UTF-8.
std::string without_unicode_punctuation(std::string_view text);
/// Text without 0-9.
std::string without_digits(std::string_view text);

}  // namespace allometer::tasks
