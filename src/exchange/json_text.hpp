#pragma once
/// JSON as Python writes it, read with messages that name the place.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace allometer::exchange {

/// Members keep their order.
using Json = nlohmann::ordered_json;

/// Parses one JSON value; NaN, Infinity and -Infinity, which Python writes and JSON does not have,
/// become null. Throws FormatError "WHERE: ..." for anything else that is not JSON, that is not
/// UTF-8 or that is nested more than 64 levels deep.
Json parse_json(std::string_view text, std::string_view where);

/// The same text, whatever is in it: bytes that are not UTF-8 become U+FFFD.
std::string json_text(const Json& value, int indent = -1);

/// The member, or nullptr if `object` is no object or has none of this name.
const Json* find_member(const Json& object, std::string_view key);
/// The member of the member, and so on.
const Json* find_path(const Json& object, std::initializer_list<std::string_view> keys);

}  // namespace allometer::exchange
