#include "stats/detail/kernels.hpp"

#include "core/instruction_set.hpp"

namespace allometer::stats::detail {

const Kernels& kernels() {
  static const Kernels& chosen =
      detect_instruction_set() == InstructionSet::avx2 ? kKernels_avx2 : kKernels_avx512;
  return chosen;
}

}  // namespace allometer::stats::detail
