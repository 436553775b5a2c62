#include "template/parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "core/error.hpp"
#include "template/lexer.hpp"

namespace allometer::jinja {
namespace {

constexpr std::string_view kAdvice =
    "; templates know {{ field }}, {{ a.b }}, {{ list[0] }} and literal text: put what else is "
    "needed into the rows of the dataset";

/// Evaluation recurses over an expression's fields.
constexpr int kDeepest = 100;

/// Words that jinja2 does not take as the name of a variable, and what they stand for.
struct Reserved {
  std::string_view word;
  std::string_view construct;
};
constexpr std::array<Reserved, 15> kReserved{{{"true", "constants"},
                                              {"false", "constants"},
                                              {"none", "constants"},
                                              {"True", "constants"},
                                              {"False", "constants"},
                                              {"None", "constants"},
                                              {"and", "logical operators"},
                                              {"or", "logical operators"},
                                              {"not", "logical operators"},
                                              {"in", "comparisons"},
                                              {"is", "tests"},
                                              {"if", "conditional expressions"},
                                              {"else", "conditional expressions"},
                                              {"loop", "loops"},
                                              {"self", "blocks"}}};

std::string_view construct_of(const Token& token) {
  using Kind = Token::Kind;
  if (token.kind == Kind::integer || token.kind == Kind::string) return "constants";
  if (token.kind == Kind::name) {
    for (const Reserved& reserved : kReserved) {
      if (token.text == reserved.word) return reserved.construct;
    }
    return "two expressions in a row";
  }
  switch (token.text.empty() ? '\0' : token.text.front()) {
    case '|':
      return "filters";
    case '(':
      return "calls and parentheses";
    case '[':
      return "list literals";
    case '{':
      return "dict literals";
    case ':':
      return "slices";
    case ',':
      return "tuples";
    case '=':
    case '!':
    case '<':
    case '>':
      return "comparisons";
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '~':
      return "operators";
    default:
      return "this";
  }
}

bool is_reserved(const std::string& name) {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](const Reserved& reserved) { return name == reserved.word; });
}

class Parser {
 public:
  Parser(std::span<const Token> tokens, const std::string& where)
      : tokens_(tokens), where_(where) {}

  std::vector<Node> run() {
    std::vector<Node> nodes;
    while (position_ < tokens_.size()) {
      const Token& token = next();
      if (token.kind == Token::Kind::text) {
        nodes.push_back(Text{token.text});
        continue;
      }
      Expression expression = parse_expression();
      if (peek().kind != Token::Kind::output_end) refuse(peek());
      next();
      nodes.push_back(Output{std::move(expression)});
    }
    return nodes;
  }

 private:
  Expression parse_expression() {
    const Token& first = next();
    if (first.kind == Token::Kind::output_end) fail_at(where_, first.line, "'{{ }}' is empty");
    if (first.kind != Token::Kind::name || is_reserved(first.text)) refuse(first);
    Expression expression{Name{first.text}, first.line};
    for (int depth = 0; peek().kind == Token::Kind::symbol; ++depth) {
      if (depth == kDeepest) {
        fail_at(where_, first.line,
                fmt::format("an expression goes more than {} fields deep", kDeepest));
      }
      if (peek().text == ".") {
        next();
        expression = parse_dot(std::move(expression));
      } else if (peek().text == "[") {
        next();
        expression = parse_subscript(std::move(expression));
      } else {
        break;
      }
    }
    return expression;
  }

  Expression parse_dot(Expression object) {
    const Token& token = next();
    auto owner = std::make_unique<Expression>(std::move(object));
    if (token.kind == Token::Kind::name) {
      return {Field{std::move(owner), token.text, true}, token.line};
    }
    if (token.kind == Token::Kind::integer) {
      return {Index{std::move(owner), integer_of(token, false)}, token.line};
    }
    fail_at(where_, token.line, fmt::format("'{}.' lacks the name of a field", source_of(*owner)));
  }

  Expression parse_subscript(Expression object) {
    auto owner = std::make_unique<Expression>(std::move(object));
    const bool negative = peek().kind == Token::Kind::symbol && peek().text == "-";
    if (negative) next();
    const Token& token = next();
    Expression result{Name{}, token.line};
    if (token.kind == Token::Kind::integer) {
      result.node = Index{std::move(owner), integer_of(token, negative)};
    } else if (token.kind == Token::Kind::string && !negative) {
      result.node = Field{std::move(owner), token.text, false};
    } else {
      fail_at(where_, token.line,
              fmt::format("'{}[' must be followed by a number or a quoted name{}",
                          source_of(*owner), kAdvice));
    }
    const Token& close = next();
    if (close.kind != Token::Kind::symbol || close.text != "]") refuse(close);
    return result;
  }

  std::int64_t integer_of(const Token& token, bool negative) const {
    std::int64_t value = 0;
    const char* end = token.text.data() + token.text.size();
    if (std::from_chars(token.text.data(), end, value).ec != std::errc()) {
      fail_at(where_, token.line, "the index " + token.text + " is too large");
    }
    return negative ? -value : value;
  }

  [[noreturn]] void refuse(const Token& token) const {
    if (token.kind == Token::Kind::output_end) {
      fail_at(where_, token.line, "an expression ends too early, at '}}'");
    }
    fail_at(where_, token.line,
            fmt::format("{} are not supported ('{}' in '{{{{ }}}}'){}", construct_of(token),
                        token.text, kAdvice));
  }

  // The lexer closes every output, so that inside of one there is always a token left.
  const Token& peek() const { return tokens_[position_]; }
  const Token& next() { return tokens_[position_++]; }

  std::span<const Token> tokens_;
  const std::string& where_;
  std::size_t position_ = 0;
};

}  // namespace

std::vector<Node> parse_nodes(std::string_view text, const std::string& where) {
  const std::vector<Token> tokens = tokenize(text, where);
  return Parser(tokens, where).run();
}

void fail_at(const std::string& where, int line, const std::string& message) {
  const std::string place = line > 1 ? " (line " + std::to_string(line) + " of the template)" : "";
  throw ConfigError(where + place + ": " + message);
}

std::string source_of(const Expression& expression) {
  if (const auto* name = std::get_if<Name>(&expression.node)) return name->name;
  if (const auto* index = std::get_if<Index>(&expression.node)) {
    return source_of(*index->object) + "[" + std::to_string(index->index) + "]";
  }
  const auto& field = std::get<Field>(expression.node);
  return source_of(*field.object) + (field.dotted ? "." + field.name : "['" + field.name + "']");
}

}  // namespace allometer::jinja
