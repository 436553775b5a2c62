#include "tokenizer/gguf_tokenizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/log.hpp"
#include "io/gguf.hpp"
#include "tokenizer/bpe.hpp"
#include "tokenizer/gguf_pre_tokenizer.hpp"
#include "tokenizer/piece_type.hpp"
#include "tokenizer/sentencepiece_parts.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;

constexpr const char* kArchitecture = "general.architecture";
constexpr const char* kModel = "tokenizer.ggml.model";
constexpr const char* kPre = "tokenizer.ggml.pre";
constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kTypes = "tokenizer.ggml.token_type";
constexpr const char* kScores = "tokenizer.ggml.scores";
constexpr const char* kMerges = "tokenizer.ggml.merges";
constexpr const char* kBos = "tokenizer.ggml.bos_token_id";
constexpr const char* kEos = "tokenizer.ggml.eos_token_id";
constexpr const char* kUnknown = "tokenizer.ggml.unknown_token_id";
constexpr const char* kSeparator = "tokenizer.ggml.seperator_token_id";  // spelled like this
constexpr const char* kPadding = "tokenizer.ggml.padding_token_id";
constexpr const char* kMask = "tokenizer.ggml.mask_token_id";
constexpr const char* kAddBos = "tokenizer.ggml.add_bos_token";
constexpr const char* kAddEos = "tokenizer.ggml.add_eos_token";
constexpr const char* kAddSpacePrefix = "tokenizer.ggml.add_space_prefix";
constexpr const char* kRemoveExtraWhitespaces = "tokenizer.ggml.remove_extra_whitespaces";
constexpr const char* kCharsmap = "tokenizer.ggml.precompiled_charsmap";
constexpr const char* kLowercase = "tokenizer.ggml.normalizer.lowercase";
constexpr const char* kStripAccents = "tokenizer.ggml.normalizer.strip_accents";

using Id = std::optional<std::int32_t>;

/// What all kinds of vocabularies have, checked.
class Vocab {
 public:
  using Spelling = std::string (*)(std::string_view);
  /// `spelling` is applied to every token.
  Vocab(const io::Gguf& file, std::string name, Spelling spelling)
      : file_(file), name_(std::move(name)) {
    tokens_ = file_.get<std::vector<std::string>>(kTokens);
    if (tokens_.size() > static_cast<std::size_t>(kLargestId)) fail(kTokens, "too many tokens");
    read_types();
    if (spelling != nullptr)
      std::transform(tokens_.begin(), tokens_.end(), tokens_.begin(), spelling);
    vocabulary_ = Vocabulary(tokens_);
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
      // Of equal tokens the last one is found.
      const auto found = static_cast<std::size_t>(*vocabulary_.id_of(tokens_[id]));
      if (found != id) {
        fail(kTokens, fmt::format("'{}' has two ids, {} and {}", tokens_[id], id, found));
      }
    }
  }

  const io::Gguf& file() const { return file_; }
  const std::string& name() const { return name_; }
  const std::vector<std::string>& tokens() const { return tokens_; }
  const std::string& token(std::int32_t id) const { return tokens_[static_cast<std::size_t>(id)]; }
  PieceType type(std::size_t id) const { return types_[id]; }
  Id id_of(std::string_view token) const { return vocabulary_.id_of(token); }
  /// Gives the vocabulary away: id_of() finds nothing from then on.
  Vocabulary take() { return std::move(vocabulary_); }

  [[noreturn]] void fail(std::string_view key, std::string_view problem) const {
    throw FormatError(fmt::format("{}: key '{}': {}", name_, key, problem));
  }

  /// A token id, or `fallback` where the file does not say and has so many tokens.
  Id id(std::string_view key, Id fallback = std::nullopt) const {
    const auto value = file_.find<std::int64_t>(key);
    const auto size = static_cast<std::int64_t>(tokens_.size());
    if (!value) return fallback && *fallback < size ? fallback : std::nullopt;
    if (*value < 0 || *value >= size) {
      fail(key, fmt::format("{} is not the id of one of the {} tokens", *value, size));
    }
    return static_cast<std::int32_t>(*value);
  }

  bool flag(std::string_view key, bool fallback) const {
    return file_.find<bool>(key).value_or(fallback);
  }

 private:
  void read_types() {
    const auto types = file_.find<std::vector<std::int64_t>>(kTypes);
    types_.assign(tokens_.size(), PieceType::normal);
    if (!types) return;
    if (types->size() != tokens_.size()) {
      fail(kTypes, fmt::format("{} types for {} tokens", types->size(), tokens_.size()));
    }
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
      const std::int64_t type = (*types)[id];
      if (type < 0 || type > 6) fail(kTypes, fmt::format("[{}]: {} is not a type", id, type));
      // 0 is "undefined": llama.cpp does nothing special with it.
      if (type != 0) types_[id] = static_cast<PieceType>(type);
    }
  }

  const io::Gguf& file_;
  std::string name_;
  std::vector<std::string> tokens_;
  std::vector<PieceType> types_;
  Vocabulary vocabulary_;
};

