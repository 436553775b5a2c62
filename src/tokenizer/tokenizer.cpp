#include "tokenizer/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/gguf.hpp"
#include "io/mapped_file.hpp"
#include "tokenizer/added_tokens.hpp"
#include "tokenizer/decoder.hpp"
#include "tokenizer/gguf_tokenizer.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/normalizer.hpp"
#include "tokenizer/post_processor.hpp"
#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/sentencepiece_tokenizer.hpp"
#include "tokenizer/special_tokens.hpp"
#include "tokenizer/token_model.hpp"
#include "tokenizer/unicode.hpp"
#include "tokenizer/vocab_json_tokenizer.hpp"

namespace allometer::tokenizer {
namespace {

constexpr const char* kVocabJson = "vocab.json";
constexpr std::array<std::string_view, 4> kUsualBos{"<s>", "<|begin_of_text|>", "<bos>",
                                                    "<|endoftext|>"};
constexpr std::array<std::string_view, 5> kUsualEos{"</s>", "<|end_of_text|>", "<eos>",
                                                    "<|endoftext|>", "<|im_end|>"};

template <class T, class Read>
std::unique_ptr<const T> read_part(const JsonNode& root, const char* key, Read read) {
  const auto node = root.find(key);
  return node ? read(*node) : nullptr;
}

std::string text_of(const io::MappedFile& file) {
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What stands in the file of that name beside `file`; nothing without one.
std::string text_beside(const std::filesystem::path& file, const char* name) {
  const auto path = file.parent_path() / name;
  std::error_code no_access;
  return std::filesystem::exists(path, no_access) ? text_of(io::MappedFile(path)) : std::string();
}

/// The tokenizer's file in a checkpoint directory; tokenizer.json is what transformers prefers.
std::optional<std::filesystem::path> file_in(const std::filesystem::path& directory) {
  const auto has = [&](const char* name) {
    std::error_code no_access;
    return std::filesystem::exists(directory / name, no_access);
  };
  if (has("tokenizer.json")) return directory / "tokenizer.json";
  if (has(kVocabJson) && has("merges.txt")) return directory / kVocabJson;
  if (has("tokenizer.model")) return directory / "tokenizer.model";
  return std::nullopt;
}

/// As transformers does it: for ByteLevel alone, not for one inside of a Sequence.
void apply_prefix_space(nlohmann::json& tokenizer, const SpecialTokenSettings& settings) {
  if (!settings.add_prefix_space || !tokenizer.is_object()) return;
  const auto part = tokenizer.find("pre_tokenizer");
  if (part == tokenizer.end() || !part->is_object()) return;
  const auto type = part->find("type");
  if (type == part->end() || *type != "ByteLevel") return;
  (*part)["add_prefix_space"] = *settings.add_prefix_space;
}

SpecialTokenSettings settings_beside(const std::string& name, std::string_view config_json) {
  const auto config = std::filesystem::path(name).parent_path() / "tokenizer_config.json";
  return read_special_token_settings(config_json, config.string());
}

}  // namespace

struct Tokenizer::Impl {
  Impl(const JsonNode& root, std::unique_ptr<const TokenModel> token_model,
       const SpecialTokenSettings& settings)
      : name(root.where()),
        model(std::move(token_model)),
        normalizer(read_part<Normalizer>(root, "normalizer", read_normalizer)),
        pre_tokenizer(read_part<PreTokenizer>(root, "pre_tokenizer", read_pre_tokenizer)),
        decoder(read_part<Decoder>(root, "decoder", read_decoder)),
        added(read_added(root)) {
    // transformers sets truncation and padding itself, whatever the file says.
    root.allow_only({"version", "truncation", "padding", "added_tokens", "normalizer",
                     "pre_tokenizer", "post_processor", "decoder", "model"});
    if (const auto node = root.find("post_processor")) {
      post_processor = read_post_processor(*node, [&](std::int32_t id) { return find(id); });
    }
    bos = resolve(settings.bos, kUsualBos);
    eos = resolve(settings.eos, kUsualEos);
    apply_add_settings(settings);
  }

