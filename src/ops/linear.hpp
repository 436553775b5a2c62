#pragma once
/// Linear layers over oneDNN with weights packed once.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/instruction_set.hpp"
#include "core/precision.hpp"

namespace allometer::ops {

/// Limits what oneDNN (as ONEDNN_MAX_CPU_ISA does) and our kernels use. Call once, before any other
/// function of ops; without it, they use what this CPU has. Throws ConfigError if the CPU lacks it,
/// BackendError if oneDNN has already been used.
void limit_instruction_set(InstructionSet isa);
/// The one in force.
InstructionSet active_instruction_set();
/// "oneDNN 2.6.3", and the revision of our own kernels: part of a cell's identity.
std::string backend_version();
int kernel_revision();

/// y = x W^T: W is [out_features, in_features] as checkpoints hold it, in oneDNN's own blocked
/// layout. Holds no weights: they are attached, so that the ranks of a node can share them.
///
/// oneDNN's AVX-512 products give a row the same bits whatever the number of rows and threads; its
/// AVX2 and emulated bf16 products do not. There a kernel of our own takes over (AVX2), and bf16
/// means operands rounded to bf16 and multiplied in F32 (below avx512_bf16): products of bf16
/// numbers are exact in F32, so that this is the same arithmetic, more slowly.
class Linear {
 public:
  /// precision: of src and of the weights. max_rows: the most rows of one forward call.
  Linear(int in_features, int out_features, Precision precision, int max_rows);
  ~Linear();
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;

  std::size_t packed_bytes() const;  ///< aligned to 64
  /// Fills packed[0, packed_bytes()): rows(first, count, dst) must write rows [first, first +
  /// count) of W as F32 [count, in_features]. Only a block of rows is held at a time.
  void pack(const std::function<void(int first, int count, float* dst)>& rows,
            std::byte* packed) const;
  /// The weights to use from now on; they must outlive this object.
  void attach(const std::byte* packed);

  /// src: [rows, in_features], f32 or bf16 by precision (bf16 as its 16 bits); dst: F32 [rows,
  /// out_features]. accumulate: dst += instead of dst =. rows <= max_rows. The same bits for any
  /// number of rows and threads.
  void forward(const void* src, int rows, float* dst, bool accumulate = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// FLOP/s of this rank's threads for [256 x 1024] x [1024 x 2048] in `precision`, best of
/// `repeats`: the peak that MFU divides by.
double measure_matmul_flops_per_second(Precision precision, int repeats = 5);

}  // namespace allometer::ops
