#include "template/parse_expression.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "template/filters.hpp"
#include "template/tests.hpp"

namespace allometer::jinja {
namespace {

using Kind = Token::Kind;

/// Parsing and evaluating recurse: brackets inside of brackets, and operands inside of operands.
constexpr int kDeepestNesting = 100;
constexpr int kDeepestExpression = 500;

ExpressionPtr boxed(Expression expression) {
  return std::make_unique<Expression>(std::move(expression));
}

int depth_of(const ExpressionPtr& part) {
  return part ? part->depth : 0;
}

int depth_of(const Expressions& parts) {
  int depth = 0;
  for (const Expression& part : parts) depth = std::max(depth, part.depth);
  return depth;
}

int depth_of(const CallArguments& arguments) {
  int depth = std::max({depth_of(arguments.positional), depth_of(arguments.rest_positional),
                        depth_of(arguments.rest_named)});
  for (const auto& [name, value] : arguments.named) depth = std::max(depth, value->depth);
  return depth;
}

/// An expression around `parts`, which are already inside of `node`.
template <class Node>
Expression around(const TokenReader& tokens, int line, int depth_of_parts, Node node) {
  if (depth_of_parts >= kDeepestExpression) {
    tokens.fail(fmt::format("an expression goes more than {} levels deep", kDeepestExpression),
                line);
  }
  Expression expression{std::move(node), line, depth_of_parts + 1};
  return expression;
}

class Nesting {
 public:
  Nesting(int& depth, const TokenReader& tokens) : depth_(depth) {
    if (++depth_ > kDeepestNesting) {
      tokens.fail(fmt::format("brackets go more than {} levels deep", kDeepestNesting));
    }
  }
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  int& depth_;
};

bool is_constant_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kConstants{"true", "false", "none",
                                                       "True", "False", "None"};
  return std::find(kConstants.begin(), kConstants.end(), name) != kConstants.end();
}

}  // namespace

Expression ExpressionParser::parse() {
  return parse_conditional();
}

void ExpressionParser::note_unknown(std::string message, int line) {
  if (!unknown_) unknown_ = Unknown{std::move(message), line};
}

void ExpressionParser::refuse_unknown() {
  if (unknown_) tokens_.fail(unknown_->message, unknown_->line);
}

bool ExpressionParser::at_tuple_end(std::string_view ends_at) const {
  return tokens_.at(Kind::output_end) || tokens_.at(Kind::block_end) || tokens_.at_symbol(")") ||
         (!ends_at.empty() && tokens_.at_name(ends_at));
}

Expression ExpressionParser::parse_tuple(bool with_conditional, std::string_view ends_at) {
  const int line = tokens_.peek().line;
  Expressions items;
  bool has_comma = false;
  while (!at_tuple_end(ends_at)) {
    items.push_back(with_conditional ? parse_conditional() : parse_or());
    if (!tokens_.take_symbol(",")) break;
    has_comma = true;
  }
  if (items.empty()) tokens_.fail_unexpected("an expression");
  if (!has_comma) return std::move(items.front());
  return around(tokens_, line, depth_of(items), ListLiteral{std::move(items), true});
}

Target ExpressionParser::parse_target(bool with_attribute, std::string_view ends_at) {
  Target tuple;
  tuple.line = tokens_.peek().line;
  bool has_comma = false;
  while (!at_tuple_end(ends_at)) {
    tuple.targets.push_back(parse_single_target(with_attribute));
    if (!tokens_.take_symbol(",")) break;
    has_comma = true;
  }
  if (tuple.targets.empty()) tokens_.fail_unexpected("the name of a variable");
  if (has_comma) return tuple;
  Target single = std::move(tuple.targets.front());
  return single;
}

