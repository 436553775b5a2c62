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

}  // namespace

Checkpoint Checkpoint::open(const fs::path& path) {
  if (io::is_gguf_name(path)) return {GgufTensors(io::Gguf::open(path)), path.string()};
  refuse_pickles(path);
  return {io::Safetensors::open(path), path.string()};
}

}  // namespace allometer::model
