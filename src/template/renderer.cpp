#include "template/renderer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "template/filters.hpp"
#include "template/functions.hpp"
#include "template/loop.hpp"
#include "template/macro.hpp"
#include "template/methods.hpp"
#include "template/operators.hpp"
#include "template/tests.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

std::string fields_of(const Dict& dict, Heap& heap) {
  constexpr std::size_t kShown = 40;
  std::string list;
  std::size_t count = 0;
  for (const auto& [key, value] : dict.entries) {
    if (count++ == kShown) return list + ", ...";
    list += (list.empty() ? "" : ", ") + str_of(key, heap);
  }
  return list.empty() ? "none" : list;
}

/// For messages about documents, whose authors think in JSON.
std::string described_as_json(const Value& value) {
  if (value.is_none()) return "null";
  if (value.dict() != nullptr) return "an object";
  if (const List* list = value.list()) return "a list of " + std::to_string(list->items.size());
  if (value.is_string()) return "a string";
  if (value.is_bool()) return "true or false";
  if (value.is_number()) return "a number";
  return "a " + type_name(value);
}

}  // namespace

void Scope::set(const std::string& name, Value value) {
  for (auto& [known, old] : variables_) {
    if (known == name) {
      old = std::move(value);
      return;
    }
  }
  variables_.emplace_back(name, std::move(value));
}

void Scope::keep() {
  for (Scope* scope = this; scope != nullptr && !scope->is_kept_; scope = scope->parent_) {
    scope->is_kept_ = true;
  }
}

bool Scope::holds(const std::string& name) const {
  return std::any_of(variables_.begin(), variables_.end(),
                     [&](const auto& variable) { return variable.first == name; });
}

const Value* Scope::find(const std::string& name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent_) {
    for (const auto& [known, value] : scope->variables_) {
      if (known == name) return &value;
    }
  }
  return nullptr;
}

