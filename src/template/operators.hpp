#pragma once
/// Python's operators on all types. They throw Failure where Python raises.

#include <optional>
#include <string_view>

#include "template/value.hpp"

namespace allometer::jinja {

/// One of + - * / // % **.
Value arithmetic(std::string_view symbol, const Value& left, const Value& right, Heap& heap);
Value negated(const Value& value);
Value plus(const Value& value);

/// One of == != < <= > >= in "not in".
bool compared(std::string_view symbol, const Value& left, const Value& right, Heap& heap);
/// `item in container`
bool contains(const Value& container, const Value& item, Heap& heap);

/// `object[index]` as Python's __getitem__; nothing where it raises a TypeError or a LookupError.
std::optional<Value> subscripted(const Value& object, const Value& index, Heap& heap);
/// `object[start:stop:step]`; none for what is left out.
Value sliced(const Value& object, const Value& start, const Value& stop, const Value& step,
             Heap& heap);

}  // namespace allometer::jinja
