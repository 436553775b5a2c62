#include "tokenizer/sentencepiece_parts.hpp"

#include <nlohmann/json.hpp>

namespace allometer::tokenizer {

using nlohmann::json;

json sentencepiece_decoder(int strip_before, int strip_behind) {
  json parts = {{{"type", "Replace"}, {"pattern", {{"String", kMetaspace}}}, {"content", " "}},
                {{"type", "ByteFallback"}},
                {{"type", "Fuse"}}};
  if (strip_before + strip_behind > 0) {
    parts.push_back(
        {{"type", "Strip"}, {"content", " "}, {"start", strip_before}, {"stop", strip_behind}});
  }
  return {{"type", "Sequence"}, {"decoders", parts}};
}

json added_token(std::int32_t id, const std::string& content, bool special) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

}  // namespace allometer::tokenizer
