#include "tokenizer/chat_template.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "io/gguf.hpp"
#include "io/mapped_file.hpp"

namespace allometer::tokenizer {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kDefault = "default";
constexpr std::string_view kGgufKey = "tokenizer.chat_template";

/// A template's text and where it stands.
struct Source {
  std::string text;
  std::string where;
};
using Sources = std::map<std::string, Source>;

bool is_there(const fs::path& path) {
  std::error_code no_access;
  return fs::exists(path, no_access);
}

std::string text_of(const fs::path& path) {
  const io::MappedFile file(path);
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An object in a file; an empty one where there is no file.
ordered_json object_in(const fs::path& path) {
  if (!is_there(path)) return ordered_json::object();
  ordered_json json;
  try {
    json = ordered_json::parse(text_of(path));
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: not JSON: {}", path.string(), error.what()));
  }
  if (!json.is_object()) throw FormatError(path.string() + ": not a JSON object");
  return json;
}

/// "chat_template": a text, or [{"name": ..., "template": ...}, ...].
void add_from_json(const fs::path& path, Sources& sources) {
  const ordered_json json = object_in(path);
  const auto found = json.find("chat_template");
  if (found == json.end() || found->is_null()) return;
  const std::string where = path.string() + ": chat_template";
  if (found->is_string()) {
    sources[kDefault] = {found->get<std::string>(), where};
    return;
  }
  if (!found->is_array()) throw FormatError(where + " is neither a text nor a list of templates");
  for (const ordered_json& entry : *found) {
    if (!entry.is_object() || !entry.contains("name") || !entry.contains("template") ||
        !entry["name"].is_string() || !entry["template"].is_string()) {
      throw FormatError(where + " holds an entry without a text under 'name' and 'template'");
    }
    const auto name = entry["name"].get<std::string>();
    sources[name] = {entry["template"].get<std::string>(), where + " '" + name + "'"};
  }
}

Sources sources_in_directory(const fs::path& directory) {
  Sources sources;
  const fs::path file = directory / "chat_template.jinja";
  if (is_there(file)) sources[kDefault] = {text_of(file), file.string()};
  const fs::path others = directory / "additional_chat_templates";
  if (is_there(others)) {
    for (const auto& entry : fs::directory_iterator(others)) {
      if (entry.path().extension() != ".jinja") continue;
      sources[entry.path().stem().string()] = {text_of(entry.path()), entry.path().string()};
    }
  }
  // Templates in files of their own replace those of the configuration, as in transformers.
  if (sources.empty()) add_from_json(directory / "tokenizer_config.json", sources);
  return sources;
}

Sources sources_in_gguf(const io::Gguf& file, const fs::path& path) {
  Sources sources;
  for (const std::string& key : file.keys()) {
    if (!key.starts_with(kGgufKey)) continue;
    std::string name = key.substr(kGgufKey.size());
    if (!name.empty() && name[0] != '.') continue;
    name = name.empty() ? kDefault : name.substr(1);
    sources[name] = {file.get<std::string>(key), path.string() + ": " + key};
  }
  return sources;
}

/// The special tokens that transformers hands to templates, as far as they are set: texts, or
/// objects with the text under "content".
ordered_json special_tokens_in_directory(const fs::path& directory) {
  constexpr std::array<const char*, 7> kTokens{"bos_token", "eos_token", "unk_token", "sep_token",
                                               "pad_token", "cls_token", "mask_token"};
  const ordered_json config = object_in(directory / "tokenizer_config.json");
  const ordered_json map = object_in(directory / "special_tokens_map.json");
  ordered_json tokens = ordered_json::object();
  for (const char* key : kTokens) {
    const ordered_json& source = config.contains(key) ? config : map;
    if (!source.contains(key)) continue;
    const ordered_json& token = source[key];
    const ordered_json& content =
        token.is_object() && token.contains("content") ? token["content"] : token;
    if (content.is_string()) tokens[key] = content;
  }
  return tokens;
}

ordered_json special_tokens_in_gguf(const io::Gguf& file) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kIds{
      {{"bos_token", "tokenizer.ggml.bos_token_id"},
       {"eos_token", "tokenizer.ggml.eos_token_id"},
       {"unk_token", "tokenizer.ggml.unknown_token_id"},
       {"pad_token", "tokenizer.ggml.padding_token_id"}}};
  ordered_json special = ordered_json::object();
  const auto tokens = file.find<std::vector<std::string>>("tokenizer.ggml.tokens");
  for (const auto& [name, key] : kIds) {
    const auto id = file.find<std::int64_t>(key);
    if (tokens && id && *id >= 0 && *id < static_cast<std::int64_t>(tokens->size())) {
      special[name] = (*tokens)[static_cast<std::size_t>(*id)];
    }
  }
  return special;
}

std::vector<std::string> names_of(const Sources& sources) {
  std::vector<std::string> names;
  for (const auto& entry : sources) names.push_back(entry.first);
  return names;
}

const Source& chosen(const Sources& sources, const std::string& name, const fs::path& path) {
  const auto found = sources.find(name.empty() ? kDefault : name);
  if (found != sources.end()) return found->second;
  if (sources.empty()) {
    throw ConfigError(path.string() +
                      ": the checkpoint has no chat template, so that messages cannot become a "
                      "prompt; ask without one, or put a chat_template.jinja beside its tokenizer");
  }
  throw ConfigError(fmt::format("{}: there is no chat template named '{}'; there is {}",
                                path.string(), name.empty() ? kDefault : name,
                                fmt::join(names_of(sources), ", ")));
}

}  // namespace

bool ChatTemplate::exists(const fs::path& path) {
  if (io::is_gguf_name(path)) return !sources_in_gguf(io::Gguf::open(path), path).empty();
  return !sources_in_directory(path).empty();
}

ChatTemplate ChatTemplate::load(const fs::path& path, const std::string& name) {
  if (io::is_gguf_name(path)) {
    const io::Gguf file = io::Gguf::open(path);
    const Source source = chosen(sources_in_gguf(file, path), name, path);
    return {source.text, source.where, special_tokens_in_gguf(file)};
  }
  const Source source = chosen(sources_in_directory(path), name, path);
  return {source.text, source.where, special_tokens_in_directory(path)};
}

ChatTemplate::ChatTemplate(std::string_view text, const std::string& where,
                           ordered_json special_tokens)
    : text_(text),
      special_tokens_(std::move(special_tokens)),
      template_(jinja::Template::parse(text, where, jinja::kChatSettings)) {}

Digest ChatTemplate::digest() const {
  return sha256(special_tokens_.dump() + "\n" + text_);
}

std::string ChatTemplate::render(const ordered_json& conversation,
                                 const jinja::Clock& clock) const {
  const bool is_object = conversation.is_object();
  if (is_object ? !conversation.contains("messages") : !conversation.is_array()) {
    throw ConfigError("a conversation is a list of messages, or an object with 'messages'");
  }
  // What transformers always hands over stands first; what the caller gives wins.
  ordered_json variables = special_tokens_;
  variables["tools"] = nullptr;
  variables["documents"] = nullptr;
  variables["add_generation_prompt"] = false;
  if (is_object) {
    for (const auto& [key, value] : conversation.items()) variables[key] = value;
  } else {
    variables["messages"] = conversation;
  }
  return template_.render(variables, clock);
}

}  // namespace allometer::tokenizer
