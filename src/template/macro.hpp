#pragma once
/// A macro, or the body of a call block, as a value.

#include <optional>
#include <string>

#include "template/ast.hpp"
#include "template/renderer.hpp"

namespace allometer::jinja {

class MacroValue : public Object {
 public:
  /// `around`: the scope in which it is defined and whose variables its body sees.
  MacroValue(const MacroDefinition& definition, Scope* around)
      : definition_(definition), around_(around) {}
  std::string type_name() const override { return "Macro"; }
  std::optional<std::string> repr(Heap&) const override {
    return "<Macro '" + definition_.name + "'>";
  }
  std::optional<Value> attribute(const std::string& name, Renderer& renderer) override;
  bool is_callable() const override { return true; }
  Value call(const Arguments& arguments, Renderer& renderer) override {
    return renderer.call_macro(definition_, around_, arguments);
  }

 private:
  const MacroDefinition& definition_;
  Scope* around_;
};

/// Sets the variables that the arguments give a macro in `scope`: its parameters as far as they are
/// given, and `caller`, `kwargs` and `varargs` where its body reads them. Throws Failure for
/// arguments that it does not take.
void bind_macro_arguments(const MacroDefinition& definition, const Arguments& arguments,
                          Scope& scope, Renderer& renderer);

}  // namespace allometer::jinja
