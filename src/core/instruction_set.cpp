#include "core/instruction_set.hpp"

#include "core/error.hpp"

namespace allometer {

std::optional<InstructionSet> parse_instruction_set(std::string_view name) {
  for (const InstructionSet isa :
       {InstructionSet::avx2, InstructionSet::avx512, InstructionSet::avx512_bf16}) {
    if (name == name_of(isa)) return isa;
  }
  return std::nullopt;
}

InstructionSet detect_instruction_set() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return __builtin_cpu_supports("avx512bf16") ? InstructionSet::avx512_bf16
                                                : InstructionSet::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
#endif
  throw ConfigError(
      "this CPU lacks AVX2 with FMA, which Allometer's kernels need: run on x86-64 nodes from 2013 "
      "(Haswell) or 2017 (Zen) on");
}

}  // namespace allometer
