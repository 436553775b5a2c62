#pragma once
/// Text that names things must be UTF-8: the results file, JSON and terminals take nothing else.

#include <string_view>

namespace allometer {

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace allometer
