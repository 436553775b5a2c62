#include "template/operators.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "template/arguments.hpp"
#include "template/format_text.hpp"
#include "template/number.hpp"
#include "template/python_text.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

void require_defined(const Value& value) {
  if (value.is_undefined()) throw Failure(value.undefined().message);
}

[[noreturn]] void fail_operand(std::string_view symbol, const Value& left, const Value& right) {
  throw Failure(fmt::format("'{}' does not work between a {} and a {}", symbol, type_name(left),
                            type_name(right)));
}

/// Text beside text that is marked as safe is escaped.
std::string joinable(const Value& text, bool with_markup) {
  return with_markup && !text.is_markup() ? escaped_html(text.text()) : text.text();
}

Value sum_of_texts(const Value& left, const Value& right, Heap& heap) {
  const bool is_markup = left.is_markup() || right.is_markup();
  const Value sum(joinable(left, is_markup) + joinable(right, is_markup), is_markup);
  heap.spend_text(sum);
  return sum;
}

Value sum_of_lists(const List& left, const List& right, Heap& heap) {
  heap.spend(left.items.size() + right.items.size());
  std::vector<Value> items = left.items;
  items.insert(items.end(), right.items.begin(), right.items.end());
  return Value(heap.make_list(std::move(items), left.is_tuple));
}