/// Ids that the tokenizer puts around a text, where there are such.
struct Around {
  Id bos;
  Id eos;
  bool add_bos = false;
  bool add_eos = false;
};

/// BOS, EOS and whether they are added. The fallbacks are llama.cpp's, which are those of the
/// tokenizers that the files were made from.
Around read_around(const Vocab& vocab, Id bos, Id eos, bool add_bos) {
  Around around;
  around.bos = vocab.id(kBos, bos);
  around.eos = vocab.id(kEos, eos);
  around.add_bos = vocab.flag(kAddBos, add_bos && around.bos);
  around.add_eos = vocab.flag(kAddEos, false);
  if (around.add_bos && !around.bos) vocab.fail(kAddBos, fmt::format("true, but no '{}'", kBos));
  if (around.add_eos && !around.eos) vocab.fail(kAddEos, fmt::format("true, but no '{}'", kEos));
  return around;
}

/// Phi-3 takes the white space behind most of its added tokens along. Nothing in the file says so
/// but the name of the architecture, whose later models have byte-level BPE.
bool takes_space_behind(const Vocab& vocab, const std::string& token) {
  return vocab.file().find<std::string>(kArchitecture) == "phi3" &&
         vocab.file().find<std::string>(kModel) == "llama" && token != "<unk>" && token != "<s>" &&
         token != "<|endoftext|>";
}

/// "added_tokens": what is found in the text itself. The Hugging Face tokenizers have control
/// tokens, user-defined ones and all that they use by name (`named`) among them.
json added_token_list(const Vocab& vocab, std::initializer_list<Id> named) {
  std::set<std::int32_t> special;
  for (const Id id : named) {
    if (id) special.insert(*id);
  }
  json list = json::array();
  for (std::size_t i = 0; i < vocab.tokens().size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    const PieceType type = vocab.type(i);
    const bool is_special =
        special.contains(id) || type == PieceType::control || type == PieceType::unknown;
    if ((!is_special && type != PieceType::user_defined) || vocab.token(id).empty()) continue;
    list.push_back(added_token(id, vocab.token(id), is_special));
    list.back()["rstrip"] = takes_space_behind(vocab, vocab.token(id));
  }
  return list;
}

/// "post_processor": `prefix`, the text, `suffix`.
json around_text(const Vocab& vocab, Id prefix, Id suffix) {
  json single = json::array();
  json specials = json::object();
  const auto add = [&](const char* place, Id id) {
    if (!id) return;
    single.push_back({{"SpecialToken", {{"id", place}, {"type_id", 0}}}});
    specials[place] = {{"id", place}, {"ids", {*id}}, {"tokens", {vocab.token(*id)}}};
  };
  add("first", prefix);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  add("last", suffix);
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", json::array()},
          {"special_tokens", specials}};
}

json around_text(const Vocab& vocab, const Around& around) {
  return around_text(vocab, around.add_bos ? around.bos : std::nullopt,
                     around.add_eos ? around.eos : std::nullopt);
}

/// A tokenizer_config.json that names BOS and EOS.
std::string config_of(const Vocab& vocab, Id bos, Id eos) {
  const auto content = [&](Id id) { return id ? json(vocab.token(*id)) : json(); };
  return json{{"bos_token", content(bos)}, {"eos_token", content(eos)}}.dump();
}

/// Of pieces and merges, lengths included, so that no two lists look the same.
Digest digest_of(const Vocab& vocab, const std::vector<RankedMerge>& merges,
                 const BpeSettings& settings) {
  Sha256 hash;
  for (const std::string& token : vocab.tokens()) {
    hash.update(fmt::format("{}:", token.size())).update(token);
  }
  hash.update(std::as_bytes(std::span(merges)));
  hash.update(fmt::format("unknown {} fuse {} bytes {} whole {}", settings.unknown_id.value_or(-1),
                          settings.fuse_unknown, settings.byte_fallback, settings.ignore_merges));
  return hash.finish();
}

Tokenizer assemble(Vocab& vocab, const std::vector<RankedMerge>& merges,
                   const BpeSettings& settings, const json& parts, const Around& around) {
  auto model = std::make_unique<Bpe>(vocab.take(), merges, settings);
  return Tokenizer::assemble(std::move(model), digest_of(vocab, merges, settings), parts.dump(),
                             config_of(vocab, around.bos, around.eos), vocab.name());
}

