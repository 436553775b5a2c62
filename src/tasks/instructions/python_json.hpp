#pragma once
/// What json.loads of Python takes, which is more than JSON.

#include <string_view>

namespace allometer::tasks {

/// Does json.loads(text) give a value? It also takes NaN, Infinity, -Infinity, numbers beyond a
/// double and halves of surrogate pairs. Text nested deeper than a thousand levels, for which
/// Python raises RecursionError, is not taken.
bool is_python_json(std::string_view text);

}  // namespace allometer::tasks