Value repeated(const Value& sequence, Int count, Heap& heap) {
  // What is spent is checked before anything is made.
  constexpr Int kMost = 1'000'000'000;
  const auto times = static_cast<std::size_t>(std::clamp(count, Int{0}, kMost));
  if (sequence.is_string()) {
    heap.spend_bytes(times * std::min<std::size_t>(sequence.text().size(), 1'000'000'000));
    std::string text;
    for (std::size_t i = 0; i < times && !sequence.text().empty(); ++i) text += sequence.text();
    return Value(std::move(text), sequence.is_markup());
  }
  const std::vector<Value>& items = sequence.list()->items;
  heap.spend(times * items.size());
  std::vector<Value> result;
  for (std::size_t i = 0; i < times && !items.empty(); ++i) {
    result.insert(result.end(), items.begin(), items.end());
  }
  return Value(heap.make_list(std::move(result), sequence.list()->is_tuple));
}

bool is_sequence(const Value& value) {
  return value.is_string() || value.list() != nullptr;
}

/// Where a slice begins, how far it steps and how many items it takes.
struct Stretch {
  Int start;
  Int step;
  Int count;
};

std::optional<Int> slice_part(const Value& value) {
  if (value.is_none()) return std::nullopt;
  if (const auto index = value.as_index()) return clamped(*index);
  throw Failure("a slice needs integers, not a " + type_name(value));
}

/// Python's slice.indices().
Stretch stretch_of(const Value& start, const Value& stop, const Value& step, Int size) {
  const Int by = slice_part(step).value_or(1);
  if (by == 0) throw Failure("the step of a slice cannot be zero");
  const Int lowest = by > 0 ? 0 : -1;
  const Int highest = by > 0 ? size : size - 1;
  const auto bounded = [&](Int index) {
    return std::clamp(index < 0 ? std::max(index + size, lowest) : index, lowest, highest);
  };
  const auto from = slice_part(start);
  const auto to = slice_part(stop);
  const Int first = from ? bounded(*from) : by > 0 ? lowest : highest;
  const Int last = to ? bounded(*to) : by > 0 ? highest : lowest;
  return {first, by, *Range(first, last, by).length()};
}

template <class Sequence>
Sequence taken(const Sequence& from, const Stretch& stretch) {
  Sequence result;
  result.reserve(static_cast<std::size_t>(stretch.count));
  for (Int i = 0; i < stretch.count; ++i) {
    result.push_back(from[static_cast<std::size_t>(stretch.start + i * stretch.step)]);
  }
  return result;
}

std::optional<std::size_t> position_of(const Value& index, Int size) {
  const auto at = index.as_index();
  if (!at) return std::nullopt;
  const Int position = *at < 0 ? *at + size : *at;
  if (position < 0 || position >= size) return std::nullopt;
  return static_cast<std::size_t>(position);
}

std::optional<Value> character(const Value& text, const Value& index, Heap& heap) {
  heap.spend_text(text);
  const std::u32string points = code_points_of(text.text());
  const auto at = position_of(index, static_cast<Int>(points.size()));
  if (!at) return std::nullopt;
  return Value(utf8_of(points.substr(*at, 1)), text.is_markup());
}

std::optional<Value> entry(const Dict& dict, const Value& key, Heap& heap) {
  if (key.list() != nullptr && !key.list()->is_tuple) return std::nullopt;
  if (key.dict() != nullptr) return std::nullopt;
  const Value* found = dict.find(key_id(key, heap));
  return found != nullptr ? std::optional<Value>(*found) : std::nullopt;
}

}  // namespace

Value arithmetic(std::string_view symbol, const Value& left, const Value& right, Heap& heap) {
  // Formatting takes an undefined value as any other.
  if (symbol == "%" && left.is_string()) {
    heap.spend_text(left);
    return formatted_percent(left, right, heap);
  }
  require_defined(left);
  require_defined(right);
  if (left.is_number() && right.is_number()) return number_arithmetic(symbol, left, right);
  if (symbol == "+") {
    if (left.is_string() && right.is_string()) return sum_of_texts(left, right, heap);
    if (left.list() != nullptr && right.list() != nullptr &&
        left.list()->is_tuple == right.list()->is_tuple) {
      return sum_of_lists(*left.list(), *right.list(), heap);
    }
  } else if (symbol == "*") {
    if (is_sequence(left) && right.as_index()) return repeated(left, *right.as_index(), heap);
    if (is_sequence(right) && left.as_index()) return repeated(right, *left.as_index(), heap);
  }
  fail_operand(symbol, left, right);
}

Value negated(const Value& value) {
  require_defined(value);
  if (!value.is_number()) throw Failure("'-' needs a number, not a " + type_name(value));
  return negated_number(value);
}

Value plus(const Value& value) {
  require_defined(value);
  if (!value.is_number()) throw Failure("'+' needs a number, not a " + type_name(value));
  return value.is_bool() ? Value(*value.as_index()) : value;
}

bool compared(std::string_view symbol, const Value& left, const Value& right, Heap& heap) {
  if (symbol == "==") return equal(left, right, heap);
  if (symbol == "!=") return !equal(left, right, heap);
  if (symbol == "in") return contains(right, left, heap);
  if (symbol == "not in") return !contains(right, left, heap);
  if (symbol == "<") return less(left, right, heap);
  if (symbol == ">") return less(right, left, heap);
  // Not the opposite of the other: a NaN is neither less nor equal nor greater.
  if (symbol == "<=") return less(left, right, heap) || equal(left, right, heap);
  return less(right, left, heap) || equal(left, right, heap);
}

bool contains(const Value& container, const Value& item, Heap& heap) {
  if (container.is_string()) {
    if (!item.is_string()) {
      throw Failure("'in' looks for text in a text, not for a " + type_name(item));
    }
    heap.spend_text(container);
    return container.text().find(item.text()) != std::string::npos;
  }
  if (const Dict* dict = container.dict()) return dict->find(key_id(item, heap)) != nullptr;
  const Cursor next = iterate(container, heap);
  while (const auto other = next()) {
    if (same(*other, item, heap) || equal(*other, item, heap)) return true;
  }
  return false;
}

std::optional<Value> subscripted(const Value& object, const Value& index, Heap& heap) {
  if (object.is_string()) return character(object, index, heap);
  if (const Dict* dict = object.dict()) return entry(*dict, index, heap);
  if (const List* list = object.list()) {
    const auto at = position_of(index, static_cast<Int>(list->items.size()));
    return at ? std::optional<Value>(list->items[*at]) : std::nullopt;
  }
  if (const Range* range = object.as<Range>()) {
    const auto at = position_of(index, *range->length());
    return at ? std::optional<Value>(Value(range->at(static_cast<Int>(*at)))) : std::nullopt;
  }
  return std::nullopt;
}

Value sliced(const Value& object, const Value& start, const Value& stop, const Value& step,
             Heap& heap) {
  require_defined(object);
  if (object.is_string()) {
    heap.spend_text(object);
    const std::u32string points = code_points_of(object.text());
    const Stretch stretch = stretch_of(start, stop, step, static_cast<Int>(points.size()));
    return Value(utf8_of(taken(points, stretch)), object.is_markup());
  }
  if (const List* list = object.list()) {
    const Stretch stretch = stretch_of(start, stop, step, static_cast<Int>(list->items.size()));
    return Value(heap.make_list(taken(list->items, stretch), list->is_tuple));
  }
  if (const Range* range = object.as<Range>()) {
    const Stretch stretch = stretch_of(start, stop, step, *range->length());
    const Int by = stretch.count > 1 ? range->step() * stretch.step : 1;
    const Int from = range->at(stretch.start);
    return Value(heap.make<Range>(from, from + by * stretch.count, by));
  }
  throw Failure("a " + type_name(object) + " cannot be cut with [:]");
}

}  // namespace allometer::jinja
