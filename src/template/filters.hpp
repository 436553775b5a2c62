#pragma once
/// The filters of jinja2: `value | name(arguments)`.

#include <string>
#include <string_view>

#include "template/arguments.hpp"
#include "template/settings.hpp"
#include "template/value.hpp"

namespace allometer::jinja {

class Renderer;

bool is_filter(std::string_view name, const Settings& settings);
/// Why there is none of this name here.
std::string reason_for_no_filter(std::string_view name, const Settings& settings);

/// Throws Failure for an unknown filter and where jinja2 or Python raises.
Value apply_filter(Renderer& renderer, std::string_view name, const Value& input,
                   const Arguments& arguments);

/// Where the filters are: texts, sequences and everything else. Null for other names.
using FilterFunction = Value (*)(Renderer&, const Value&, const Arguments&);
FilterFunction find_text_filter(std::string_view name);
FilterFunction find_sequence_filter(std::string_view name);
FilterFunction find_value_filter(std::string_view name, const Settings& settings);

}  // namespace allometer::jinja
