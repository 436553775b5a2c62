#include "template/tests.hpp"

#include <unordered_map>

#include <fmt/format.h>

#include "template/filters.hpp"
#include "template/operators.hpp"
#include "template/python_text.hpp"
#include "template/renderer.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

using TestFunction = bool (*)(Renderer&, const Value&, const Arguments&);

/// The one argument of a test.
Value operand(std::string_view test, const Arguments& arguments) {
  return Parameters(test, arguments, {"other"}, 1).at(0);
}

Int whole_remainder(Renderer& renderer, const Value& input, const Value& divisor) {
  const Value rest = arithmetic("%", input, divisor, renderer.heap());
  if (rest.is_string()) throw Failure("a number is needed, not a text");
  // What is neither 0 nor 1 makes no difference here.
  if (equal(rest, Value(Int{0}), renderer.heap())) return 0;
  return equal(rest, Value(Int{1}), renderer.heap()) ? 1 : 2;
}

bool is_odd(Renderer& renderer, const Value& input, const Arguments&) {
  return whole_remainder(renderer, input, Value(Int{2})) == 1;
}

bool is_even(Renderer& renderer, const Value& input, const Arguments&) {
  return whole_remainder(renderer, input, Value(Int{2})) == 0;
}

bool is_divisible(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return whole_remainder(renderer, input, operand("divisibleby", arguments)) == 0;
}

bool is_defined(Renderer&, const Value& input, const Arguments&) {
  return !input.is_undefined();
}

bool is_undefined(Renderer&, const Value& input, const Arguments&) {
  return input.is_undefined();
}

bool is_none(Renderer&, const Value& input, const Arguments&) {
  return input.is_none();
}

bool is_boolean(Renderer&, const Value& input, const Arguments&) {
  return input.is_bool();
}

bool is_true(Renderer&, const Value& input, const Arguments&) {
  return input.is_bool() && input.boolean();
}

bool is_false(Renderer&, const Value& input, const Arguments&) {
  return input.is_bool() && !input.boolean();
}

bool is_integer(Renderer&, const Value& input, const Arguments&) {
  return input.is_int();
}

bool is_float(Renderer&, const Value& input, const Arguments&) {
  return input.is_float();
}

bool is_number(Renderer&, const Value& input, const Arguments&) {
  return input.is_number();
}

bool is_string(Renderer&, const Value& input, const Arguments&) {
  return input.is_string();
}

bool is_mapping(Renderer&, const Value& input, const Arguments&) {
  return input.dict() != nullptr;
}

bool is_iterable(Renderer& renderer, const Value& input, const Arguments&) {
  return try_iterate(input, renderer.heap()).has_value();
}

/// What has a length and can be indexed.
bool is_sequence(Renderer&, const Value& input, const Arguments&) {
  if (input.is_undefined()) return !input.undefined().strict;
  return input.is_string() || input.list() != nullptr || input.dict() != nullptr ||
         input.as<Range>() != nullptr;
}

/// A default Undefined has a __call__, which fails.
bool is_callable(Renderer&, const Value& input, const Arguments&) {
  return input.is_undefined() || (input.object() != nullptr && input.object()->is_callable());
}

bool is_lower(Renderer& renderer, const Value& input, const Arguments&) {
  return is_lower_text(str_of(input, renderer.heap()));
}

bool is_upper(Renderer& renderer, const Value& input, const Arguments&) {
  return is_upper_text(str_of(input, renderer.heap()));
}

bool is_escaped(Renderer&, const Value& input, const Arguments&) {
  return input.is_markup();
}

bool is_same(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return same(input, operand("sameas", arguments), renderer.heap());
}

bool is_in(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return contains(operand("in", arguments), input, renderer.heap());
}

bool names_filter(Renderer& renderer, const Value& input, const Arguments&) {
  return input.is_string() && is_filter(input.text(), renderer.settings());
}

bool names_test(Renderer&, const Value& input, const Arguments&) {
  return input.is_string() && is_test(input.text());
}

bool is_equal(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return compared("==", input, operand("eq", arguments), renderer.heap());
}

bool is_unequal(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return compared("!=", input, operand("ne", arguments), renderer.heap());
}

bool is_less(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return compared("<", input, operand("lt", arguments), renderer.heap());
}

bool is_at_most(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return compared("<=", input, operand("le", arguments), renderer.heap());
}

bool is_greater(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return compared(">", input, operand("gt", arguments), renderer.heap());
}

bool is_at_least(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return compared(">=", input, operand("ge", arguments), renderer.heap());
}

TestFunction find_test(std::string_view name) {
  static const std::unordered_map<std::string_view, TestFunction> kTests{
      {"!=", is_unequal},
      {"<", is_less},
      {"<=", is_at_most},
      {"==", is_equal},
      {">", is_greater},
      {">=", is_at_least},
      {"boolean", is_boolean},
      {"callable", is_callable},
      {"defined", is_defined},
      {"divisibleby", is_divisible},
      {"eq", is_equal},
      {"equalto", is_equal},
      {"escaped", is_escaped},
      {"even", is_even},
      {"false", is_false},
      {"filter", names_filter},
      {"float", is_float},
      {"ge", is_at_least},
      {"greaterthan", is_greater},
      {"gt", is_greater},
      {"in", is_in},
      {"integer", is_integer},
      {"iterable", is_iterable},
      {"le", is_at_most},
      {"lessthan", is_less},
      {"lower", is_lower},
      {"lt", is_less},
      {"mapping", is_mapping},
      {"ne", is_unequal},
      {"none", is_none},
      {"number", is_number},
      {"odd", is_odd},
      {"sameas", is_same},
      {"sequence", is_sequence},
      {"string", is_string},
      {"test", names_test},
      {"true", is_true},
      {"undefined", is_undefined},
      {"upper", is_upper}};
  const auto found = kTests.find(name);
  return found == kTests.end() ? nullptr : found->second;
}

}  // namespace

bool is_test(std::string_view name) {
  return find_test(name) != nullptr;
}

std::string reason_for_no_test(std::string_view name) {
  return fmt::format("there is no test named '{}'", name);
}

bool apply_test(Renderer& renderer, std::string_view name, const Value& input,
                const Arguments& arguments) {
  const TestFunction test = find_test(name);
  if (test == nullptr) throw Failure(reason_for_no_test(name));
  spend_reading(input, arguments, renderer.heap());
  return test(renderer, input, arguments);
}

}  // namespace allometer::jinja