/// "a b" in the order in which they were learned.
std::vector<RankedMerge> read_merges(const Vocab& vocab) {
  const auto lines = vocab.file().get<std::vector<std::string>>(kMerges);
  std::vector<RankedMerge> merges;
  merges.reserve(lines.size());
  std::string both;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    // A piece may begin with a space, but is never empty.
    const std::size_t space = line.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == line.size()) {
      vocab.fail(kMerges,
                 fmt::format("[{}]: expected two pieces and a space, found '{}'", i, line));
    }
    const std::string_view left = line.substr(0, space);
    const std::string_view right = line.substr(space + 1);
    (both = left) += right;
    const Id left_id = vocab.id_of(left);
    const Id right_id = vocab.id_of(right);
    const Id both_id = vocab.id_of(both);
    if (!left_id || !right_id || !both_id) {
      vocab.fail(kMerges,
                 fmt::format("[{}]: '{}' needs '{}', which is not among the tokens", i, line,
                             !left_id    ? left
                             : !right_id ? right
                                         : std::string_view(both)));
    }
    merges.push_back({*left_id, *right_id, *both_id, static_cast<std::int32_t>(i)});
  }
  return merges;
}

Tokenizer read_byte_level_bpe(Vocab& vocab) {
  const auto named = vocab.file().find<std::string>(kPre);
  if (!named) {
    log::warning(
        fmt::format("{}: has no key '{}', so its texts are cut up as llama.cpp does by default; "
                    "ids may differ from those of the model's own tokenizer",
                    vocab.name(), kPre));
  }
  const std::string pre = named.value_or("default");
  const auto meaning = find_gguf_pre_tokenizer(pre);
  if (!meaning) {
    vocab.fail(kPre,
               fmt::format("the pre-tokenizer '{}' is not known, and any other would give other "
                           "ids: use the model in Hugging Face layout",
                           pre));
  }
  const Around around = read_around(vocab, std::nullopt, std::nullopt, meaning->adds_bos);
  const json parts = {{"added_tokens", added_token_list(vocab, {around.bos, around.eos})},
                      {"normalizer", meaning->normalizer()},
                      {"pre_tokenizer", meaning->pre_tokenizer(vocab.flag(kAddSpacePrefix, false))},
                      {"post_processor", around_text(vocab, around)},
                      {"decoder", {{"type", "ByteLevel"}}}};
  BpeSettings settings;
  settings.ignore_merges = meaning->ignore_merges;
  return assemble(vocab, read_merges(vocab), settings, parts, around);
}

/// SentencePiece joins the two neighbours that make the piece of the best score. So every way to
/// make a piece of two others is a merge, and its rank follows from the score of what it makes.
class ScoredMerges {
 public:
  explicit ScoredMerges(const Vocab& vocab) : vocab_(vocab) {
    scores_ = vocab.file().get<std::vector<double>>(kScores);
    if (scores_.size() != vocab.tokens().size()) {
      vocab.fail(kScores,
                 fmt::format("{} scores for {} tokens", scores_.size(), vocab.tokens().size()));
    }
    for (std::size_t id = 0; id < scores_.size(); ++id) {
      if (std::isnan(scores_[id])) vocab.fail(kScores, fmt::format("[{}]: not a number", id));
    }
  }

  std::vector<RankedMerge> merges() const {
    std::vector<double> ranked;
    for (std::size_t id = 0; id < scores_.size(); ++id) {
      if (is_text(id)) ranked.push_back(scores_[id]);
    }
    std::sort(ranked.begin(), ranked.end(), std::greater<>());
    ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
    std::vector<RankedMerge> merges;
    for (std::size_t id = 0; id < scores_.size(); ++id) {
      if (!is_text(id)) continue;
      const auto rank =
          std::lower_bound(ranked.begin(), ranked.end(), scores_[id], std::greater<>()) -
          ranked.begin();
      add_ways(static_cast<std::int32_t>(id), static_cast<std::int32_t>(rank), merges);
    }
    return merges;
  }

 private:
  /// Bytes and control tokens never come of joining text.
  bool is_text(std::size_t id) const {
    const PieceType type = vocab_.type(id);
    return type == PieceType::normal || type == PieceType::user_defined ||
           type == PieceType::unused;
  }

  void add_ways(std::int32_t id, std::int32_t rank, std::vector<RankedMerge>& merges) const {
    const std::string_view piece = vocab_.token(id);
    for (std::size_t at = piece.empty() ? 0 : code_point_length(piece, 0); at < piece.size();
         at += code_point_length(piece, at)) {
      const Id left = text_id(piece.substr(0, at));
      if (!left) continue;
      if (const Id right = text_id(piece.substr(at))) merges.push_back({*left, *right, id, rank});
    }
  }

