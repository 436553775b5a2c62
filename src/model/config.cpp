#include "model/config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

}  // namespace

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
  config.bos_token_id = reader.token("bos_token_id", config.vocab_size);
  config.eos_token_id = reader.token("eos_token_id", config.vocab_size);
  config.random_weights = reader.boolean("allometer_random_weights", false);
  return config;
}

}  // namespace allometer::model
