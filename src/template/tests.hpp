#pragma once
/// The tests of jinja2: `value is name(arguments)`.

#include <string>
#include <string_view>

#include "template/arguments.hpp"
#include "template/value.hpp"

namespace allometer::jinja {

class Renderer;

bool is_test(std::string_view name);
/// Why there is none of this name here.
std::string reason_for_no_test(std::string_view name);

/// Throws Failure for an unknown test and where jinja2 or Python raises.
bool apply_test(Renderer& renderer, std::string_view name, const Value& input,
                const Arguments& arguments);

}  // namespace allometer::jinja