  Id text_id(std::string_view piece) const {
    const Id id = vocab_.id_of(piece);
    return id && is_text(static_cast<std::size_t>(*id)) ? id : std::nullopt;
  }

  const Vocab& vocab_;
  std::vector<double> scores_;
};

/// As transformers converts a SentencePiece model (LlamaConverter in convert_slow_tokenizer.py): a
/// space before every stretch of text between special tokens.
Tokenizer read_sentencepiece_bpe(Vocab& vocab) {
  if (vocab.flag(kRemoveExtraWhitespaces, false)) {
    vocab.fail(kRemoveExtraWhitespaces, "true is not supported for SentencePiece BPE");
  }
  if (vocab.file().contains_key(kCharsmap)) {
    vocab.fail(kCharsmap, "not supported for SentencePiece BPE");
  }
  const Around around = read_around(vocab, 1, 2, true);
  const Id unknown = vocab.id(kUnknown, 0);
  const bool prepends = vocab.flag(kAddSpacePrefix, true);
  json normalizers = json::array();
  if (prepends) normalizers.push_back({{"type", "Prepend"}, {"prepend", kMetaspace}});
  normalizers.push_back(
      {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kMetaspace}});
  const json parts = {{"added_tokens", added_token_list(vocab, {around.bos, around.eos, unknown})},
                      {"normalizer", {{"type", "Sequence"}, {"normalizers", normalizers}}},
                      {"post_processor", around_text(vocab, around)},
                      {"decoder", sentencepiece_decoder(prepends ? 1 : 0, 0)}};
  BpeSettings settings;
  settings.unknown_id = unknown;
  settings.fuse_unknown = true;
  settings.byte_fallback = true;
  return assemble(vocab, ScoredMerges(vocab).merges(), settings, parts, around);
}

/// The spelling in vocab.txt of what a converter wrote: "word" as "\u2581word", "##ing" as "ing",
/// "[CLS]" as it is.
std::string word_piece_spelling(std::string_view token) {
  if (token.size() > 1 && token.front() == '[' && token.back() == ']') return std::string(token);
  if (token.starts_with(kMetaspace) && token.size() > kMetaspace.size()) {
    return std::string(token.substr(kMetaspace.size()));
  }
  return "##" + std::string(token);
}

Tokenizer read_word_piece(const Vocab& vocab) {
  const Id first = vocab.id(kBos, 101);
  const Id last = vocab.id(kSeparator, 102);
  const Id unknown = vocab.id(kUnknown, 100);
  if (!first || !last || !unknown) {
    vocab.fail(kTokens, fmt::format("no token has the id of '{}', '{}' or '{}'", kBos, kSeparator,
                                    kUnknown));
  }
  json pieces = json::object();
  for (std::size_t id = 0; id < vocab.tokens().size(); ++id) {
    // Padding of the embedding table, which text never gives.
    if (vocab.type(id) == PieceType::unused) continue;
    pieces[vocab.tokens()[id]] = id;
  }
  const bool lowercase = vocab.flag(kLowercase, true);
  const json document = {
      {"added_tokens", added_token_list(vocab, {first, last, unknown, vocab.id(kPadding, 0),
                                                vocab.id(kMask, 103)})},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", vocab.flag(kStripAccents, lowercase)},
        {"lowercase", lowercase}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor", around_text(vocab, first, last)},
      {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", vocab.token(*unknown)},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", pieces}}}};
  return Tokenizer::parse(document.dump(), config_of(vocab, first, vocab.id(kEos)), vocab.name());
}

std::string model_of(const io::Gguf& file) {
  return file.find<std::string>(kModel).value_or("none");
}

}  // namespace

bool has_tokenizer(const io::Gguf& file) {
  const std::string model = model_of(file);
  return model != "none" && model != "no_vocab";
}

Tokenizer read_gguf_tokenizer(const io::Gguf& file, const std::string& name) {
  if (!has_tokenizer(file)) {
    throw FormatError(fmt::format(
        "{}: has no tokenizer (no vocabulary under '{}'): only the command logits can do without "
        "one",
        name, kTokens));
  }
  const std::string model = model_of(file);
  if (model != "gpt2" && model != "llama" && model != "bert") {
    throw FormatError(fmt::format(
        "{}: key '{}': the tokenizer '{}' is not supported (gpt2, llama and bert are): use "
        "the model in Hugging Face layout",
        name, kModel, model));
  }
  Vocab vocab(file, name, model == "bert" ? word_piece_spelling : nullptr);
  if (model == "gpt2") return read_byte_level_bpe(vocab);
  if (model == "llama") return read_sentencepiece_bpe(vocab);
  return read_word_piece(vocab);
}

}  // namespace allometer::tokenizer
