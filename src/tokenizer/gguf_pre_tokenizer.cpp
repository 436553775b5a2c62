#include "tokenizer/gguf_pre_tokenizer.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "tokenizer/word_scanner.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using Kind = GgufPreTokenizer::Kind;

// The names are llama.cpp's (llama_vocab::impl::load in src/llama-vocab.cpp); the expressions are
// those of the tokenizer.json that each was made from, as that file quotes them where they differ
// from what its own regex engine can run.

constexpr const char* kJais2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})";
constexpr const char* kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kUfakzeka =
    R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kMiniCpm5 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kSeedCoder =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kBailingMoe =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr const char* kExaoneMoe =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr const char* kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kYoutu =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kDeepSeek3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kSpark25 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+)";

constexpr const char* kUpToThreeDigits = R"(\p{N}{1,3})";
constexpr const char* kDigits = R"(\p{N}+)";
constexpr const char* kDigit = R"(\p{N})";
constexpr const char* kThreeAsciiDigits = "[0-9][0-9][0-9]";
// The original ends in \b, which behind a digit is the same.
constexpr const char* kDigitsFromTheRight = R"(\d{1,3}(?=(?:\d{3})*(?!\w)))";
constexpr const char* kLineEnd = R"([\r\n])";
constexpr const char* kLines = R"([^\n]+|[\n]+)";

// Escaped, so that no editor composes what must not be composed.
constexpr const char* kBloom = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
constexpr const char* kHanAndKana = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
constexpr const char* kHanAndHangul = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";
constexpr const char* kYoutuEastAsian =
    "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c"
    "\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
constexpr const char* kDeepSeekLetters =
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-"
    "\u02af"
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-"
    "\u03f5"
    "\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba"
    "\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45"
    "\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe"
    "\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc"
    "\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139"
    "\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-"
    "\u2cee\u2cf2\u2cf3"
    "\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06"
    "\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
    "\U0001e900-\U0001e943]+";
constexpr const char* kDeepSeekPunctuation =
    "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+";

/// One meaning and the names that have it.
struct Row {
  GgufPreTokenizer meaning;
  std::vector<std::string_view> names;
};

GgufPreTokenizer words() {
  return {};
}

GgufPreTokenizer of_kind(Kind kind) {
  GgufPreTokenizer meaning;
  meaning.kind = kind;
  return meaning;
}

GgufPreTokenizer split(std::vector<std::string_view> expressions) {
  GgufPreTokenizer meaning = of_kind(Kind::expressions);
  meaning.expressions = std::move(expressions);
  return meaning;
}

GgufPreTokenizer with_nfc(GgufPreTokenizer meaning) {
  meaning.nfc = true;
  return meaning;
}

/// As the converters of vocabularies of tiktoken have it: all pieces are reachable.
GgufPreTokenizer with_whole_words(GgufPreTokenizer meaning) {
  meaning.ignore_merges = true;
  return meaning;
}

GgufPreTokenizer with_bos(GgufPreTokenizer meaning) {
  meaning.adds_bos = true;
  return meaning;
}

std::vector<Row> make_rows() {
  return {
      {words(),
       {"gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en",
        "jina-v2-code", "roberta-bpe", "gigachat", "a.x-4.0", "mellum", "jais", "exaone4",
        "trillion", "granite-docling"}},
      {with_nfc(words()), {"mpt", "olmo", "modern-bert"}},
      {of_kind(Kind::digits_words),
       {"starcoder", "refact", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"}},
      {with_nfc(of_kind(Kind::digits_words)), {"command-r"}},
      {of_kind(Kind::falcon), {"falcon"}},
      {with_bos(with_whole_words(split({kLlama3Words}))),
       {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano"}},
      {split({kLlama3Words}), {"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}},
      {split({kJais2}), {"jais-2"}},
      {with_nfc(split({kQwen2Words})), {"qwen2"}},
      {split({kQwen2Words}),
       {"deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open",
        "grok-2"}},
      {with_nfc(split({kQwen35})), {"qwen35"}},
      {split({kUfakzeka}), {"ufakzeka"}},
      {split({kLines, kQwen2Words}), {"laguna"}},
      {with_whole_words(split({kUpToThreeDigits, kMiniCpm5})), {"minicpm5"}},
      {split({kSeedCoder}), {"seed-coder"}},
      {split({kBailingMoe}), {"bailingmoe", "bailingmoe2", "llada-moe"}},
      {split({kExaoneMoe}), {"exaone-moe"}},
      {with_bos(with_whole_words(split({kTekken}))), {"tekken"}},
      {split({kGpt4o}), {"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}},
      {with_whole_words(split({kGpt4o})), {"granite-embed-multi-97m"}},
      {split({kDigitsFromTheRight, kGpt4o}), {"tiny_aya", "cohere2moe"}},
      {with_whole_words(split({kYoutuEastAsian, kYoutu})), {"youtu"}},
      {split({kLineEnd, kDeepSeekLetters, kDeepSeekPunctuation, R"(\s+$)", kHanAndHangul, kDigit}),
       {"deepseek-llm"}},
      {split({kLineEnd, R"(\s?\p{L}+)", R"(\s?\p{P}+)", kHanAndHangul, kDigit}),
       {"deepseek-coder"}},
      {split({kUpToThreeDigits, kHanAndKana, kDeepSeek3}),
       {"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"}},
      {split({kUpToThreeDigits, kHanAndKana, kSpark25, kDigit}), {"spark2_5"}},
      {split({kBloom}), {"bloom", "poro-chat", "gpt3-finnish"}},
      {split({kBloom, kDigit}), {"viking"}},
      {split({kDigits, R"((?=(\d{3})+(?!\d)))"}), {"superbpe"}},
      {with_bos(split({"<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                       R"(([\t\n]|    |  ))", kDigit, R"([\p{P}!-/:-@\[-`{-~])", kGpt2Words})),
       {"chameleon"}},
      // What llama.cpp does with files from before the name was written.
      {split({R"([\p{P}\$\+<=>\^~\|]+)", kGpt2Words, kDigits, kThreeAsciiDigits}), {"default"}},
  };
}

json split_part(std::string_view expression) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", expression}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

json byte_level(bool prefix_space, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", prefix_space},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

json sequence(std::vector<json> parts) {
  return {{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
}

}  // namespace

json GgufPreTokenizer::normalizer() const {
  return nfc ? json{{"type", "NFC"}} : json();
}

json GgufPreTokenizer::pre_tokenizer(bool prefix_space) const {
  switch (kind) {
    case Kind::words:
      return byte_level(prefix_space, true);
    case Kind::digits_words:
      return sequence({{{"type", "Digits"}, {"individual_digits", true}}, byte_level(false, true)});
    case Kind::falcon:
      return sequence({{{"type", "Punctuation"}, {"behavior", "Contiguous"}},
                       byte_level(false, true),
                       {{"type", "Digits"}, {"individual_digits", false}},
                       split_part(kThreeAsciiDigits)});
    case Kind::expressions:
      break;
  }
  std::vector<json> parts;
  for (const std::string_view expression : expressions) parts.push_back(split_part(expression));
  parts.push_back(byte_level(false, false));
  return sequence(std::move(parts));
}

std::optional<GgufPreTokenizer> find_gguf_pre_tokenizer(std::string_view name) {
  static const std::vector<Row> kRows = make_rows();
  for (const Row& row : kRows) {
    for (const std::string_view known : row.names) {
      if (known == name) return row.meaning;
    }
  }
  return std::nullopt;
}

}  // namespace allometer::tokenizer
