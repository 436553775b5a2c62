#pragma once
/// Values written as Python's str() and repr() write them.

#include <string>
#include <string_view>

#include "template/value.hpp"

namespace allometer::jinja {

/// repr() of a str: quoted and escaped.
std::string repr_of_text(std::string_view text);

/// str(x) and repr(x). Throw Failure for what has no text that could be repeated (a generator's
/// contains an address), and str for a strict Undefined.
std::string str_of(const Value& value, Heap& heap);
std::string repr_of(const Value& value, Heap& heap);

/// A text as it is, with its mark; anything else as str_of (markupsafe's soft_str).
Value soft_str(const Value& value, Heap& heap);

/// The text with & < > ' " as entities (markupsafe's escape).
std::string escaped_html(std::string_view text);

}  // namespace allometer::jinja
