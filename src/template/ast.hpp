#pragma once
/// What a template is made of once it is parsed.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "template/value.hpp"

namespace allometer::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;
using Expressions = std::vector<Expression>;

struct Literal {
  Value value;
};
struct Name {
  std::string name;
};
/// `object.name`
struct Attribute {
  ExpressionPtr object;
  std::string name;
};
/// `object[index]`, also written `object.0`
struct Item {
  ExpressionPtr object;
  ExpressionPtr index;
};
/// `object[start:stop:step]`; what is left out is null.
struct Slice {
  ExpressionPtr object;
  ExpressionPtr start;
  ExpressionPtr stop;
  ExpressionPtr step;
};
/// Between the parentheses of a call, a filter or a test.
struct CallArguments {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr rest_positional;  ///< *rest
  ExpressionPtr rest_named;       ///< **rest
};
struct Call {
  ExpressionPtr function;
  CallArguments arguments;
};
/// `input | name(arguments)`; no input in a filter block and a block set.
struct Filter {
  ExpressionPtr input;
  std::string name;
  CallArguments arguments;
};
/// `input is name(arguments)`
struct Test {
  ExpressionPtr input;
  std::string name;
  CallArguments arguments;
};
/// `-x`, `+x`, `not x`
struct Unary {
  std::string symbol;
  ExpressionPtr operand;
};
/// + - * / // % **
struct Arithmetic {
  std::string symbol;
  ExpressionPtr left;
  ExpressionPtr right;
};
/// `a ~ b ~ c`
struct Concatenation {
  Expressions parts;
};
/// `a < b <= c`; symbols are == != < <= > >= in, "not in"
struct Comparison {
  ExpressionPtr first;
  std::vector<std::pair<std::string, ExpressionPtr>> rest;
};
/// `a and b`, `a or b`: the value that decides
struct Logical {
  bool is_and;
  ExpressionPtr left;
  ExpressionPtr right;
};
/// `a if condition else b`; undefined where there is no b
struct Conditional {
  ExpressionPtr condition;
  ExpressionPtr then;
  ExpressionPtr otherwise;
};
struct ListLiteral {
  Expressions items;
  bool is_tuple;
};
struct DictLiteral {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};

struct Expression {
  std::variant<Literal, Name, Attribute, Item, Slice, Call, Filter, Test, Unary, Arithmetic,
               Concatenation, Comparison, Logical, Conditional, ListLiteral, DictLiteral>
      node;
  int line = 1;
  int depth = 1;  ///< levels of expressions inside, itself included
};

/// `a`, `space.a` or `a, (b, c)` on the left of a `=` or an `in`.
struct Target {
  std::string name;             ///< empty for a tuple
  std::string attribute;        ///< of a namespace, or empty
  std::vector<Target> targets;  ///< of a tuple
  int line = 1;
};

struct Node;
using Nodes = std::vector<Node>;

/// Text between the tags.
struct Text {
  std::string text;
};
/// `{{ expression }}`
struct Output {
  Expression expression;
};
struct If {
  std::vector<std::pair<Expression, Nodes>> branches;
  Nodes otherwise;
};
struct For {
  Target target;
  Expression iterable;
  std::optional<Expression> condition;
  bool is_recursive = false;
  Nodes body;
  Nodes otherwise;
};
struct Set {
  Target target;
  Expression value;
};
/// `{% set a | filter %}...{% endset %}`
struct SetBlock {
  Target target;
  std::optional<Expression> filters;
  Nodes body;
};
struct With {
  std::vector<std::pair<Target, Expression>> variables;
  Nodes body;
};
struct Parameter {
  std::string name;
  std::optional<Expression> standard;  ///< the value where none is given
};
/// A macro, or the body of a call block.
struct MacroDefinition {
  std::string name;
  std::vector<Parameter> parameters;
  Nodes body;
  /// Does the body read the variable of this name that is not its own? Only then are such arguments
  /// accepted.
  bool reads_caller = false;
  bool reads_kwargs = false;
  bool reads_varargs = false;
};
struct Macro {
  MacroDefinition definition;
};
struct CallBlock {
  Expression call;
  MacroDefinition caller;
};
struct FilterBlock {
  Expression filters;
  Nodes body;
};
/// {% generation %}: transformers marks these tokens as the assistant's.
struct Generation {
  Nodes body;
};
struct Break {};
struct Continue {};

struct Node {
  std::variant<Text, Output, If, For, Set, SetBlock, With, Macro, CallBlock, FilterBlock,
               Generation, Break, Continue>
      node;
  int line = 1;
};

/// The expression as a user would write it, for messages; "..." for long parts of it.
std::string source_of(const Expression& expression);

}  // namespace allometer::jinja
