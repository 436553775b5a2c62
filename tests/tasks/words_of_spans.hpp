#pragma once
/// What the spans of a rationale stand on.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace allometer::tasks {

/// The pieces of the field `text` that the [begin, end) in the field `spans` name.
inline std::vector<std::string> words_of_spans(const nlohmann::json& document, const char* text,
                                               const char* spans) {
  std::vector<std::string> words;
  for (const auto& span : document.at(spans)) {
    const auto begin = span.at(0).get<std::size_t>();
    words.push_back(
        document.at(text).get<std::string>().substr(begin, span.at(1).get<std::size_t>() - begin));
  }
  return words;
}

}  // namespace allometer::tasks