  AddedTokens read_added(const JsonNode& root) const {
    const auto node = root.find("added_tokens");
    return {node ? &*node : nullptr, model->vocabulary(), normalizer.get()};
  }

  template <std::size_t N>
  std::optional<std::int32_t> resolve(const TokenSetting& setting,
                                      const std::array<std::string_view, N>& usual) const {
    if (setting.content) return id_of(*setting.content);
    if (setting.given) return std::nullopt;
    for (const std::string_view candidate : usual) {
      if (const auto id = id_of(candidate)) return id;
    }
    return std::nullopt;
  }

  void apply_add_settings(const SpecialTokenSettings& settings) {
    if (!settings.add_bos || !settings.add_eos) return;
    if ((*settings.add_bos && !bos) || (*settings.add_eos && !eos)) {
      throw FormatError(
          fmt::format("{}: the tokenizer's settings add a BOS or EOS token that its "
                      "vocabulary does not have",
                      name));
    }
    post_processor = {};
    if (*settings.add_bos) post_processor.prefix = {*bos};
    if (*settings.add_eos) post_processor.suffix = {*eos};
  }

  std::optional<std::int32_t> id_of(std::string_view piece) const {
    const auto id = added.id_of(piece);
    return id ? id : model->vocabulary().id_of(piece);
  }

  /// The spelling of an id, or null.
  const std::string* find(std::int32_t id) const {
    const AddedToken* token = added.find(id);
    return token ? &token->content : model->vocabulary().piece_of(id);
  }

  const std::string& piece(std::int32_t id) const {
    const std::string* found = find(id);
    if (found == nullptr) {
      throw ConfigError(fmt::format("{}: token id {} is not in the vocabulary (ids below {})", name,
                                    id, vocab_size()));
    }
    return *found;
  }

  std::int32_t vocab_size() const { return std::max(model->vocabulary().end_id(), added.end_id()); }

  /// Ids of a text without those that the post-processor adds.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const {
    bool at_start = true;
    for (const Section& section : added.split_raw(text)) {
      if (section.id) {
        ids.push_back(*section.id);
      } else {
        encode_section(std::string(section.text), at_start, ids);
      }
      at_start = false;
    }
  }

  void encode_section(std::string text, bool at_start, std::vector<std::int32_t>& ids) const {
    std::size_t head = at_start ? code_point_length(text, 0) : 0;
    if (normalizer) normalizer->apply(text, head);
    for (const Section& section : added.split_normalized(text)) {
      if (section.id) {
        ids.push_back(*section.id);
      } else {
        const auto begin = static_cast<std::size_t>(section.text.data() - text.data());
        Pieces pieces{
            std::string(section.text), {{0, section.text.size()}}, head - std::min(head, begin)};
        if (pre_tokenizer) pre_tokenizer->apply(pieces);
        model->encode(pieces, ids);
      }
    }
  }

  std::string name;
  std::unique_ptr<const TokenModel> model;
  std::unique_ptr<const Normalizer> normalizer;
  std::unique_ptr<const PreTokenizer> pre_tokenizer;
  std::unique_ptr<const Decoder> decoder;
  AddedTokens added;
  PostProcessor post_processor;
  std::optional<std::int32_t> bos;
  std::optional<std::int32_t> eos;
  Digest digest;
};

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

bool Tokenizer::exists(const std::filesystem::path& path) {
  std::error_code no_access;
  if (std::filesystem::is_directory(path, no_access)) return file_in(path).has_value();
  return !io::is_gguf_name(path) || has_tokenizer(io::Gguf::open(path));
}

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  std::error_code no_access;  // the mapped file below tells the reason
  const bool is_directory = std::filesystem::is_directory(path, no_access);
  const auto found = is_directory ? file_in(path) : path;
  if (!found) {
    throw IoError(fmt::format(
        "{}: has no tokenizer: neither tokenizer.json, nor vocab.json with merges.txt, nor "
        "tokenizer.model is in this directory; if transformers can read it, make a tokenizer.json "
        "(AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR))",
        path.string()));
  }
  const std::string name = found->string();
  if (io::is_gguf_name(*found)) return read_gguf_tokenizer(io::Gguf::open(*found), name);
  const std::string text = text_of(io::MappedFile(*found));
  const std::string config = text_beside(*found, "tokenizer_config.json");
  if (found->extension() == ".model") {
    const std::string added = text_beside(*found, "added_tokens.json");
    return read_sentencepiece_tokenizer({text, config, added}, name);
  }
  if (found->filename() == kVocabJson) {
    const std::string merges = text_of(io::MappedFile(found->parent_path() / "merges.txt"));
    const std::string added = text_beside(*found, "added_tokens.json");
    const std::string named = text_beside(*found, "special_tokens_map.json");
    const std::string model_config = text_beside(*found, "config.json");
    return read_vocab_json_tokenizer({text, merges, config, added, named, model_config}, name);
  }
  return parse(text, config, name);
}

