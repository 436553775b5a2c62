#pragma once
/// Cuts the text of a template into tokens.

#include <string>
#include <string_view>
#include <vector>

#include "template/settings.hpp"
#include "template/value.hpp"

namespace allometer::jinja {

struct Token {
  enum class Kind {
    text,          ///< outside of every tag; line ends are "\n" as in jinja2
    output_begin,  ///< {{
    output_end,    ///< }}
    block_begin,   ///< {%
    block_end,     ///< %}
    name,
    number,
    string,  ///< without quotes and escapes
    symbol,  ///< punctuation and operators
    end,     ///< of the template; always the last token
  };
  Kind kind;
  std::string text;
  int line = 1;
  Value number{};  ///< int or float
};

/// Comments are left out and the white space that the settings or `-` take away is gone. Throws
/// ConfigError, beginning with `where`, at tags that are not closed and characters that mean
/// nothing.
std::vector<Token> tokenize(std::string_view text, const Settings& settings,
                            const std::string& where);

/// Throws ConfigError "where: message", with the line inside the template where that is not the
/// first.
[[noreturn]] void fail_at(const std::string& where, int line, const std::string& message);

}  // namespace allometer::jinja
