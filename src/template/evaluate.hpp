#pragma once
/// The value of an expression for one document.

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "template/ast.hpp"

namespace allometer::jinja {

/// A part of `document`. Throws ConfigError, beginning with `where`, for what the document lacks
/// (StrictUndefined).
const nlohmann::json& evaluate(const Expression& expression, const nlohmann::json& document,
                               const std::string& where);

}  // namespace allometer::jinja
