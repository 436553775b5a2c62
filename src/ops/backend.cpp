#include <atomic>
#include <string>

#include "core/error.hpp"
#include "ops/detail/kernels.hpp"
#include "ops/detail/onednn.hpp"
#include "ops/linear.hpp"

namespace allometer::ops {
namespace {

/// -1: not yet chosen. The instruction set is a property of the process, as oneDNN's is.
std::atomic<int> chosen{-1};

}  // namespace

void limit_instruction_set(InstructionSet isa) {
  const InstructionSet available = detect_instruction_set();
  if (isa > available) {
    throw ConfigError("instruction set " + std::string(name_of(isa)) +
                      " was asked for, but this CPU has only " + std::string(name_of(available)) +
                      ": choose that one or run on other nodes");
  }
  if (chosen.load() == static_cast<int>(isa)) return;
  if (dnnl::set_max_cpu_isa(detail::onednn_isa(isa)) != dnnl::status::success) {
    throw BackendError(
        "oneDNN no longer accepts a limit on its instruction set: it was used before " +
        std::string(name_of(isa)) + " was chosen");
  }
  chosen.store(static_cast<int>(isa));
}

InstructionSet active_instruction_set() {
  if (chosen.load() < 0) limit_instruction_set(detect_instruction_set());
  return static_cast<InstructionSet>(chosen.load());
}

std::string backend_version() {
  const dnnl_version_t& v = *dnnl::version();
  return "oneDNN " + std::to_string(v.major) + "." + std::to_string(v.minor) + "." +
         std::to_string(v.patch);
}

int kernel_revision() {
  return 1;
}

const detail::Kernels& detail::kernels() {
  return active_instruction_set() == InstructionSet::avx2 ? kKernels_avx2 : kKernels_avx512;
}

}  // namespace allometer::ops
