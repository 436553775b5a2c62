#include "model/backend.hpp"

#include <cstdlib>
#include <sched.h>

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

std::optional<int> wanted_num_threads() {
  if (std::getenv("OMP_NUM_THREADS") == nullptr) return std::nullopt;
  return omp_get_max_threads();
}

std::vector<int> available_cpus() {
  std::vector<int> cpus;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> ids(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, ids.data());
    cpus.insert(cpus.end(), ids.begin(), ids.end());
  }
  if (!cpus.empty()) return cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

double measure_peak_flops_per_second(Precision precision) {
  return ops::measure_matmul_flops_per_second(precision, 5);
}

}  // namespace allometer::model
