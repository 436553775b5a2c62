#pragma once
/// Python's two ways to put values into a text: `"%s" % value` and `"{}".format(value)`.

#include "template/arguments.hpp"
#include "template/value.hpp"

namespace allometer::jinja {

/// `format % values`, values being a tuple, a dict for %(name)s, or the one value. Throws Failure
/// where Python raises.
Value formatted_percent(const Value& format, const Value& values, Heap& heap);

/// `format.format(arguments)`. Throws Failure where Python raises.
std::string formatted_braces(const std::string& format, const Arguments& arguments,
                             Renderer& renderer);

}  // namespace allometer::jinja
