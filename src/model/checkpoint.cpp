#include "model/checkpoint.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;

void refuse_pickles(const fs::path& directory) {
  if (fs::exists(directory / "model.safetensors") ||
      fs::exists(directory / "model.safetensors.index.json"))
    return;
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!fs::exists(directory / name)) continue;
    throw FormatError(fmt::format(
        "{}: a Python pickle, which can run code and cannot be mapped; write safetensors instead, "
        "in Python: AutoModelForCausalLM.from_pretrained(\"{}\").save_pretrained(NEW_DIRECTORY, "
        "safe_serialization=True)",
        (directory / name).string(), directory.string()));
  }
}

template <class Files>
std::map<std::string, int> count_types_of(const Files& files) {
  std::map<std::string, int> counts;
  for (const std::string& name : files.names()) ++counts[std::string(name_of(files.at(name).type))];
  return counts;
}

}  // namespace

Checkpoint Checkpoint::open(const fs::path& path) {
  if (io::is_gguf_name(path)) return {GgufTensors(io::Gguf::open(path)), path.string()};
  refuse_pickles(path);
  return {io::Safetensors::open(path), path.string()};
}

std::vector<fs::path> Checkpoint::files() const {
  if (const auto* gguf = std::get_if<GgufTensors>(&files_)) return gguf->file().files();
  return std::get<io::Safetensors>(files_).files();
}

std::map<std::string, int> Checkpoint::count_types() const {
  if (const auto* gguf = std::get_if<GgufTensors>(&files_)) return count_types_of(gguf->file());
  return count_types_of(std::get<io::Safetensors>(files_));
}

}  // namespace allometer::model
