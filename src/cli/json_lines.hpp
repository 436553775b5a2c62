#pragma once
/// JSON on the command line's input side, with messages that name file and line.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace allometer::cli {

/// Calls visit(object, "file:line") for every line that is not blank. "-" is standard input. Keys
/// keep their order. Throws IoError, or FormatError naming file and line for anything but one JSON
/// object.
void for_each_json_line(
    const std::filesystem::path& file,
    const std::function<void(nlohmann::ordered_json&, const std::string& where)>& visit);

/// The string under `key`. Throws FormatError beginning with `where`.
std::string text_field(const nlohmann::ordered_json& object, std::string_view key,
                       const std::string& where);

/// One line on standard output; bytes that are not UTF-8 become U+FFFD.
void print_json_line(const nlohmann::ordered_json& value);

}  // namespace allometer::cli
