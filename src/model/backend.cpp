#include "model/backend.hpp"

#include <fmt/format.h>
#include <omp.h>

#include "ops/linear.hpp"

namespace allometer::model {

void limit_instruction_set(InstructionSet isa) {
  ops::limit_instruction_set(isa);
}

std::string numerics_version(InstructionSet isa) {
  return fmt::format("{} {} kernels {}", name_of(isa), ops::backend_version(),
                     ops::kernel_revision());
}

std::string backend_version() {
  return ops::backend_version();
}

void set_num_threads(int num_threads) {
  omp_set_num_threads(num_threads);
}

double measure_peak_flops_per_second(Precision precision) {
  return ops::measure_matmul_flops_per_second(precision, 5);
}

}  // namespace allometer::model
