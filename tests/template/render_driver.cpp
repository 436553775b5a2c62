// Renders templates for differential_test.py: render_driver chat|task CASES.jsonl [TEMPLATE]
// Each line of CASES is {"context": {...}}, with a "template" of its own where no TEMPLATE file is
// given. Printed is one line for each: {"text": ...}, {"refused": what raise_exception said} or
// {"error": message}.
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "template/template.hpp"

namespace {

using allometer::jinja::Template;
using nlohmann::ordered_json;

/// The moment at which the tests happen: 2024-07-26 13:05:09.000042, a Friday.
allometer::jinja::Moment fixed_time() {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mon = 6;
  time.tm_mday = 26;
  time.tm_hour = 13;
  time.tm_min = 5;
  time.tm_sec = 9;
  time.tm_isdst = -1;
  std::mktime(&time);
  return {time, 42};
}

ordered_json result_of(const std::optional<Template>& shared, const ordered_json& one,
                       const allometer::jinja::Settings& settings) {
  try {
    if (shared) return {{"text", shared->render(one.at("context"), fixed_time)}};
    const auto parsed = Template::parse(one.at("template").get<std::string>(), "case", settings);
    return {{"text", parsed.render(one.at("context"), fixed_time)}};
  } catch (const allometer::jinja::RefusedByTemplate& refusal) {
    return {{"refused", refusal.message()}};
  } catch (const allometer::ConfigError& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: render_driver chat|task CASES.jsonl [TEMPLATE]\n";
    return 2;
  }
  const auto& settings = std::string(argv[1]) == "chat" ? allometer::jinja::kChatSettings
                                                        : allometer::jinja::kTaskSettings;
  std::optional<Template> shared;
  if (argc > 3) {
    std::ifstream file(argv[3]);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    try {
      shared = Template::parse(text, argv[3], settings);
    } catch (const allometer::ConfigError& error) {
      std::cerr << error.what() << '\n';
      return 1;
    }
  }
  std::ifstream cases(argv[2]);
  for (std::string line; std::getline(cases, line);) {
    std::cout << result_of(shared, ordered_json::parse(line), settings).dump() << '\n';
  }
  return 0;
}
