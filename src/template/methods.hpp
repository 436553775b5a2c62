#pragma once
/// The methods and attributes of Python's built-in types.

#include <optional>
#include <string>
#include <string_view>

#include "template/value.hpp"

namespace allometer::jinja {

class Renderer;

/// getattr(object, name) as a bound method or a value; nothing where Python raises an
/// AttributeError. Throws Failure for a method that Python has and we have not.
std::optional<Value> builtin_attribute(const Value& object, const std::string& name,
                                       Renderer& renderer);

/// The same for one type.
std::optional<Value> string_attribute(const Value& text, const std::string& name,
                                      Renderer& renderer);
std::optional<Value> list_attribute(List* list, const std::string& name, Renderer& renderer);
std::optional<Value> dict_attribute(Dict* dict, const std::string& name, Renderer& renderer);

/// dict.update(): from one dict or iterable of pairs, and from named arguments.
void fill_dict(Dict& dict, const Arguments& arguments, Renderer& renderer);

/// replace_text, spent for before it is done.
std::string replace_bounded(std::string_view text, std::string_view from, std::string_view to,
                            std::int64_t most, Heap& heap);

/// A method as a value.
Value method_value(Renderer& renderer, const std::string& name, Function::Body body);
/// What a method that changes its object is in an immutable environment.
Value unsafe_attribute(const Value& object, const std::string& name, Renderer& renderer);

}  // namespace allometer::jinja
