#pragma once
/// From the text of a template to its nodes.

#include <string>
#include <string_view>

#include "template/ast.hpp"
#include "template/settings.hpp"

namespace allometer::jinja {

/// Throws ConfigError, beginning with `where`, that names what is malformed or not supported.
Nodes parse_nodes(std::string_view text, const Settings& settings, const std::string& where);

}  // namespace allometer::jinja
