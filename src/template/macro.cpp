#include "template/macro.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace allometer::jinja {
namespace {

using Named = std::vector<std::pair<std::string, Value>>;

std::optional<Value> taken(Named& named, const std::string& name) {
  const auto found = std::find_if(named.begin(), named.end(),
                                  [&](const auto& argument) { return argument.first == name; });
  if (found == named.end()) return std::nullopt;
  Value value = found->second;
  named.erase(found);
  return value;
}

void bind_kwargs(const MacroDefinition& definition, const Named& named, Scope& scope, Heap& heap) {
  if (definition.reads_kwargs) {
    Dict* kwargs = heap.make_dict();
    for (const auto& [name, value] : named) kwargs->set_text(name, value);
    scope.set("kwargs", Value(kwargs));
  } else if (!named.empty()) {
    throw Failure(fmt::format("macro '{}' takes no argument named '{}'", definition.name,
                              named.front().first));
  }
}

void bind_varargs(const MacroDefinition& definition, const std::vector<Value>& positional,
                  Scope& scope, Heap& heap) {
  const std::size_t taken_ones = std::min(positional.size(), definition.parameters.size());
  if (definition.reads_varargs) {
    const auto rest = positional.begin() + static_cast<std::ptrdiff_t>(taken_ones);
    scope.set("varargs", Value(heap.make_list({rest, positional.end()}, true)));
  } else if (positional.size() > taken_ones) {
    throw Failure(fmt::format("macro '{}' takes not more than {} arguments", definition.name,
                              definition.parameters.size()));
  }
}

}  // namespace

std::optional<Value> MacroValue::attribute(const std::string& name, Renderer& renderer) {
  if (name == "name") return Value(definition_.name);
  if (name == "arguments") {
    std::vector<Value> names;
    for (const Parameter& parameter : definition_.parameters) names.emplace_back(parameter.name);
    return Value(renderer.heap().make_list(std::move(names)));
  }
  return std::nullopt;
}

void bind_macro_arguments(const MacroDefinition& definition, const Arguments& arguments,
                          Scope& scope, Renderer& renderer) {
  Named named = arguments.named;
  for (std::size_t i = 0; i < definition.parameters.size(); ++i) {
    const std::string& name = definition.parameters[i].name;
    if (i < arguments.positional.size()) {
      scope.set(name, arguments.positional[i]);
    } else if (auto value = taken(named, name)) {
      scope.set(name, std::move(*value));
    }
  }
  if (definition.reads_caller) {
    auto caller = taken(named, "caller");
    const bool is_given = caller && !caller->is_none();
    scope.set("caller", is_given ? *caller : renderer.undefined("No caller defined"));
  }
  bind_kwargs(definition, named, scope, renderer.heap());
  bind_varargs(definition, arguments.positional, scope, renderer.heap());
}

}  // namespace allometer::jinja
