#pragma once
/// The files of one model, whatever their format: tensors under their Hugging Face names and in
/// their Hugging Face shapes, so that architectures need not know where numbers come from.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/safetensors.hpp"
#include "io/tensor.hpp"
#include "model/gguf_tensors.hpp"

namespace allometer::model {

/// A view into a mapped file; valid as long as the Checkpoint it came from.
class Tensor {
 public:
  explicit Tensor(io::TensorView view) : view_(std::move(view)) {}

  const std::vector<std::int64_t>& shape() const { return view_.shape; }
  std::int64_t num_elements() const { return view_.num_elements(); }
  /// Elements [first, first + out.size()), row-major, converted to float.
  void copy_to(std::int64_t first, std::span<float> out) const { view_.copy_to(first, out); }

 private:
  io::TensorView view_;
};

class Checkpoint {
 public:
  /// `path`: a directory in the layout of Hugging Face, or a GGUF file. Throws IoError or
  /// FormatError naming file and tensor; a checkpoint that only holds Python pickles is refused
  /// with the remedy.
  static Checkpoint open(const std::filesystem::path& path);

  bool contains(std::string_view name) const {
    return std::visit([name](const auto& files) { return files.contains(name); }, files_);
  }
  /// Throws FormatError naming the files looked in when there is no such tensor.
  Tensor at(std::string_view name) const {
    return std::visit([name](const auto& files) { return Tensor(files.at(name)); }, files_);
  }
  std::vector<std::filesystem::path> files() const;
  /// How many tensors each type of elements has: {"F32": 9, "Q4_K": 56}.
  std::map<std::string, int> count_types() const;
  /// As messages name it.
  const std::string& label() const { return label_; }

 private:
  using Files = std::variant<io::Safetensors, GgufTensors>;
  Checkpoint(Files files, std::string label) : files_(std::move(files)), label_(std::move(label)) {}

  Files files_;
  std::string label_;
};

}  // namespace allometer::model
