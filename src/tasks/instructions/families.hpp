#pragma once
/// The types of instructions, one function and one file per family.

#include <span>

#include "tasks/instructions/instruction.hpp"

namespace allometer::tasks {

std::span<const InstructionKind> case_instructions();
std::span<const InstructionKind> combination_instructions();
std::span<const InstructionKind> content_instructions();
std::span<const InstructionKind> format_instructions();
std::span<const InstructionKind> keyword_instructions();
std::span<const InstructionKind> language_instructions();
std::span<const InstructionKind> length_instructions();
std::span<const InstructionKind> punctuation_instructions();
std::span<const InstructionKind> start_end_instructions();

}  // namespace allometer::tasks
