#pragma once
/// Regular expressions of tokenizer.json are written for Oniguruma (Ruby syntax, Unicode) and run
/// here with PCRE2.

#include <string>
#include <string_view>

namespace allometer::tokenizer {

/// The same expression for PCRE2 (UTF, UCP, multi-line). \s, \w, \h, \uHHHH, {,n} and script names
/// are rewritten. Throws ConfigError, without a place, for what PCRE2 would read otherwise and what
/// cannot be rewritten.
std::string pcre2_from_oniguruma(std::string_view expression);

}  // namespace allometer::tokenizer
