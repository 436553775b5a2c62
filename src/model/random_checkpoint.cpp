#include "model/random_checkpoint.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"
#include "model/config.hpp"
#include "model/layout.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

io::TensorType parse_dtype(const std::string& name) {
  for (const io::TensorType type :
       {io::TensorType::f32, io::TensorType::f16, io::TensorType::bf16}) {
    if (name == io::name_of(type)) return type;
  }
  throw ConfigError("dtype \"" + name + "\" is not one of F32, F16, BF16");
}

/// The weights of norms are 1, as in a fresh model; everything else is normal. A tensor's numbers
/// depend on the seed and its name alone, not on the sharding or the number of threads.
std::vector<float> random_values(const TensorSpec& tensor, const RandomCheckpoint& checkpoint) {
  constexpr std::size_t kChunk = std::size_t{1} << 16;
  std::size_t size = 1;
  for (const std::int64_t extent : tensor.shape) size *= static_cast<std::size_t>(extent);
  if (tensor.is_norm_weight) return std::vector<float>(size, 1.0F);
  std::vector<float> values(size);
  const std::uint64_t seed = seed_from(fmt::format("{}/{}", checkpoint.seed, tensor.name));
#pragma omp parallel for schedule(static)
  for (std::size_t first = 0; first < size; first += kChunk) {
    SplitMix64 random(seed + first * 0x2545F4914F6CDD1DULL);
    const std::size_t end = std::min(size, first + kChunk);
    for (std::size_t i = first; i < end; ++i) {
      values[i] = static_cast<float>(checkpoint.initializer_range * random.normal());
    }
  }
  return values;
}

std::size_t size_in_bytes(const TensorSpec& tensor, io::TensorType type) {
  std::size_t size = io::block_of(type).bytes;
  for (const std::int64_t extent : tensor.shape) size *= static_cast<std::size_t>(extent);
  return size;
}

/// Tensors in order, as many to a shard as fit; a larger tensor has a shard of its own.
std::vector<std::vector<TensorSpec>> divide(std::vector<TensorSpec> tensors,
                                            std::size_t max_shard_bytes, io::TensorType type) {
  std::vector<std::vector<TensorSpec>> shards(1);
  std::size_t used = 0;
  for (TensorSpec& tensor : tensors) {
    const std::size_t size = size_in_bytes(tensor, type);
    if (used > 0 && used + size > max_shard_bytes) {
      shards.emplace_back();
      used = 0;
    }
    used += size;
    shards.back().push_back(std::move(tensor));
  }
  return shards;
}

void write_shard(const fs::path& path, const std::vector<TensorSpec>& tensors,
                 const RandomCheckpoint& checkpoint, io::TensorType type) {
  std::vector<std::vector<float>> values;
  std::vector<io::TensorToWrite> list;
  for (const TensorSpec& tensor : tensors) values.push_back(random_values(tensor, checkpoint));
  for (std::size_t i = 0; i < tensors.size(); ++i)
    list.push_back({tensors[i].name, type, tensors[i].shape, values[i]});
  io::write_safetensors(path, list, {{"format", "pt"}, {"allometer_random_weights", "true"}});
}

void copy_tokenizer(const fs::path& from, const fs::path& directory) {
  constexpr std::array kFiles{"tokenizer.json",
                              "vocab.json",
                              "merges.txt",
                              "tokenizer.model",
                              "tokenizer_config.json",
                              "added_tokens.json",
                              "special_tokens_map.json",
                              "generation_config.json"};
  const auto has = [&](const char* name) { return fs::exists(from / name); };
  if (!has("tokenizer.json") && !(has("vocab.json") && has("merges.txt")) &&
      !has("tokenizer.model")) {
    throw IoError(
        fmt::format("{}: has no tokenizer.json, vocab.json with merges.txt, or tokenizer.model to "
                    "copy",
                    from.string()));
  }
  for (const char* name : kFiles) {
    if (!fs::exists(from / name)) continue;
    io::replace_file(directory / name, io::read_text(from / name));
  }
}

}  // namespace

void write_random_checkpoint(const fs::path& directory, const RandomCheckpoint& checkpoint) {
  const io::TensorType type = parse_dtype(checkpoint.dtype);
  const Config config = Config::parse(checkpoint.config, (directory / "config.json").string());
  const auto shards = divide(tensors_of(config), checkpoint.max_shard_bytes, type);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    throw IoError(fmt::format("cannot create {}: {}", directory.string(), error.message()));
  if (shards.size() == 1) {
    write_shard(directory / "model.safetensors", shards.front(), checkpoint, type);
  } else {
    Json places = Json::object();
    std::size_t total = 0;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      const std::string name =
          fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
      write_shard(directory / name, shards[i], checkpoint, type);
      for (const TensorSpec& tensor : shards[i]) {
        places[tensor.name] = name;
        total += size_in_bytes(tensor, type);
      }
    }
    io::replace_file(
        directory / "model.safetensors.index.json",
        Json{{"metadata", {{"total_size", total}}}, {"weight_map", places}}.dump(2) + "\n");
  }
  if (!checkpoint.tokenizer_from.empty()) copy_tokenizer(checkpoint.tokenizer_from, directory);
  Json marked = checkpoint.config;
  marked["allometer_random_weights"] = true;
  io::replace_file(directory / "config.json", marked.dump(2) + "\n");
}

}  // namespace allometer::model
