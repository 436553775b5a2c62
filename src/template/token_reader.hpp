#pragma once
/// The tokens of a template, read one after the other.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "template/lexer.hpp"

namespace allometer::jinja {

class TokenReader {
 public:
  TokenReader(std::vector<Token> tokens, const std::string& where)
      : tokens_(std::move(tokens)), where_(where) {}

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
  }
  const Token& next() {
    const Token& token = peek();
    if (token.kind != Token::Kind::end) ++position_;
    return token;
  }

  std::size_t position() const { return position_; }
  /// Is a variable of this name read between `begin` and here? (Not: an attribute, a filter or the
  /// name of an argument.)
  bool reads_variable(std::string_view name, std::size_t begin) const {
    for (std::size_t i = begin; i < position_; ++i) {
      if (is(tokens_[i], Token::Kind::name, name) &&
          !is(tokens_[i - 1], Token::Kind::symbol, ".") &&
          !is(tokens_[i - 1], Token::Kind::symbol, "|") &&
          !is(tokens_[i + 1], Token::Kind::symbol, "=")) {
        return true;
      }
    }
    return false;
  }

  bool at(Token::Kind kind) const { return peek().kind == kind; }
  bool at_symbol(std::string_view symbol) const { return is(peek(), Token::Kind::symbol, symbol); }
  bool at_name(std::string_view name) const { return is(peek(), Token::Kind::name, name); }
  static bool is(const Token& token, Token::Kind kind, std::string_view text) {
    return token.kind == kind && token.text == text;
  }

  bool take_symbol(std::string_view symbol) { return at_symbol(symbol) && (next(), true); }
  bool take_name(std::string_view name) { return at_name(name) && (next(), true); }

  /// Throw ConfigError where something else stands.
  void expect_symbol(std::string_view symbol) {
    if (!take_symbol(symbol)) fail_unexpected("'" + std::string(symbol) + "'");
  }
  void expect_name(std::string_view name) {
    if (!take_name(name)) fail_unexpected("'" + std::string(name) + "'");
  }
  std::string expect_any_name() {
    if (!at(Token::Kind::name)) fail_unexpected("a name");
    return next().text;
  }

  [[noreturn]] void fail_unexpected(const std::string& wanted) const {
    fail(found() + " stands where " + wanted + " should");
  }
  [[noreturn]] void fail(const std::string& message) const { fail(message, peek().line); }
  [[noreturn]] void fail(const std::string& message, int line) const {
    fail_at(where_, line, message);
  }

  /// The token that is next, for messages.
  std::string found() const {
    switch (peek().kind) {
      case Token::Kind::text:
        return "text";
      case Token::Kind::end:
        return "the end of the template";
      case Token::Kind::string:
        return "the string '" + peek().text.substr(0, 40) + "'";
      default:
        return "'" + peek().text.substr(0, 40) + "'";
    }
  }

 private:
  std::vector<Token> tokens_;
  const std::string& where_;
  std::size_t position_ = 0;
};

}  // namespace allometer::jinja
