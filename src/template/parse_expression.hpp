#pragma once
/// The expressions of a template: a recursive descent with Jinja's precedence.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "template/ast.hpp"
#include "template/settings.hpp"
#include "template/token_reader.hpp"

namespace allometer::jinja {

class ExpressionParser {
 public:
  ExpressionParser(TokenReader& tokens, const Settings& settings)
      : tokens_(tokens), settings_(settings) {}

  Expression parse();
  /// Expressions with commas between them are a tuple. `ends_at`: a name that ends it too.
  Expression parse_tuple(bool with_conditional = true, std::string_view ends_at = {});
  /// A target of an assignment or a loop. `with_attribute`: may it be `space.name`?
  Target parse_target(bool with_attribute, std::string_view ends_at = {});
  /// `| name(arguments) | ...` over no input; nothing where no `|` stands. `starts_bare`: the first
  /// has no `|`.
  std::optional<Expression> parse_filters(bool starts_bare);

  /// Throws ConfigError for the first unknown filter or test since the last call.
  void refuse_unknown();
  /// jinja2 lets unknown filters and tests pass inside of an `if` until they are reached.
  bool is_lenient = false;

 private:
  Expression parse_conditional();
  using Operand = Expression (ExpressionParser::*)();
  /// Operands between `operators`, which are all names (and, or) or all symbols, from the left.
  Expression parse_chain(Operand parse_operand, Token::Kind kind,
                         std::initializer_list<std::string_view> operators);
  Expression parse_or();
  Expression parse_and();
  Expression parse_not();
  Expression parse_comparison();
  Expression parse_sum();
  Expression parse_concatenation();
  Expression parse_product();
  Expression parse_power();
  Expression parse_unary(bool with_filters);
  Expression parse_primary();
  Expression parse_string();
  Expression parse_parenthesis();
  Expression parse_list();
  Expression parse_dict();
  Expression parse_postfix(Expression expression);
  Expression parse_filters_and_tests(Expression expression);
  Expression parse_call(Expression callee);
  Expression parse_dot(Expression object);
  Expression parse_subscript(Expression object);
  Expression parse_slice(ExpressionPtr object, std::optional<Expression> start, int line);
  Expression parse_filter(ExpressionPtr input);
  Expression parse_test(Expression input);
  CallArguments parse_call_arguments();
  void parse_call_argument(CallArguments& arguments);
  Target parse_single_target(bool with_attribute);
  bool at_tuple_end(std::string_view ends_at) const;

  TokenReader& tokens_;
  const Settings& settings_;
  struct Unknown {
    std::string message;
    int line;
  };
  void note_unknown(std::string message, int line);

  int nesting_ = 0;
  std::optional<Unknown> unknown_;
};

}  // namespace allometer::jinja
