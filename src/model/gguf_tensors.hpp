#pragma once
/// The tensors of a GGUF file under the names that they have in a Hugging Face checkpoint.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.hpp"

namespace allometer::model {

/// "blk.3.attn_q.weight" for "model.layers.3.self_attn.q_proj.weight"; nothing for a name that no
/// architecture has. `architecture`: as GGUF calls it ("gemma2"), for those names whose meaning it
/// decides.
std::optional<std::string> gguf_tensor_name(std::string_view architecture, std::string_view name);

/// A view under Hugging Face's names. Order of rows, transposition and norms are as the file has
/// them: what llama.cpp's converter changed, gguf_storage.hpp tells the model.
class GgufTensors {
 public:
  explicit GgufTensors(io::Gguf file);

  bool contains(std::string_view name) const;
  /// Throws FormatError naming file, tensor and type; the view is named as in the file.
  io::TensorView at(std::string_view name) const;
  const io::Gguf& file() const { return file_; }

 private:
  io::Gguf file_;
  std::string architecture_;
};

}  // namespace allometer::model
