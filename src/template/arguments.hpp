#pragma once
/// The arguments of a call, and how they meet the parameters of a function.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "template/value.hpp"

namespace allometer::jinja {

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  bool empty() const { return positional.empty() && named.empty(); }
};

/// Spends what reading the texts among `input` and the arguments costs.
void spend_reading(const Value& input, const Arguments& arguments, Heap& heap);

/// Arguments sorted to the parameters of `function`. The first `required` must be given. Every
/// method throws Failure where Python raises a TypeError.
class Parameters {
 public:
  Parameters(std::string_view function, const Arguments& arguments,
             std::initializer_list<std::string_view> names, std::size_t required = 0);

  /// Was it given?
  bool has(std::size_t parameter) const { return values_[parameter].has_value(); }
  /// Was it given, and is it not None?
  bool has_value(std::size_t parameter) const {
    return has(parameter) && !values_[parameter]->is_none();
  }
  /// None where it was not given.
  Value at(std::size_t parameter) const { return values_[parameter].value_or(Value()); }

  bool flag(std::size_t parameter, bool standard) const;
  /// An int or a bool.
  Int integer(std::size_t parameter, Int standard) const;
  /// A text.
  std::string text(std::size_t parameter, std::string standard) const;
  /// A text, or nothing for None and where it was not given.
  std::optional<std::string> optional_text(std::size_t parameter) const;

 private:
  std::string_view function_;
  std::vector<std::string_view> names_;
  std::vector<std::optional<Value>> values_;
};

/// Bounds an int to 64 bits, as Python does with indices and counts.
std::int64_t clamped(Int value);

}  // namespace allometer::jinja
