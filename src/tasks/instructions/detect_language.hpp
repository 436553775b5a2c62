#pragma once
/// Which language a text is in, for instructions about the language of a response.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace allometer::tasks {

/// The likeliest language by CLD2, in the codes of langdetect, which IFEval uses ("en", "he",
/// "zh-cn", "zh-tw"). It always guesses, however short the text; nothing for a text without
/// letters, where langdetect throws "No features in text". The two disagree on texts of a few words
/// (langdetect takes "CAT DOG SUN" for German, CLD2 for English) and on mixed ones. `text` is
/// well-formed UTF-8.
std::optional<std::string> detect_language(const std::string& text);

/// The 55 codes that langdetect can give.
std::span<const std::string_view> language_codes();

}  // namespace allometer::tasks
