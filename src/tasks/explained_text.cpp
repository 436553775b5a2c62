#include "tasks/explained_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;

std::pair<std::size_t, std::size_t> read_span(const json& span, const std::string& field,
                                              std::size_t text_size) {
  const bool is_pair = span.is_array() && span.size() == 2 && span[0].is_number_integer() &&
                       span[1].is_number_integer();
  const auto begin = is_pair ? span[0].get<std::int64_t>() : -1;
  const auto end = is_pair ? span[1].get<std::int64_t>() : -1;
  if (begin < 0 || begin >= end || end > static_cast<std::int64_t>(text_size)) {
    throw ConfigError(fmt::format(
        "explanation: the field '{}' has the span {}; a span is [begin, end) in bytes of a text "
        "of {} bytes",
        field, span.dump(), text_size));
  }
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

std::string read_field(const json& document, const std::string& field) {
  const auto found = document.find(field);
  if (found == document.end()) {
    std::vector<std::string> fields;
    for (const auto& entry : document.items()) fields.push_back(entry.key());
    throw ConfigError(fmt::format("explanation: the document has no field '{}'; it has {}", field,
                                  fmt::join(fields, ", ")));
  }
  if (!found->is_string()) {
    throw ConfigError(
        fmt::format("explanation: the field '{}' must be text, not {}", field, found->dump()));
  }
  return found->get<std::string>();
}

}  // namespace

std::vector<ExplainedText> read_explained_texts(const json& document,
                                                const ExplanationSettings& settings) {
  std::vector<ExplainedText> texts;
  for (std::size_t i = 0; i < settings.fields.size(); ++i) {
    ExplainedText text{read_field(document, settings.fields[i]), std::nullopt};
    const auto spans =
        settings.rationale.empty() ? document.end() : document.find(settings.rationale[i]);
    if (spans != document.end() && !spans->is_null()) {
      if (!spans->is_array()) {
        throw ConfigError(
            fmt::format("explanation: the field '{}' must be a list of spans [begin, end), not {}",
                        settings.rationale[i], spans->dump()));
      }
      text.rationale.emplace();
      for (const json& span : *spans)
        text.rationale->push_back(read_span(span, settings.rationale[i], text.text.size()));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

json with_texts(json document, const ExplanationSettings& settings,
                std::span<const std::string> texts) {
  ALLOMETER_EXPECT(texts.size() == settings.fields.size());
  for (std::size_t i = 0; i < texts.size(); ++i) document[settings.fields[i]] = texts[i];
  return document;
}

}  // namespace allometer::tasks
