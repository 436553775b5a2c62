#pragma once
/// A tokenizer small enough to encode by hand: metaspace BPE with byte fallback, as Llama's.
///
/// Ids: 0 <unk>, 1 <s>, 2 </s>, 3 ▁, 4 a, 5 b, 6 c, 7 ▁a, 8 ▁b, 9 ab, 10 line feed, 11 U+3000, 12
/// U+200B, 13 14 15 the bytes E3 80 82 (U+3002), 16 ".". Merges in order: ▁ a, ▁ b, a b.

#include <string>

#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {

enum class MiniBos {
  added,    ///< the post-processor puts <s> in front
  silent,   ///< as added, and the decoder takes <s> out of a text
  known,    ///< there is an <s>, but nothing adds it
  missing,  ///< the only special token is </s>; id 1 is an ordinary token
  none,     ///< neither <s> nor </s>
};

inline constexpr int kMiniVocabulary = 17;

inline tokenizer::Tokenizer mini_tokenizer(MiniBos bos = MiniBos::added) {
  const bool added_bos = bos == MiniBos::added || bos == MiniBos::silent;
  const bool has_bos = added_bos || bos == MiniBos::known;
  const bool has_eos = bos != MiniBos::none;
  const std::string first = has_bos ? "<s>" : "x";
  const std::string second = has_eos ? "</s>" : "y";
  const auto added = [](int id, const std::string& content) {
    return R"({"id": )" + std::to_string(id) + R"(, "content": ")" + content +
           R"(", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})";
  };
  std::string json =
      R"({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [)" +
      added(0, "<unk>");
  if (has_bos) json += ", " + added(1, "<s>");
  if (has_eos) json += ", " + added(2, "</s>");
  json +=
      R"(], "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}, "pre_tokenizer": null, "post_processor": )";
  json += !added_bos ? "null" : R"({"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}})";
  json += R"(, "decoder": {"type": "Sequence", "decoders": [)";
  if (bos == MiniBos::silent) {
    json += R"({"type": "Replace", "pattern": {"String": "<s>"}, "content": ""}, )";
  }
  json +=
      R"({"type": "Replace", "pattern": {"String": "▁"},
    "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1,
    "stop": 0}]}, "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
    "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "vocab": {"<unk>": 0, ")";
  json += first + R"(": 1, ")" + second +
          R"(": 2, "▁": 3, "a": 4, "b": 5, "c": 6, "▁a": 7, "▁b": 8, "ab": 9,
    "\n": 10, "\u3000": 11, "\u200b": 12, "<0xE3>": 13, "<0x80>": 14, "<0x82>": 15, ".": 16},
    "merges": ["▁ a", "▁ b", "a b"]}})";
  const std::string config =
      has_bos   ? R"({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})"
      : has_eos ? R"({"eos_token": "</s>", "unk_token": "<unk>"})"
                : R"({"unk_token": "<unk>"})";
  return tokenizer::Tokenizer::parse(json, config, "mini tokenizer");
}

}  // namespace allometer::eval