Target ExpressionParser::parse_single_target(bool with_attribute) {
  const Nesting nesting(nesting_, tokens_);
  const int line = tokens_.peek().line;
  if (tokens_.take_symbol("(")) {
    Target target = parse_target(false);
    tokens_.expect_symbol(")");
    return target;
  }
  if (!tokens_.at(Kind::name)) tokens_.fail_unexpected("the name of a variable");
  if (is_constant_name(tokens_.peek().text)) {
    tokens_.fail("'" + tokens_.peek().text + "' is a constant: nothing can be assigned to it");
  }
  Target target;
  target.line = line;
  target.name = tokens_.next().text;
  if (with_attribute && tokens_.take_symbol(".")) target.attribute = tokens_.expect_any_name();
  return target;
}

Expression ExpressionParser::parse_conditional() {
  const Nesting nesting(nesting_, tokens_);
  const int line = tokens_.peek().line;
  const bool was_lenient = is_lenient;
  const auto unknown_before = unknown_;
  Expression expression = parse_or();
  while (tokens_.take_name("if")) {
    is_lenient = true;
    unknown_ = unknown_before;
    Expression condition = parse_or();
    ExpressionPtr otherwise;
    if (tokens_.take_name("else")) otherwise = boxed(parse_conditional());
    is_lenient = was_lenient;
    const int depth = std::max({expression.depth, condition.depth, depth_of(otherwise)});
    expression = around(tokens_, line, depth,
                        Conditional{boxed(std::move(condition)), boxed(std::move(expression)),
                                    std::move(otherwise)});
  }
  return expression;
}

Expression ExpressionParser::parse_chain(Operand parse_operand, Kind kind,
                                         std::initializer_list<std::string_view> operators) {
  Expression left = (this->*parse_operand)();
  while (tokens_.at(kind) &&
         std::find(operators.begin(), operators.end(), tokens_.peek().text) != operators.end()) {
    const Token operation = tokens_.next();
    Expression right = (this->*parse_operand)();
    const int depth = std::max(left.depth, right.depth);
    ExpressionPtr first = boxed(std::move(left));
    ExpressionPtr second = boxed(std::move(right));
    left = kind == Kind::name
               ? around(tokens_, operation.line, depth,
                        Logical{operation.text == "and", std::move(first), std::move(second)})
               : around(tokens_, operation.line, depth,
                        Arithmetic{operation.text, std::move(first), std::move(second)});
  }
  return left;
}

Expression ExpressionParser::parse_or() {
  return parse_chain(&ExpressionParser::parse_and, Kind::name, {"or"});
}

Expression ExpressionParser::parse_and() {
  return parse_chain(&ExpressionParser::parse_not, Kind::name, {"and"});
}

Expression ExpressionParser::parse_not() {
  int line = tokens_.peek().line;
  int count = 0;
  for (; tokens_.take_name("not"); ++count) {
    if (count == kDeepestNesting) tokens_.fail("too many 'not' in a row");
  }
  Expression expression = parse_comparison();
  for (; count > 0; --count) {
    const int depth = expression.depth;
    expression = around(tokens_, line, depth, Unary{"not", boxed(std::move(expression))});
  }
  return expression;
}

Expression ExpressionParser::parse_comparison() {
  constexpr std::array<std::string_view, 6> kSymbols{"==", "!=", "<", "<=", ">", ">="};
  const int line = tokens_.peek().line;
  Expression first = parse_sum();
  Comparison comparison;
  int depth = first.depth;
  while (true) {
    std::string symbol;
    if (tokens_.at(Kind::symbol) &&
        std::find(kSymbols.begin(), kSymbols.end(), tokens_.peek().text) != kSymbols.end()) {
      symbol = tokens_.next().text;
    } else if (tokens_.take_name("in")) {
      symbol = "in";
    } else if (tokens_.at_name("not") && TokenReader::is(tokens_.peek(1), Kind::name, "in")) {
      tokens_.next();
      tokens_.next();
      symbol = "not in";
    } else {
      break;
    }
    Expression operand = parse_sum();
    depth = std::max(depth, operand.depth);
    comparison.rest.emplace_back(std::move(symbol), boxed(std::move(operand)));
  }
  if (comparison.rest.empty()) return first;
  comparison.first = boxed(std::move(first));
  return around(tokens_, line, depth, std::move(comparison));
}

