#pragma once
/// A checkpoint's tensors as a model uses them: matrices packed for the matrix products, everything
/// else as F32.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/checkpoint.hpp"
#include "model/layout.hpp"
#include "model/load.hpp"
#include "model/packed_file.hpp"
#include "ops/linear.hpp"

namespace allometer::model {

class Weights {
 public:
  /// Checks every tensor's shape, then packs or attaches. Throws FormatError naming tensor, found
  /// and expected shape.
  Weights(Checkpoint checkpoint, const Config& config, const LoadOptions& options);

  Precision precision() const { return precision_; }
  int max_rows() const { return max_rows_; }
  /// The product of that name, attached. The weights live as long as this object.
  ops::Linear linear(const std::string& name) const;
  const std::byte* packed(const std::string& name) const;
  /// A whole tensor, converted.
  std::vector<float> vector(const std::string& name) const;
  /// The biases of stacked projections, in the order of their rows; empty where there are none.
  std::vector<float> bias(std::span<const Projection> parts) const;
  /// For matrices that are read row by row. `name` may be stored without its base_model_prefix.
  Tensor tensor(const std::string& name) const;

 private:
  struct Place {
    LinearSpec spec;
    std::size_t offset = 0;
  };
  void check_shapes(const std::vector<TensorSpec>& tensors) const;
  void fill(std::byte* memory) const;
  void read_rows(const LinearPart& part, int first, int count, std::size_t width, float* dst) const;

  Checkpoint checkpoint_;
  std::string prefix_;  ///< "transformer."
  Precision precision_;
  int max_rows_;
  std::map<std::string, Place> places_;
  PackedFile file_;
};

/// Bytes of `linears` packed one after the other.
std::size_t packed_bytes(const std::vector<LinearSpec>& linears, Precision precision);

/// Token embeddings, read from the mapped checkpoint row by row.
class Embedding {
 public:
  explicit Embedding(Tensor table) : table_(std::move(table)) {}
  /// out: F32 [ids.size(), hidden_size]. The ids must be in range.
  void forward(std::span<const std::int32_t> ids, float* out) const;

 private:
  Tensor table_;
};

}  // namespace allometer::model
