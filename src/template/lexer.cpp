#include "template/lexer.hpp"

#include "template/parser.hpp"

namespace allometer::jinja {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string with_unix_line_ends(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      result += text[i];
    } else {
      result += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    }
  }
  return result;
}

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& where)
      : text_(with_unix_line_ends(text)), where_(where) {}

  std::vector<Token> run() {
    while (position_ < text_.size()) {
      lex_text();
      if (position_ < text_.size()) lex_output();
    }
    return std::move(tokens_);
  }

 private:
  /// Literal text up to the next tag, which must be `{{`.
  void lex_text() {
    std::size_t end = position_;
    while ((end = text_.find('{', end)) != std::string::npos) {
      const char next = end + 1 < text_.size() ? text_[end + 1] : '\0';
      if (next == '{' || next == '%' || next == '#') break;
      ++end;
    }
    if (end == std::string::npos) end = text_.size();
    if (end > position_) push(Token::Kind::text, end - position_);
    if (position_ == text_.size()) return;
    if (text_[position_ + 1] == '%') fail("statements ({% ... %}) are not supported");
    if (text_[position_ + 1] == '#') fail("comments ({# ... #}) are not supported");
  }

  /// From `{{` to its `}}`.
  void lex_output() {
    const int first_line = line_;
    push(Token::Kind::output_begin, 2);
    if (position_ < text_.size() && (text_[position_] == '-' || text_[position_] == '+')) {
      fail(std::string("white space control ({{") + text_[position_] + ") is not supported");
    }
    while (true) {
      skip_space();
      if (position_ >= text_.size()) {
        fail_at(where_, first_line, "'{{' has no closing '}}'");
      }
      if (text_.compare(position_, 2, "}}") == 0) break;
      if (text_.compare(position_, 3, "-}}") == 0) {
        fail("white space control (-}}) is not supported");
      }
      lex_inside();
    }
    push(Token::Kind::output_end, 2);
  }

  void lex_inside() {
    const char c = text_[position_];
    if (is_name_start(c)) {
      std::size_t length = 1;
      while (position_ + length < text_.size() &&
             (is_name_start(text_[position_ + length]) || is_digit(text_[position_ + length]))) {
        ++length;
      }
      push(Token::Kind::name, length);
    } else if (is_digit(c)) {
      std::size_t length = 1;
      while (position_ + length < text_.size() && is_digit(text_[position_ + length])) ++length;
      push(Token::Kind::integer, length);
    } else if (c == '"' || c == '\'') {
      lex_string(c);
    } else {
      push(Token::Kind::symbol, 1);
    }
  }

  void lex_string(char quote) {
    const std::size_t end = text_.find(quote, position_ + 1);
    if (end == std::string::npos) fail(std::string("a string has no closing ") + quote);
    const std::string_view content =
        std::string_view(text_).substr(position_ + 1, end - position_ - 1);
    if (content.find('\\') != std::string_view::npos) {
      fail("escapes in strings (\\) are not supported");
    }
    tokens_.push_back({Token::Kind::string, std::string(content), line_});
    advance(end + 1 - position_);
  }

  void skip_space() {
    while (position_ < text_.size() && is_space(text_[position_])) advance(1);
  }

  void push(Token::Kind kind, std::size_t length) {
    tokens_.push_back({kind, text_.substr(position_, length), line_});
    advance(length);
  }

  void advance(std::size_t length) {
    for (; length > 0; --length) line_ += text_[position_++] == '\n';
  }

  [[noreturn]] void fail(const std::string& message) const { fail_at(where_, line_, message); }

  std::string text_;
  const std::string& where_;
  std::size_t position_ = 0;
  int line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, const std::string& where) {
  return Lexer(text, where).run();
}

}  // namespace allometer::jinja