Tokenizer Tokenizer::parse(std::string_view tokenizer_json, std::string_view tokenizer_config_json,
                           const std::string& name) {
  const SpecialTokenSettings settings = settings_beside(name, tokenizer_config_json);
  nlohmann::json json = parse_json(tokenizer_json, name);
  apply_prefix_space(json, settings);
  const JsonNode root(json, name);
  auto impl = std::make_unique<Impl>(root, read_token_model(root.at("model")), settings);
  impl->digest = Sha256().update(tokenizer_json).update(settings.canonical()).finish();
  return Tokenizer(std::move(impl));
}

Tokenizer Tokenizer::assemble(std::unique_ptr<const TokenModel> model, const Digest& model_digest,
                              std::string_view tokenizer_json,
                              std::string_view tokenizer_config_json, const std::string& name) {
  const SpecialTokenSettings settings = settings_beside(name, tokenizer_config_json);
  const nlohmann::json json = parse_json(tokenizer_json, name);
  const JsonNode root(json, name);
  if (const auto other = root.find("model")) {
    other->fail("a second model beside the one that was made elsewhere");
  }
  auto impl = std::make_unique<Impl>(root, std::move(model), settings);
  impl->digest = Sha256()
                     .update(model_digest.hex())
                     .update(tokenizer_json)
                     .update(settings.canonical())
                     .finish();
  return Tokenizer(std::move(impl));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, AddSpecial add_special) const {
  std::vector<std::int32_t> ids;
  const PostProcessor& around = impl_->post_processor;
  if (add_special == AddSpecial::yes) ids = around.prefix;
  if (is_valid_utf8(text)) {
    impl_->encode(text, ids);
  } else {
    impl_->encode(to_valid_utf8(text), ids);
  }
  if (add_special == AddSpecial::yes) {
    ids.insert(ids.end(), around.suffix.begin(), around.suffix.end());
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, SkipSpecial skip_special) const {
  std::vector<std::string> pieces;
  pieces.reserve(ids.size());
  for (const std::int32_t id : ids) {
    const AddedToken* token = impl_->added.find(id);
    const std::string& piece = token ? token->spelled : impl_->piece(id);
    if (skip_special == SkipSpecial::no || !is_special(id)) pieces.push_back(piece);
  }
  // Without a decoder the reference joins with blanks.
  const bool blanks = impl_->decoder == nullptr;
  if (impl_->decoder) impl_->decoder->apply(pieces);
  std::string text;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0 && blanks) text += ' ';
    text += pieces[i];
  }
  return text;
}

std::string Tokenizer::piece(std::int32_t id) const {
  return impl_->piece(id);
}

std::int32_t Tokenizer::vocab_size() const {
  return impl_->vocab_size();
}

std::optional<std::int32_t> Tokenizer::bos_id() const {
  return impl_->bos;
}

std::optional<std::int32_t> Tokenizer::eos_id() const {
  return impl_->eos;
}

bool Tokenizer::is_special(std::int32_t id) const {
  const AddedToken* token = impl_->added.find(id);
  return token != nullptr && token->special;
}

bool Tokenizer::adds_bos() const {
  const auto& prefix = impl_->post_processor.prefix;
  return impl_->bos && !prefix.empty() && prefix.front() == *impl_->bos;
}

Digest Tokenizer::digest() const {
  return impl_->digest;
}

}  // namespace allometer::tokenizer
