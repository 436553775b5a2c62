#pragma once
/// What a template is made of once it is parsed.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace allometer::jinja {

struct Expression;

/// A variable of the document.
struct Name {
  std::string name;
};

/// `object.field` or `object["field"]`.
struct Field {
  std::unique_ptr<Expression> object;
  std::string name;
  bool dotted = true;
};

/// `object[index]` or `object.index`; negative indices count from the end.
struct Index {
  std::unique_ptr<Expression> object;
  std::int64_t index = 0;
};

struct Expression {
  std::variant<Name, Field, Index> node;
  int line = 1;
};

/// Text between the expressions.
struct Text {
  std::string text;
};

/// `{{ expression }}`.
struct Output {
  Expression expression;
};

using Node = std::variant<Text, Output>;

/// The expression as a user would write it, for messages.
std::string source_of(const Expression& expression);

}  // namespace allometer::jinja
