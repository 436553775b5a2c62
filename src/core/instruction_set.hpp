#pragma once
/// The vector instructions that kernels and oneDNN may use. Results are bit-identical under one
/// instruction set only, so every rank of a job runs the lowest one that all of them have.

#include <optional>
#include <string_view>

namespace allometer {

/// In rising order; each includes those before it.
enum class InstructionSet { avx2, avx512, avx512_bf16 };

constexpr std::string_view name_of(InstructionSet isa) {
  switch (isa) {
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::avx512_bf16:
      return "avx512_bf16";
  }
  return "unknown";
}

std::optional<InstructionSet> parse_instruction_set(std::string_view name);

/// What this CPU has; throws ConfigError below AVX2 with FMA and F16C (or off x86-64), which
/// Allometer does not run on.
InstructionSet detect_instruction_set();

}  // namespace allometer
