#pragma once
/// The escapes of Python's string literals, which Jinja's have too.

#include <cstddef>
#include <string>
#include <string_view>

namespace allometer::jinja {

/// Reads what follows a backslash at `position`, appends what it stands for and moves `position`
/// behind it. Unknown escapes stand for themselves, backslash and all. False for one that is cut
/// off, \N{name}, and code points that UTF-8 does not have.
bool append_escape(std::string_view text, std::size_t& position, std::string& out);

}  // namespace allometer::jinja
