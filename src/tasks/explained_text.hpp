#pragma once
/// The explained texts of a document with their gold rationales.

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tasks/explanation_settings.hpp"
#include "tasks/task.hpp"

namespace allometer::tasks {

/// One per field of the settings. A rationale that is absent or null is none. Throws ConfigError
/// for a field that is absent or no text, and for spans that are not pairs of bytes [begin, end)
/// within the text.
std::vector<ExplainedText> read_explained_texts(const nlohmann::json& document,
                                                const ExplanationSettings& settings);

/// The document with other texts in the explained fields.
nlohmann::json with_texts(nlohmann::json document, const ExplanationSettings& settings,
                          std::span<const std::string> texts);

}  // namespace allometer::tasks
