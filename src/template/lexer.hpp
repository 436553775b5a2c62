#pragma once
/// Cuts the text of a template into tokens.

#include <string>
#include <string_view>
#include <vector>

namespace allometer::jinja {

struct Token {
  enum class Kind {
    text,          ///< outside of every tag; line ends are "\n" as in jinja2
    output_begin,  ///< {{
    output_end,    ///< }}
    name,
    integer,
    string,  ///< without its quotes
    symbol,  ///< punctuation and operators
  };
  Kind kind;
  std::string text;
  int line = 1;
};

/// Throws ConfigError, beginning with `where`, at tags that are not supported or not closed.
std::vector<Token> tokenize(std::string_view text, const std::string& where);

}  // namespace allometer::jinja
