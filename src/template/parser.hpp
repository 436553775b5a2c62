#pragma once
/// From the text of a template to its nodes.

#include <string>
#include <string_view>
#include <vector>

#include "template/ast.hpp"

namespace allometer::jinja {

/// Throws ConfigError, beginning with `where`, that names what is malformed or not supported.
std::vector<Node> parse_nodes(std::string_view text, const std::string& where);

/// "where: message", with the line inside the template where that is not the first.
[[noreturn]] void fail_at(const std::string& where, int line, const std::string& message);

}  // namespace allometer::jinja
