#pragma once
/// Renders the nodes of a template for one set of variables.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "template/arguments.hpp"
#include "template/ast.hpp"
#include "template/clock.hpp"
#include "template/settings.hpp"
#include "template/value.hpp"

namespace allometer::jinja {

/// The variables of one block, inside of those of the blocks around it.
class Scope {
 public:
  explicit Scope(Scope* parent) : parent_(parent) {}
  /// From now on something refers to this scope and those around it: they live as long as the
  /// rendering.
  void keep();
  bool is_kept() const { return is_kept_; }
  void set(const std::string& name, Value value);
  /// Is it set here?
  bool holds(const std::string& name) const;
  /// Here or further out; null if it is in none.
  const Value* find(const std::string& name) const;

 private:
  Scope* parent_;
  bool is_kept_ = false;
  std::vector<std::pair<std::string, Value>> variables_;
};

/// A message of raise_exception().
class Refusal : public Failure {
 public:
  using Failure::Failure;
};

/// One rendering; not thread-safe. Every method throws Failure where jinja2 or Python raises;
/// line() says where in the template that was.
class Renderer {
 public:
  /// `work` limits what the rendering may do, see Heap.
  Renderer(const Settings& settings, const Clock& clock, std::int64_t work);

  Heap& heap() { return heap_; }
  const Settings& settings() const { return settings_; }
  const Clock& clock() const { return clock_; }
  int line() const { return line_; }

  /// `variables`: a dict, or anything else, which is then no document with fields.
  std::string render(const Nodes& nodes, const Value& variables);
  Value evaluate(const Expression& expression, const Value& variables);

  /// function(arguments)
  Value call(const Value& function, const Arguments& arguments);
  /// object.name as jinja2 looks it up: an attribute, else an item.
  Value attribute(const Value& object, const std::string& name);
  /// object[index]: an item, else an attribute.
  Value item(const Value& object, const Value& index);
  /// An undefined value that says so in jinja2's words, or `message` where it is strict.
  Value undefined(std::string message) const;

  /// What `loop(iterable)` gives in a recursive loop.
  Value render_loop(const For& loop, const Value& iterable, Scope* outer, int depth);
  /// The text that a macro with these variables around it gives.
  Value call_macro(const MacroDefinition& definition, Scope* around, const Arguments& arguments);

 private:
  enum class Flow { normal, leaves_loop, next_iteration };
  class Inside;

  Flow execute(const Nodes& nodes);
  Flow execute(const Node& node);
  Flow visit(const Text& text);
  Flow visit(const Output& output);
  Flow visit(const If& branches);
  Flow visit(const For& loop);
  Flow visit(const Set& set);
  Flow visit(const SetBlock& set);
  Flow visit(const With& with);
  Flow visit(const Macro& macro);
  Flow visit(const CallBlock& block);
  Flow visit(const FilterBlock& block);
  Flow visit(const Generation& generation);
  Flow visit(const Break&) { return Flow::leaves_loop; }
  Flow visit(const Continue&) { return Flow::next_iteration; }

  Flow run_loop(const For& loop, const Value& iterable, Scope* outer, int depth);
  /// The items that the loop's condition lets through.
  Value chosen_items(const For& loop, const Value& iterable, Scope* outer);
  void assign(const Target& target, const Value& value);
  /// The value of a target's variables, as a tuple where it is one.
  Value assigned(const Target& target);
  void assign_parts(const Target& target, const Value& value);
  void write(const std::string& text);
  /// What `nodes` write in a scope of their own; what they do to the loop around is kept in `flow`.
  std::string captured(const Nodes& nodes, Flow& flow);
  Scope* new_scope(Scope* parent);
  Value apply_filters(const Expression& filters, std::string input);

  Value evaluate(const Expression& expression);
  Value visit(const Expression&, const Literal& literal) { return literal.value; }
  Value visit(const Expression&, const Name& name);
  Value visit(const Expression&, const Attribute& attribute);
  Value visit(const Expression&, const Item& item);
  Value visit(const Expression&, const Slice& slice);
  Value visit(const Expression&, const Call& call);
  Value visit(const Expression&, const Filter& filter);
  Value visit(const Expression&, const Test& test);
  Value visit(const Expression&, const Unary& unary);
  Value visit(const Expression&, const Arithmetic& operation);
  Value visit(const Expression&, const Concatenation& concatenation);
  Value visit(const Expression&, const Comparison& comparison);
  Value visit(const Expression&, const Logical& logical);
  Value visit(const Expression&, const Conditional& conditional);
  Value visit(const Expression&, const ListLiteral& literal);
  Value visit(const Expression&, const DictLiteral& literal);
  Value evaluate_or_none(const ExpressionPtr& expression);
  Arguments evaluate_arguments(const CallArguments& arguments);

  std::optional<Value> find_attribute(const Value& object, const std::string& name);
  std::optional<Value> find_item(const Value& object, const Value& index);
  Value undefined_name(const std::string& name) const;
  /// `source`: the expression, for messages of strict values; may be null.
  Value undefined_part(const Value& object, const Value& part, const Expression* owner,
                       const Expression* source);

  const Settings& settings_;
  const Clock& clock_;
  Heap heap_;
  Value variables_;
  std::vector<std::unique_ptr<Scope>> scopes_;
  Scope* scope_ = nullptr;
  std::string* out_ = nullptr;
  Value filter_input_;  ///< of a filter that stands alone
  int line_ = 1;
};

}  // namespace allometer::jinja
