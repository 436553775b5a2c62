#include "model/config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "io/gguf.hpp"
#include "model/architecture.hpp"
#include "model/config_reader.hpp"
#include "model/gguf_storage.hpp"

namespace allometer::model {
namespace {

using Json = nlohmann::json;

const Architecture& read_architecture(const ConfigReader& reader) {
  const auto names = reader.texts("architectures");
  if (!names || names->empty())
    reader.refuse("architectures",
                  "is missing or empty; it names the model's class, as "
                  "[\"LlamaForCausalLM\"]");
  const Architecture* found = find_architecture(names->front());
  if (found == nullptr) {
    reader.refuse("architectures", fmt::format("names \"{}\", which is not implemented; known: {}",
                                               names->front(), known_architectures()));
  }
  return *found;
}

int out_features(const std::vector<Projection>& projections) {
  int sum = 0;
  for (const Projection& projection : projections) sum += projection.out_features;
  return sum;
}

/// A norm over heads covers each of them, or all at once.
bool covers_heads(const Normalization& norm, int num_heads, int head_dim) {
  return norm.kind == Normalization::Kind::none || norm.size == head_dim ||
         norm.size == num_heads * head_dim;
}

/// The forward pass takes for granted that the parts of a blueprint fit together.
void check_blueprint(const Config& c) {
  const int queries = c.num_attention_heads * c.head_dim;
  const int keys = c.num_key_value_heads * c.head_dim;
  for (const LayerBlueprint& layer : c.blueprint.layers) {
    ALLOMETER_EXPECT(out_features(layer.attention.qkv) == queries + 2 * keys);
    ALLOMETER_EXPECT(layer.attention.out.in_features == queries);
    ALLOMETER_EXPECT(layer.attention.out.out_features == c.hidden_size);
    ALLOMETER_EXPECT(covers_heads(layer.attention.query_norm, c.num_attention_heads, c.head_dim));
    ALLOMETER_EXPECT(covers_heads(layer.attention.key_norm, c.num_key_value_heads, c.head_dim));
    ALLOMETER_EXPECT(out_features(layer.mlp.in) ==
                     layer.mlp.out.in_features * (layer.mlp.is_gated ? 2 : 1));
    ALLOMETER_EXPECT(layer.mlp.out.out_features == c.hidden_size);
  }
  const std::optional<PositionTable>& positions = c.blueprint.positions;
  ALLOMETER_EXPECT(!positions ||
                   positions->num_rows >= c.max_position_embeddings + positions->offset);
  ALLOMETER_EXPECT(c.blueprint.embedding_size == c.hidden_size ||
                   (c.blueprint.embedding_in && c.blueprint.embedding_out));
}

}  // namespace

Config Config::sketch(const std::filesystem::path& path) {
  if (!io::is_gguf_name(path)) return load(path);
  return config_for_gguf(io::Gguf::open(path), HeadComparison::sampled);
}

Config Config::load(const std::filesystem::path& path) {
  if (io::is_gguf_name(path)) return config_for_gguf(io::Gguf::open(path));
  const std::string file = (path / "config.json").string();
  try {
    return parse(Json::parse(io::read_text(file)), file);
  } catch (const Json::exception& e) {
    throw FormatError(fmt::format("{}: is not valid JSON: {}", file, e.what()));
  }
}

Config Config::parse(const Json& config_json, const std::string& file) {
  if (!config_json.is_object()) throw FormatError(file + ": is not a JSON object");
  const ConfigReader reader(config_json, file);
  const Architecture& architecture = read_architecture(reader);
  if (reader.has("quantization_config")) {
    reader.refuse(
        "quantization_config",
        "is there: quantized checkpoints are not implemented; use the F32, F16 or BF16 one, or a "
        "GGUF file");
  }
  Config config;
  config.architecture = architecture.name;
  architecture.read(reader, config);
  check_blueprint(config);
  config.bos_token_id = reader.token("bos_token_id", config.vocab_size);
  config.eos_token_id = reader.token("eos_token_id", config.vocab_size);
  config.random_weights = reader.boolean("allometer_random_weights", false);
  return config;
}

}  // namespace allometer::model
