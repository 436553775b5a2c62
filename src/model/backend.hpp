#pragma once
/// The numerical backend as the layers above the models see it: which one, limited to what, how
/// fast, with how many threads.

#include <optional>
#include <string>
#include <vector>

#include "core/instruction_set.hpp"
#include "core/precision.hpp"

namespace allometer::model {

/// Limits kernels and oneDNN to `isa`. Call once, before any model is loaded.
void limit_instruction_set(InstructionSet isa);

/// What decides bits beside the inputs: "avx512_bf16 oneDNN 2.6.3 kernels 1". Equal text, equal
/// results.
std::string numerics_version(InstructionSet isa);

/// "oneDNN 2.6.3"
std::string backend_version();

/// Threads that a forward pass called from this thread uses.
void set_num_threads(int num_threads);
/// $OMP_NUM_THREADS, if it is set.
std::optional<int> wanted_num_threads();
/// Logical CPUs that threads of this process may run on, also where OMP_PROC_BIND has bound the
/// calling one.
std::vector<int> available_cpus();

/// Floating-point operations per second of a [256 x k] x [k x n] product on this thread's share of
/// the node, best of five.
double measure_peak_flops_per_second(Precision precision);

}  // namespace allometer::model
