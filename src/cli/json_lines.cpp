#include "cli/json_lines.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace allometer::cli {
namespace {

nlohmann::ordered_json parse_object(const std::string& line, const std::string& where) {
  nlohmann::ordered_json value;
  try {
    value = nlohmann::ordered_json::parse(line);
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(
        fmt::format("{}: not JSON: {}; each line must be one JSON object", where, error.what()));
  }
  if (!value.is_object()) {
    throw FormatError(fmt::format("{}: a JSON {}, but each line must be one JSON object", where,
                                  value.type_name()));
  }
  return value;
}

void visit_lines(std::istream& stream, const std::string& name,
                 const std::function<void(nlohmann::ordered_json&, const std::string&)>& visit) {
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", name, number);
    nlohmann::ordered_json object = parse_object(line, where);
    visit(object, where);
  }
  if (stream.bad()) throw IoError(fmt::format("{} could not be read after line {}", name, number));
}

}  // namespace

void for_each_json_line(
    const std::filesystem::path& file,
    const std::function<void(nlohmann::ordered_json&, const std::string&)>& visit) {
  if (file == "-") {
    visit_lines(std::cin, "standard input", visit);
    return;
  }
  std::ifstream stream(file);
  if (!stream || std::filesystem::is_directory(file)) {
    throw IoError(fmt::format("{} cannot be opened for reading", file.string()));
  }
  visit_lines(stream, file.string(), visit);
}

std::string text_field(const nlohmann::ordered_json& object, std::string_view key,
                       const std::string& where) {
  const auto found = object.find(std::string(key));
  if (found == object.end()) throw FormatError(fmt::format("{}: has no \"{}\"", where, key));
  if (!found->is_string()) {
    throw FormatError(
        fmt::format("{}: \"{}\" is a {}, but must be a string", where, key, found->type_name()));
  }
  return found->get<std::string>();
}

void print_json_line(const nlohmann::ordered_json& value) {
  const std::string line =
      value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

}  // namespace allometer::cli
