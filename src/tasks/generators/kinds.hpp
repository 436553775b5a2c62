#pragma once
/// Every generator, each defined in the file of its name:
///   const GeneratorKind kStepgame{"stepgame", 1, "one line", create};
/// A new one is declared here and entered into the table in generator.cpp.

#include "tasks/generators/generator.hpp"

namespace allometer::tasks {

// In alphabetical order, one a line.
extern const GeneratorKind kArithmetic;
extern const GeneratorKind kCategoryRule;
extern const GeneratorKind kCells;
extern const GeneratorKind kCloze;
extern const GeneratorKind kFigures;
extern const GeneratorKind kInstructions;
extern const GeneratorKind kMap;
extern const GeneratorKind kMaze;
extern const GeneratorKind kNavigate;
extern const GeneratorKind kNli;
extern const GeneratorKind kPreferences;
extern const GeneratorKind kSentiment;
extern const GeneratorKind kShapes;
extern const GeneratorKind kSmallFunction;
extern const GeneratorKind kSmallWorld;
extern const GeneratorKind kStatedFacts;
extern const GeneratorKind kStepgame;
extern const GeneratorKind kStringMapping;
extern const GeneratorKind kTrainedFacts;
extern const GeneratorKind kWordScrambling;

}  // namespace allometer::tasks
