#pragma once
/// Linear layers over oneDNN with weights packed once.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "core/instruction_set.hpp"
#include "core/precision.hpp"

namespace allometer::ops {

/// Limits what oneDNN may use (ONEDNN_MAX_CPU_ISA by call). Call once, before any other function of ops.
void limit_instruction_set(InstructionSet isa);
/// "oneDNN 2.6.3", and the revision of our own kernels: part of a cell's identity.
std::string backend_version();
int kernel_revision();

/// y = x W^T (+ bias): W is [out_features, in_features] as checkpoints hold it, in oneDNN's own blocked layout. Holds no
/// weights: they are attached, so that the ranks of a node can share them.
class Linear {
 public:
  /// What stands in the output: f32, or bf16 for the next product's input.
  Linear(int in_features, int out_features, Precision precision, int max_rows);
  ~Linear();
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;

  std::size_t packed_bytes() const;  ///< aligned to 64
  /// Fills packed[0, packed_bytes()): rows(first, count, dst) must write rows [first, first + count) of W as F32
  /// [count, in_features]. Only a block of rows is held at a time.
  void pack(const std::function<void(int first, int count, float* dst)>& rows, std::byte* packed) const;
  /// The weights to use from now on; they must outlive this object.
  void attach(const std::byte* packed);

  /// src: [rows, in_features], f32 or bf16 by precision (bf16 as its 16 bits); dst: F32 [rows, out_features].
  /// accumulate: dst += instead of dst =. rows <= max_rows. The same bits for any number of rows and threads.
  void forward(const void* src, int rows, float* dst, bool accumulate = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// GFLOP/s of this rank's threads for [256 x k] x [k x n] in `precision`, best of `repeats`: the peak that MFU divides by.
double measure_matmul_flops_per_second(Precision precision, int repeats = 5);

}  // namespace allometer::ops
