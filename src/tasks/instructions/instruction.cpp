#include "tasks/instructions/instruction.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tasks/instructions/families.hpp"
#include "tasks/python_text.hpp"
#include "tasks/spelling.hpp"
#include "template/python_text.hpp"

namespace allometer::tasks {
namespace {

const nlohmann::json& list_field(const nlohmann::json& document, const char* name,
                                 const std::string& where) {
  const auto at = document.find(name);
  if (at == document.end() || !at->is_array()) {
    throw ConfigError(fmt::format(
        "{}'{}' must be a list; instructions are told by the fields instruction_id_list and "
        "kwargs, as in IFEval's input_data.jsonl",
        where, name));
  }
  return *at;
}

const InstructionKind& find_kind(const std::string& id, const std::string& where) {
  static const std::vector<InstructionKind> kinds = instruction_kinds();
  const auto at =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.id == id; });
  if (at != kinds.end()) return *at;
  std::vector<std::string> names;
  for (const InstructionKind& kind : kinds) names.emplace_back(kind.id);
  throw ConfigError(
      fmt::format("{}there is no type of instruction '{}'{}", where, id, did_you_mean(id, names)));
}

std::string joined(std::span<const std::string> lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

/// The responses of which one must follow for the loose verdict, those first that need least.
std::vector<std::string> loosened(const std::string& response) {
  const std::vector<std::string> lines = jinja::split(response, "\n", -1);
  const std::span<const std::string> all(lines);
  const auto stripped = [](std::span<const std::string> kept) {
    return jinja::strip(joined(kept), std::nullopt, jinja::Ends::both);
  };
  std::vector<std::string> variants{response, stripped(all.subspan(1)),
                                    stripped(all.first(all.size() - 1)),
                                    all.size() > 2 ? stripped(all.subspan(1, all.size() - 2)) : ""};
  for (std::size_t i = 0, plain = variants.size(); i < plain; ++i) {
    std::string without = variants[i];
    std::erase(without, '*');
    if (without != variants[i]) variants.push_back(std::move(without));
  }
  return variants;
}

bool follows(const Check& check, const std::string& response) {
  return !jinja::strip(response, std::nullopt, jinja::Ends::both).empty() && check(response);
}

}  // namespace

std::vector<InstructionKind> instruction_kinds() {
  std::vector<InstructionKind> kinds;
  for (const auto family :
       {case_instructions(), combination_instructions(), content_instructions(),
        format_instructions(), keyword_instructions(), language_instructions(),
        length_instructions(), punctuation_instructions(), start_end_instructions()}) {
    kinds.insert(kinds.end(), family.begin(), family.end());
  }
  return kinds;
}

InstructionList::InstructionList(const nlohmann::json& document, const std::string& where) {
  const nlohmann::json& ids = list_field(document, "instruction_id_list", where);
  const nlohmann::json& kwargs = list_field(document, "kwargs", where);
  if (ids.empty() || ids.size() != kwargs.size()) {
    throw ConfigError(
        fmt::format("{}instruction_id_list has {} entries and kwargs has {}; there must be "
                    "one object of kwargs for each instruction, and at least one "
                    "instruction",
                    where, ids.size(), kwargs.size()));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i].is_string())
      throw ConfigError(where + "instruction_id_list must be a list of texts");
    const auto id = ids[i].get<std::string>();
    InstructionArguments arguments(kwargs[i], where, id);
    checks_.push_back(find_kind(id, where).make(arguments));
    arguments.require_all_used();
    ids_.push_back(id);
  }
}

bool InstructionList::are_followed_by(std::string_view response) const {
  const std::string text = repaired_utf8(response);
  return std::all_of(checks_.begin(), checks_.end(),
                     [&](const Check& check) { return follows(check, text); });
}

Verdicts InstructionList::verify(std::string_view response) const {
  const std::string text = repaired_utf8(response);
  const std::vector<std::string> variants = loosened(text);
  Verdicts verdicts;
  for (const Check& check : checks_) {
    const bool is_strict = follows(check, text);
    verdicts.strict.push_back(is_strict);
    verdicts.loose.push_back(is_strict || std::any_of(variants.begin() + 1, variants.end(),
                                                      [&](const std::string& variant) {
                                                        return follows(check, variant);
                                                      }));
  }
  return verdicts;
}

}  // namespace allometer::tasks