/// Evaluates inside of another scope while it lives.
class Renderer::Inside {
 public:
  Inside(Renderer& renderer, Scope* scope)
      : renderer_(renderer), outer_(std::exchange(renderer.scope_, scope)) {}
  ~Inside() {
    // Loops make a scope for every item: what nothing refers to any more goes at once.
    Scope* inner = std::exchange(renderer_.scope_, outer_);
    if (!inner->is_kept() && renderer_.scopes_.back().get() == inner) renderer_.scopes_.pop_back();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Renderer& renderer_;
  Scope* outer_;
};

Renderer::Renderer(const Settings& settings, const Clock& clock, std::int64_t work)
    : settings_(settings), clock_(clock), heap_(work) {}

std::string Renderer::render(const Nodes& nodes, const Value& variables) {
  variables_ = variables;
  const Inside inside(*this, new_scope(nullptr));
  std::string text;
  out_ = &text;
  execute(nodes);
  return text;
}

Value Renderer::evaluate(const Expression& expression, const Value& variables) {
  variables_ = variables;
  const Inside inside(*this, new_scope(nullptr));
  return evaluate(expression);
}

Value Renderer::call(const Value& function, const Arguments& arguments) {
  if (function.is_undefined()) throw Failure(function.undefined().message);
  if (function.object() == nullptr || !function.object()->is_callable()) {
    throw Failure("a " + type_name(function) + " cannot be called");
  }
  const Heap::Level level(heap_);
  heap_.spend(1);
  spend_reading(function, arguments, heap_);
  Value result = function.object()->call(arguments, *this);
  heap_.spend_text(result);
  return result;
}

std::optional<Value> Renderer::find_attribute(const Value& object, const std::string& name) {
  if (object.is_undefined()) throw Failure(object.undefined().message);
  heap_.spend_bytes(name.size());
  if (auto found = builtin_attribute(object, name, *this)) return found;
  if (const Dict* dict = object.dict()) {
    const Value* found = dict->find_text(name);
    if (found != nullptr) return *found;
  }
  return std::nullopt;
}

std::optional<Value> Renderer::find_item(const Value& object, const Value& index) {
  if (object.is_undefined()) throw Failure(object.undefined().message);
  if (auto found = subscripted(object, index, heap_)) return found;
  return index.is_string() ? builtin_attribute(object, index.text(), *this) : std::nullopt;
}

Value Renderer::attribute(const Value& object, const std::string& name) {
  auto found = find_attribute(object, name);
  return found ? std::move(*found) : undefined_part(object, Value(name), nullptr, nullptr);
}

Value Renderer::item(const Value& object, const Value& index) {
  auto found = find_item(object, index);
  return found ? std::move(*found) : undefined_part(object, index, nullptr, nullptr);
}

Value Renderer::undefined(std::string message) const {
  return Value(Undefined{std::move(message), settings_.strict_undefined});
}

Value Renderer::undefined_name(const std::string& name) const {
  if (!settings_.strict_undefined) return undefined("'" + name + "' is undefined");
  Heap heap(10'000);
  if (const Dict* dict = variables_.dict()) {
    return undefined("'" + name + "' is not defined; the document has the fields " +
                     fields_of(*dict, heap));
  }
  return undefined("'" + name + "' is not defined: the document is " +
                   described_as_json(variables_) + ", not an object with fields");
}

Value Renderer::undefined_part(const Value& object, const Value& part, const Expression* owner,
                               const Expression* source) {
  if (!settings_.strict_undefined || source == nullptr) {
    if (!part.is_string()) {
      return undefined(described(object) + " has no element " + repr_of(part, heap_));
    }
    return undefined("'" + described(object) + "' has no attribute '" + part.text() + "'");
  }
  const std::string about = "'" + source_of(*source) + "' is not defined";
  const std::string owner_name = "'" + source_of(*owner) + "'";
  if (object.dict() != nullptr && part.is_string()) {
    return undefined(about + "; " + owner_name + " has the fields " +
                     fields_of(*object.dict(), heap_));
  }
  return undefined(about + ": " + owner_name + " is " + described_as_json(object) +
                   (part.is_string() ? ", which has no fields" : ""));
}

// --- Statements -----------------------------------------------------------------------------

void Renderer::write(const std::string& text) {
  heap_.spend_bytes(text.size());
  *out_ += text;
}

Scope* Renderer::new_scope(Scope* parent) {
  heap_.spend(2);
  scopes_.push_back(std::make_unique<Scope>(parent));
  return scopes_.back().get();
}

std::string Renderer::captured(const Nodes& nodes, Flow& flow) {
  const Inside inside(*this, new_scope(scope_));
  std::string text;
  std::string* outer = std::exchange(out_, &text);
  flow = execute(nodes);
  out_ = outer;
  return text;
}

Renderer::Flow Renderer::execute(const Nodes& nodes) {
  for (const Node& node : nodes) {
    const Flow flow = execute(node);
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Renderer::Flow Renderer::execute(const Node& node) {
  const Heap::Level level(heap_);
  heap_.spend(1);
  line_ = node.line;
  return std::visit([&](const auto& statement) { return visit(statement); }, node.node);
}

Renderer::Flow Renderer::visit(const Text& text) {
  write(text.text);
  return Flow::normal;
}

Renderer::Flow Renderer::visit(const Output& output) {
  const Value value = evaluate(output.expression);
  const Function* function = value.as<Function>();
  const auto* attribute = std::get_if<Attribute>(&output.expression.node);
  if (function != nullptr && function->is_method() && attribute != nullptr) {
    throw Failure("'" + source_of(output.expression) +
                  "' is a method in Jinja: call it, or write " + source_of(*attribute->object) +
                  "['" + attribute->name + "'] for the field");
  }
  write(str_of(value, heap_));
  return Flow::normal;
}

Renderer::Flow Renderer::visit(const If& branches) {
  for (const auto& [condition, body] : branches.branches) {
    if (truth(evaluate(condition))) return execute(body);
  }
  return execute(branches.otherwise);
}

Renderer::Flow Renderer::visit(const For& loop) {
  const Value iterable = evaluate(loop.iterable);
  if (loop.is_recursive) {
    write(render_loop(loop, iterable, scope_, 0).text());
    return Flow::normal;
  }
  return run_loop(loop, iterable, scope_, 0);
}

Value Renderer::render_loop(const For& loop, const Value& iterable, Scope* outer, int depth) {
  const Heap::Level level(heap_);
  std::string text;
  std::string* out = std::exchange(out_, &text);
  run_loop(loop, iterable, outer, depth);
  out_ = out;
  return Value(std::move(text));
}

Renderer::Flow Renderer::run_loop(const For& loop, const Value& iterable, Scope* outer, int depth) {
  // A template can keep the variable `loop`, and with it what these refer to.
  if (loop.condition || loop.is_recursive) outer->keep();
  const Value items = loop.condition ? chosen_items(loop, iterable, outer) : iterable;
  LoopContext::Recursion recursion;
  if (loop.is_recursive) {
    recursion = [this, &loop, outer](const Value& inner, int inner_depth) {
      return render_loop(loop, inner, outer, inner_depth);
    };
  }
  auto* context = heap_.make<LoopContext>(items, depth, std::move(recursion), heap_);
  bool has_finished_one = false;
  while (const auto item = context->next()) {
    const Inside inside(*this, new_scope(outer));
    scope_->set("loop", Value(context));
    assign(loop.target, *item);
    const Flow flow = execute(loop.body);
    if (flow == Flow::leaves_loop) break;
    // As in jinja2, an iteration that is cut short does not count for the else.
    if (flow == Flow::normal) has_finished_one = true;
  }
  if (has_finished_one || loop.otherwise.empty()) return Flow::normal;
  const Inside inside(*this, new_scope(outer));
  return execute(loop.otherwise);
}

Value Renderer::chosen_items(const For& loop, const Value& iterable, Scope* outer) {
  const Cursor next = iterate(iterable, heap_);
  const auto next_chosen = [this, &loop, outer, next]() -> std::optional<Value> {
    while (auto item = next()) {
      const Inside inside(*this, new_scope(outer));
      assign(loop.target, *item);
      // jinja2 builds the item anew: what was unpacked from a list is a tuple then.
      if (truth(evaluate(*loop.condition))) return assigned(loop.target);
    }
    return std::nullopt;
  };
  return Value(heap_.make<Iterator>(next_chosen));
}

void Renderer::assign(const Target& target, const Value& value) {
  if (!target.targets.empty()) {
    assign_parts(target, value);
  } else if (target.attribute.empty()) {
    scope_->set(target.name, value);
  } else {
    const Value* owner = scope_->find(target.name);
    auto* space = owner != nullptr ? owner->as<Namespace>() : nullptr;
    if (space == nullptr) {
      throw Failure("'" + target.name +
                    "' is not a namespace: only namespace() makes objects whose "
                    "attributes can be set");
    }
    space->attributes().set_text(target.attribute, value);
  }
}

Value Renderer::assigned(const Target& target) {
  if (target.targets.empty()) return *scope_->find(target.name);
  std::vector<Value> parts;
  for (const Target& part : target.targets) parts.push_back(assigned(part));
  return Value(heap_.make_list(std::move(parts), true));
}

void Renderer::assign_parts(const Target& target, const Value& value) {
  const Cursor next = iterate(value, heap_);
  std::vector<Value> parts;
  // One more than wanted is enough to know.
  while (parts.size() <= target.targets.size()) {
    auto part = next();
    if (!part) break;
    parts.push_back(std::move(*part));
  }
  if (parts.size() != target.targets.size()) {
    throw Failure(fmt::format("{} variables cannot take {} {} values", target.targets.size(),
                              parts.size() > target.targets.size() ? "more than" : "only",
                              std::min(parts.size(), target.targets.size())));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) assign(target.targets[i], parts[i]);
}

Renderer::Flow Renderer::visit(const Set& set) {
  assign(set.target, evaluate(set.value));
  return Flow::normal;
}

Renderer::Flow Renderer::visit(const SetBlock& set) {
  Flow flow = Flow::normal;
  std::string text = captured(set.body, flow);
  if (flow != Flow::normal) return flow;
  assign(set.target,
         set.filters ? apply_filters(*set.filters, std::move(text)) : Value(std::move(text)));
  return Flow::normal;
}

Renderer::Flow Renderer::visit(const With& with) {
  // The values are those of the scope around.
  std::vector<Value> values;
  for (const auto& variable : with.variables) values.push_back(evaluate(variable.second));
  const Inside inside(*this, new_scope(scope_));
  for (std::size_t i = 0; i < values.size(); ++i) assign(with.variables[i].first, values[i]);
  return execute(with.body);
}

Renderer::Flow Renderer::visit(const Macro& macro) {
  scope_->keep();
  scope_->set(macro.definition.name, Value(heap_.make<MacroValue>(macro.definition, scope_)));
  return Flow::normal;
}

Renderer::Flow Renderer::visit(const CallBlock& block) {
  const auto& node = std::get<Call>(block.call.node);
  const Value function = evaluate(*node.function);
  Arguments arguments = evaluate_arguments(node.arguments);
  scope_->keep();
  arguments.named.emplace_back("caller", Value(heap_.make<MacroValue>(block.caller, scope_)));
  write(str_of(call(function, arguments), heap_));
  return Flow::normal;
}

Renderer::Flow Renderer::visit(const FilterBlock& block) {
  Flow flow = Flow::normal;
  std::string text = captured(block.body, flow);
  if (flow == Flow::normal) write(str_of(apply_filters(block.filters, std::move(text)), heap_));
  return flow;
}

Renderer::Flow Renderer::visit(const Generation& generation) {
  Flow flow = Flow::normal;
  write(captured(generation.body, flow));
  return flow;
}

Value Renderer::apply_filters(const Expression& filters, std::string input) {
  filter_input_ = Value(std::move(input));
  return evaluate(filters);
}

Value Renderer::call_macro(const MacroDefinition& definition, Scope* around,
                           const Arguments& arguments) {
  const Inside inside(*this, new_scope(around));
  bind_macro_arguments(definition, arguments, *scope_, *this);
  for (const Parameter& parameter : definition.parameters) {
    // Only what was given is in the scope so far.
    if (scope_->holds(parameter.name)) continue;
    scope_->set(parameter.name, parameter.standard ? evaluate(*parameter.standard)
                                                   : undefined("parameter '" + parameter.name +
                                                               "' was not provided"));
  }
  std::string text;
  std::string* outer = std::exchange(out_, &text);
  execute(definition.body);
  out_ = outer;
  return Value(std::move(text));
}

// --- Expressions ----------------------------------------------------------------------------

Value Renderer::evaluate(const Expression& expression) {
  const Heap::Level level(heap_);
  heap_.spend(1);
  line_ = expression.line;
  return std::visit([&](const auto& node) { return visit(expression, node); }, expression.node);
}

Value Renderer::evaluate_or_none(const ExpressionPtr& expression) {
  return expression ? evaluate(*expression) : Value();
}

Value Renderer::visit(const Expression&, const Name& name) {
  if (const Value* found = scope_->find(name.name)) return *found;
  if (const Dict* dict = variables_.dict()) {
    if (const Value* found = dict->find_text(name.name)) return *found;
  }
  if (auto found = global_function(name.name, *this)) return std::move(*found);
  return undefined_name(name.name);
}

Value Renderer::visit(const Expression& expression, const Attribute& attribute) {
  const Value object = evaluate(*attribute.object);
  line_ = expression.line;
  if (auto found = find_attribute(object, attribute.name)) return std::move(*found);
  return undefined_part(object, Value(attribute.name), attribute.object.get(), &expression);
}

Value Renderer::visit(const Expression& expression, const Item& item) {
  const Value object = evaluate(*item.object);
  const Value index = evaluate(*item.index);
  line_ = expression.line;
  if (auto found = find_item(object, index)) return std::move(*found);
  return undefined_part(object, index, item.object.get(), &expression);
}

Value Renderer::visit(const Expression& expression, const Slice& slice) {
  const Value object = evaluate(*slice.object);
  const Value start = evaluate_or_none(slice.start);
  const Value stop = evaluate_or_none(slice.stop);
  const Value step = evaluate_or_none(slice.step);
  line_ = expression.line;
  return sliced(object, start, stop, step, heap_);
}

Arguments Renderer::evaluate_arguments(const CallArguments& arguments) {
  Arguments values;
  for (const Expression& argument : arguments.positional) {
    values.positional.push_back(evaluate(argument));
  }
  if (arguments.rest_positional) {
    for (Value& item : items_of(evaluate(*arguments.rest_positional), heap_)) {
      values.positional.push_back(std::move(item));
    }
  }
  for (const auto& [name, argument] : arguments.named) {
    values.named.emplace_back(name, evaluate(*argument));
  }
  if (arguments.rest_named) {
    const Value rest = evaluate(*arguments.rest_named);
    if (rest.dict() == nullptr) throw Failure("** needs a dict, not a " + type_name(rest));
    for (const auto& [key, value] : rest.dict()->entries) {
      if (!key.is_string()) throw Failure("the names of arguments must be texts");
      values.named.emplace_back(key.text(), value);
    }
  }
  return values;
}

Value Renderer::visit(const Expression& expression, const Call& call_node) {
  const Value function = evaluate(*call_node.function);
  const Arguments arguments = evaluate_arguments(call_node.arguments);
  line_ = expression.line;
  return call(function, arguments);
}

Value Renderer::visit(const Expression& expression, const Filter& filter) {
  const Value input = filter.input ? evaluate(*filter.input) : filter_input_;
  const Arguments arguments = evaluate_arguments(filter.arguments);
  line_ = expression.line;
  return apply_filter(*this, filter.name, input, arguments);
}

Value Renderer::visit(const Expression& expression, const Test& test) {
  const Value input = evaluate(*test.input);
  const Arguments arguments = evaluate_arguments(test.arguments);
  line_ = expression.line;
  return Value(apply_test(*this, test.name, input, arguments));
}

Value Renderer::visit(const Expression&, const Unary& unary) {
  const Value operand = evaluate(*unary.operand);
  if (unary.symbol == "not") return Value(!truth(operand));
  return unary.symbol == "-" ? negated(operand) : plus(operand);
}

Value Renderer::visit(const Expression& expression, const Arithmetic& operation) {
  const Value left = evaluate(*operation.left);
  const Value right = evaluate(*operation.right);
  line_ = expression.line;
  return arithmetic(operation.symbol, left, right, heap_);
}

Value Renderer::visit(const Expression&, const Concatenation& concatenation) {
  std::string text;
  for (const Expression& part : concatenation.parts) text += str_of(evaluate(part), heap_);
  heap_.spend_bytes(text.size());
  return Value(std::move(text));
}

Value Renderer::visit(const Expression& expression, const Comparison& comparison) {
  Value left = evaluate(*comparison.first);
  for (const auto& [symbol, operand] : comparison.rest) {
    Value right = evaluate(*operand);
    line_ = expression.line;
    if (!compared(symbol, left, right, heap_)) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Value Renderer::visit(const Expression&, const Logical& logical) {
  Value left = evaluate(*logical.left);
  return truth(left) == logical.is_and ? evaluate(*logical.right) : left;
}

Value Renderer::visit(const Expression& expression, const Conditional& conditional) {
  if (truth(evaluate(*conditional.condition))) return evaluate(*conditional.then);
  if (conditional.otherwise) return evaluate(*conditional.otherwise);
  // As in jinja2, this may be printed even where other undefined values may not.
  return Value(Undefined{
      fmt::format("the inline if of line {} is false and has no else", expression.line), false});
}

Value Renderer::visit(const Expression&, const ListLiteral& literal) {
  std::vector<Value> items;
  for (const Expression& item : literal.items) items.push_back(evaluate(item));
  return Value(heap_.make_list(std::move(items), literal.is_tuple));
}

Value Renderer::visit(const Expression&, const DictLiteral& literal) {
  Dict* dict = heap_.make_dict();
  for (const auto& [key_expression, expression] : literal.entries) {
    const Value key = evaluate(*key_expression);
    const Value value = evaluate(*expression);
    dict->set(key_id(key, heap_), key, value);
  }
  return Value(dict);
}

}  // namespace allometer::jinja
