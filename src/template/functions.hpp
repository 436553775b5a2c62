#pragma once
/// The functions that every template finds: range, dict, namespace, cycler, joiner, and those of
/// transformers.

#include <optional>
#include <string>

#include "template/renderer.hpp"

namespace allometer::jinja {

/// Nothing for other names. Throws Failure for those of jinja2 that are not supported.
std::optional<Value> global_function(const std::string& name, Renderer& renderer);

}  // namespace allometer::jinja