Expression ExpressionParser::parse_sum() {
  return parse_chain(&ExpressionParser::parse_concatenation, Kind::symbol, {"+", "-"});
}

Expression ExpressionParser::parse_concatenation() {
  const int line = tokens_.peek().line;
  Expressions parts;
  parts.push_back(parse_product());
  while (tokens_.take_symbol("~")) parts.push_back(parse_product());
  if (parts.size() == 1) return std::move(parts.front());
  return around(tokens_, line, depth_of(parts), Concatenation{std::move(parts)});
}

Expression ExpressionParser::parse_product() {
  return parse_chain(&ExpressionParser::parse_power, Kind::symbol, {"*", "/", "//", "%"});
}

/// Unlike Python's, Jinja's ** groups from the left and binds less than a sign.
Expression ExpressionParser::parse_power() {
  Expression left = parse_unary(true);
  while (tokens_.at_symbol("**")) {
    const int line = tokens_.next().line;
    Expression right = parse_unary(true);
    const int depth = std::max(left.depth, right.depth);
    left = around(tokens_, line, depth,
                  Arithmetic{"**", boxed(std::move(left)), boxed(std::move(right))});
  }
  return left;
}

Expression ExpressionParser::parse_unary(bool with_filters) {
  const Nesting nesting(nesting_, tokens_);
  Expression expression;
  if (tokens_.at_symbol("-") || tokens_.at_symbol("+")) {
    const Token sign = tokens_.next();
    Expression operand = parse_unary(false);
    const int depth = operand.depth;
    expression = around(tokens_, sign.line, depth, Unary{sign.text, boxed(std::move(operand))});
  } else {
    expression = parse_primary();
  }
  expression = parse_postfix(std::move(expression));
  return with_filters ? parse_filters_and_tests(std::move(expression)) : std::move(expression);
}

Expression ExpressionParser::parse_primary() {
  const Token& token = tokens_.peek();
  const int line = token.line;
  if (token.kind == Kind::string) return parse_string();
  if (token.kind == Kind::number) return {Literal{tokens_.next().number}, line};
  if (token.kind == Kind::name) {
    const std::string name = tokens_.next().text;
    if (!is_constant_name(name)) return {Name{name}, line};
    if (name == "none" || name == "None") return {Literal{Value()}, line};
    return {Literal{Value(name == "true" || name == "True")}, line};
  }
  if (tokens_.at_symbol("(")) return parse_parenthesis();
  if (tokens_.at_symbol("[")) return parse_list();
  if (tokens_.at_symbol("{")) return parse_dict();
  tokens_.fail_unexpected("an expression");
}

/// String literals that stand side by side are one.
Expression ExpressionParser::parse_string() {
  const int line = tokens_.peek().line;
  std::string text;
  while (tokens_.at(Kind::string)) text += tokens_.next().text;
  return {Literal{Value(std::move(text))}, line};
}

Expression ExpressionParser::parse_parenthesis() {
  const int line = tokens_.next().line;
  if (tokens_.take_symbol(")")) return {ListLiteral{{}, true}, line};
  Expression expression = parse_tuple();
  tokens_.expect_symbol(")");
  return expression;
}

Expression ExpressionParser::parse_list() {
  const int line = tokens_.next().line;
  Expressions items;
  while (!tokens_.at_symbol("]")) {
    if (!items.empty()) tokens_.expect_symbol(",");
    if (tokens_.at_symbol("]")) break;
    items.push_back(parse());
  }
  tokens_.expect_symbol("]");
  return around(tokens_, line, depth_of(items), ListLiteral{std::move(items), false});
}

