#pragma once
/// Instructions that a program can verify: the 25 types of IFEval (Zhou et al. 2023,
/// arXiv:2311.07911) as google-research/instruction_following_eval checks them, and one of our own.
///
/// A document has `instruction_id_list`, a list of type names, and `kwargs`, one object of
/// arguments for each. Differences from that program, all on purpose:
/// - sentences are found by Punkt with a word list of our own (sentences.hpp), languages by CLD2
///   (detect_language.hpp), both instead of trained tables that only Python packages carry;
/// - keywords, forbidden words, postscript markers and section splitters are regular
///   expressions of PCRE2 instead of Python's re (python_regex.hpp), and one that takes too
///   many steps on a response is an error;
/// - a missing or senseless argument is an error, not a random draw;
/// - a relation may also be "exactly", and keywords:order is added.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tasks/instructions/arguments.hpp"

namespace allometer::tasks {

/// Does a response, in well-formed UTF-8, follow the instruction?
using Check = std::function<bool(const std::string& response)>;

/// A type of instruction.
struct InstructionKind {
  std::string_view id;  ///< "keywords:existence"
  Check (*make)(InstructionArguments& arguments);
};
/// All types, sorted by family.
std::vector<InstructionKind> instruction_kinds();

/// Which of a document's instructions a response follows.
struct Verdicts {
  std::vector<bool> strict;  ///< the response as it is
  /// Any of the response, without its first line, without its last, without both; each as it is and
  /// without "*".
  std::vector<bool> loose;
};

/// The instructions of one document. Immutable; may be used from several threads at once.
class InstructionList {
 public:
  /// Reads `instruction_id_list` and `kwargs`. Throws ConfigError, beginning with `where`
  /// ("file:row:
  /// "), for fields that are missing, unknown types, and arguments that are missing, unknown or
  /// wrong.
  InstructionList(const nlohmann::json& document, const std::string& where);

  const std::vector<std::string>& ids() const { return ids_; }
  /// An empty response follows nothing. Bytes that are not UTF-8 count as U+FFFD.
  Verdicts verify(std::string_view response) const;
  /// Are all followed strictly?
  bool are_followed_by(std::string_view response) const;

 private:
  std::vector<std::string> ids_;
  std::vector<Check> checks_;
};

}  // namespace allometer::tasks
