#include "template/arguments.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace allometer::jinja {

void spend_reading(const Value& input, const Arguments& arguments, Heap& heap) {
  heap.spend_text(input);
  for (const Value& value : arguments.positional) heap.spend_text(value);
  for (const auto& [name, value] : arguments.named) heap.spend_text(value);
}

Parameters::Parameters(std::string_view function, const Arguments& arguments,
                       std::initializer_list<std::string_view> names, std::size_t required)
    : function_(function), names_(names), values_(names.size()) {
  if (arguments.positional.size() > names_.size()) {
    throw Failure(fmt::format("{} takes at most {} arguments, not {}", function, names_.size(),
                              arguments.positional.size()));
  }
  std::copy(arguments.positional.begin(), arguments.positional.end(), values_.begin());
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      throw Failure(fmt::format("{} has no argument named '{}'", function, name));
    }
    std::optional<Value>& slot = values_[static_cast<std::size_t>(found - names_.begin())];
    if (slot) throw Failure(fmt::format("{} is given '{}' twice", function, name));
    slot = value;
  }
  for (std::size_t i = 0; i < required; ++i) {
    if (!values_[i]) throw Failure(fmt::format("{} lacks its argument '{}'", function, names_[i]));
  }
}

bool Parameters::flag(std::size_t parameter, bool standard) const {
  return values_[parameter] ? truth(*values_[parameter]) : standard;
}

Int Parameters::integer(std::size_t parameter, Int standard) const {
  if (!values_[parameter]) return standard;
  if (const auto index = values_[parameter]->as_index()) return *index;
  throw Failure(fmt::format("{}: '{}' must be an integer, not a {}", function_, names_[parameter],
                            type_name(*values_[parameter])));
}

std::string Parameters::text(std::size_t parameter, std::string standard) const {
  if (!values_[parameter]) return standard;
  if (values_[parameter]->is_string()) return values_[parameter]->text();
  throw Failure(fmt::format("{}: '{}' must be a text, not a {}", function_, names_[parameter],
                            type_name(*values_[parameter])));
}

std::optional<std::string> Parameters::optional_text(std::size_t parameter) const {
  if (!has_value(parameter)) return std::nullopt;
  return text(parameter, "");
}

std::int64_t clamped(Int value) {
  constexpr Int kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr Int kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(value, kLeast, kMost));
}

}  // namespace allometer::jinja
