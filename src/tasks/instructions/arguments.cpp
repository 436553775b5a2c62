#include "tasks/instructions/arguments.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/spelling.hpp"

namespace allometer::tasks {
namespace {

/// Keeps messages and 64-bit sums sane; no response is that long.
constexpr double kMaxInteger = 1e15;

}  // namespace

InstructionArguments::InstructionArguments(const nlohmann::json& kwargs, std::string where,
                                           std::string instruction)
    : kwargs_(kwargs), where_(std::move(where)), instruction_(std::move(instruction)) {
  if (!kwargs.is_object()) {
    throw ConfigError(fmt::format("{}{}: its kwargs must be an object, {{}} if it takes none",
                                  where_, instruction_));
  }
}

std::string InstructionArguments::where(std::string_view name) const {
  return fmt::format("{}{}: {}: ", where_, instruction_, name);
}

const nlohmann::json& InstructionArguments::required(std::string_view name) {
  used_.emplace_back(name);
  const auto at = kwargs_.find(name);
  if (at != kwargs_.end() && !at->is_null()) return *at;
  throw ConfigError(fmt::format("{}{}: kwargs lack '{}'", where_, instruction_, name));
}

std::string InstructionArguments::text(std::string_view name) {
  const nlohmann::json& value = required(name);
  if (!value.is_string() || value.get_ref<const std::string&>().empty())
    throw ConfigError(where(name) + "must be text that is not empty");
  return value.get<std::string>();
}

std::vector<std::string> InstructionArguments::texts(std::string_view name) {
  const nlohmann::json& value = required(name);
  const auto is_text = [](const nlohmann::json& item) {
    return item.is_string() && !item.get_ref<const std::string&>().empty();
  };
  if (!value.is_array() || value.empty() || !std::all_of(value.begin(), value.end(), is_text))
    throw ConfigError(where(name) + "must be a list of at least one text, none of them empty");
  return value.get<std::vector<std::string>>();
}

std::int64_t InstructionArguments::integer(std::string_view name, std::int64_t least) {
  const nlohmann::json& value = required(name);
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!(number >= static_cast<double>(least)) || number > kMaxInteger ||
      number != std::floor(number)) {
    throw ConfigError(
        fmt::format("{}must be a whole number, at least {}, not {}", where(name), least,
                    value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  }
  return static_cast<std::int64_t>(number);
}

Threshold InstructionArguments::threshold(std::string_view relation_name,
                                          std::string_view bound_name) {
  using enum Threshold::Relation;
  const std::string name = text(relation_name);
  Threshold threshold;
  if (name == "less than") {
    threshold.relation = less_than;
  } else if (name == "at least") {
    threshold.relation = at_least;
  } else if (name == "exactly") {
    threshold.relation = exactly;
  } else {
    throw ConfigError(fmt::format("{}'{}' is unknown: 'less than', 'at least' or 'exactly'",
                                  where(relation_name), name));
  }
  threshold.bound = integer(bound_name, 0);
  return threshold;
}

void InstructionArguments::require_all_used() const {
  for (const auto& [name, value] : kwargs_.items()) {
    if (value.is_null() || std::find(used_.begin(), used_.end(), name) != used_.end()) continue;
    throw ConfigError(fmt::format(
        "{}{}: takes no argument '{}'{}{}", where_, instruction_, name, did_you_mean(name, used_),
        used_.empty() ? "" : fmt::format(" It takes: {}", fmt::join(used_, ", "))));
  }
}

}  // namespace allometer::tasks