Expression ExpressionParser::parse_dict() {
  const int line = tokens_.next().line;
  DictLiteral dict;
  int depth = 0;
  while (!tokens_.at_symbol("}")) {
    if (!dict.entries.empty()) tokens_.expect_symbol(",");
    if (tokens_.at_symbol("}")) break;
    Expression key = parse();
    tokens_.expect_symbol(":");
    Expression value = parse();
    depth = std::max({depth, key.depth, value.depth});
    dict.entries.emplace_back(boxed(std::move(key)), boxed(std::move(value)));
  }
  tokens_.expect_symbol("}");
  return around(tokens_, line, depth, std::move(dict));
}

Expression ExpressionParser::parse_postfix(Expression expression) {
  while (true) {
    if (tokens_.at_symbol(".")) {
      expression = parse_dot(std::move(expression));
    } else if (tokens_.at_symbol("[")) {
      expression = parse_subscript(std::move(expression));
    } else if (tokens_.at_symbol("(")) {
      expression = parse_call(std::move(expression));
    } else {
      return expression;
    }
  }
}

Expression ExpressionParser::parse_filters_and_tests(Expression expression) {
  while (true) {
    if (tokens_.take_symbol("|")) {
      expression = parse_filter(boxed(std::move(expression)));
    } else if (tokens_.at_name("is")) {
      expression = parse_test(std::move(expression));
    } else if (tokens_.at_symbol("(")) {
      expression = parse_call(std::move(expression));
    } else {
      return expression;
    }
  }
}

Expression ExpressionParser::parse_call(Expression callee) {
  const int line = tokens_.peek().line;
  CallArguments arguments = parse_call_arguments();
  const int depth = std::max(callee.depth, depth_of(arguments));
  return around(tokens_, line, depth, Call{boxed(std::move(callee)), std::move(arguments)});
}

Expression ExpressionParser::parse_dot(Expression object) {
  const int line = tokens_.next().line;
  const int depth = object.depth;
  if (tokens_.at(Kind::name)) {
    return around(tokens_, line, depth, Attribute{boxed(std::move(object)), tokens_.next().text});
  }
  if (tokens_.at(Kind::number) && tokens_.peek().number.is_int()) {
    Expression index{Literal{tokens_.next().number}, line};
    return around(tokens_, line, depth, Item{boxed(std::move(object)), boxed(std::move(index))});
  }
  tokens_.fail(fmt::format("'{}.' lacks the name of a field", source_of(object)));
}

Expression ExpressionParser::parse_subscript(Expression object) {
  const int line = tokens_.next().line;
  if (tokens_.at_symbol(":")) return parse_slice(boxed(std::move(object)), std::nullopt, line);
  Expressions parts;
  while (!tokens_.at_symbol("]")) {
    if (!parts.empty()) tokens_.expect_symbol(",");
    parts.push_back(parse());
    if (parts.size() == 1 && tokens_.at_symbol(":")) {
      return parse_slice(boxed(std::move(object)), std::move(parts.front()), line);
    }
  }
  tokens_.expect_symbol("]");
  if (parts.empty()) tokens_.fail("'[]' lacks an index", line);
  const int depth = std::max(object.depth, depth_of(parts));
  Expression index = parts.size() == 1 ? std::move(parts.front())
                                       : around(tokens_, line, depth_of(parts),
                                                ListLiteral{std::move(parts), true});
  return around(tokens_, line, depth, Item{boxed(std::move(object)), boxed(std::move(index))});
}

/// From the first colon on.
Expression ExpressionParser::parse_slice(ExpressionPtr object, std::optional<Expression> start,
                                         int line) {
  Slice slice{std::move(object), start ? boxed(std::move(*start)) : nullptr, nullptr, nullptr};
  tokens_.expect_symbol(":");
  if (!tokens_.at_symbol(":") && !tokens_.at_symbol("]")) slice.stop = boxed(parse());
  if (tokens_.take_symbol(":") && !tokens_.at_symbol("]")) slice.step = boxed(parse());
  tokens_.expect_symbol("]");
  const int depth = std::max(
      {depth_of(slice.object), depth_of(slice.start), depth_of(slice.stop), depth_of(slice.step)});
  return around(tokens_, line, depth, std::move(slice));
}

std::optional<Expression> ExpressionParser::parse_filters(bool starts_bare) {
  if (!starts_bare && !tokens_.at_symbol("|")) return std::nullopt;
  if (!starts_bare) tokens_.next();
  Expression filters = parse_filter(nullptr);
  while (tokens_.take_symbol("|")) filters = parse_filter(boxed(std::move(filters)));
  return filters;
}

Expression ExpressionParser::parse_filter(ExpressionPtr input) {
  const int line = tokens_.peek().line;
  const std::string name = tokens_.expect_any_name();
  if (!is_lenient && !is_filter(name, settings_)) {
    note_unknown(reason_for_no_filter(name, settings_), line);
  }
  CallArguments arguments;
  if (tokens_.at_symbol("(")) arguments = parse_call_arguments();
  const int depth = std::max(depth_of(input), depth_of(arguments));
  return around(tokens_, line, depth, Filter{std::move(input), name, std::move(arguments)});
}

Expression ExpressionParser::parse_test(Expression input) {
  const int line = tokens_.next().line;
  const bool is_negated = tokens_.take_name("not");
  const std::string name = tokens_.expect_any_name();
  if (!is_lenient && !is_test(name)) note_unknown(reason_for_no_test(name), line);
  CallArguments arguments;
  if (tokens_.at_symbol("(")) {
    arguments = parse_call_arguments();
  } else if (tokens_.at(Kind::name) || tokens_.at(Kind::string) || tokens_.at(Kind::number) ||
             tokens_.at_symbol("[") || tokens_.at_symbol("{")) {
    if (tokens_.at_name("is")) tokens_.fail("tests cannot be chained: write 'and' between them");
    const bool ends = tokens_.at_name("else") || tokens_.at_name("or") || tokens_.at_name("and");
    if (!ends) arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  const int depth = std::max(input.depth, depth_of(arguments));
  Expression test =
      around(tokens_, line, depth, Test{boxed(std::move(input)), name, std::move(arguments)});
  if (!is_negated) return test;
  return around(tokens_, line, depth + 1, Unary{"not", boxed(std::move(test))});
}

CallArguments ExpressionParser::parse_call_arguments() {
  tokens_.expect_symbol("(");
  CallArguments arguments;
  bool is_first = true;
  while (!tokens_.at_symbol(")")) {
    if (!is_first) {
      tokens_.expect_symbol(",");
      if (tokens_.at_symbol(")")) break;
    }
    is_first = false;
    parse_call_argument(arguments);
  }
  tokens_.expect_symbol(")");
  return arguments;
}

void ExpressionParser::parse_call_argument(CallArguments& arguments) {
  const bool has_rest = arguments.rest_positional || arguments.rest_named;
  if (tokens_.at_symbol("*") && !has_rest) {
    tokens_.next();
    arguments.rest_positional = boxed(parse());
  } else if (tokens_.at_symbol("**") && !arguments.rest_named) {
    tokens_.next();
    arguments.rest_named = boxed(parse());
  } else if (tokens_.at(Kind::name) && TokenReader::is(tokens_.peek(1), Kind::symbol, "=") &&
             !arguments.rest_named) {
    const std::string name = tokens_.next().text;
    tokens_.next();
    arguments.named.emplace_back(name, boxed(parse()));
  } else if (arguments.named.empty() && !has_rest) {
    arguments.positional.push_back(parse());
  } else {
    tokens_.fail("an argument without a name cannot follow one with a name");
  }
}

}  // namespace allometer::jinja
