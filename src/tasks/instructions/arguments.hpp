#pragma once
/// The arguments (`kwargs`) of an instruction, read and checked.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace allometer::tasks {

/// A count and what it is compared with.
struct Threshold {
  enum class Relation { less_than, at_least, exactly };
  Relation relation = Relation::at_least;
  std::int64_t bound = 0;

  bool holds_for(std::int64_t count) const {
    switch (relation) {
      case Relation::less_than:
        return count < bound;
      case Relation::at_least:
        return count >= bound;
      case Relation::exactly:
        return count == bound;
    }
    return false;
  }
};

/// Where IFEval would draw a random value for an argument that is missing or senseless, this is an
/// error: a response cannot follow what its prompt does not say. Arguments that are null count as
/// missing, as in the copy of the data set that lm-evaluation-harness reads. All errors are
/// ConfigError and name the place, the instruction and the argument.
class InstructionArguments {
 public:
  /// `where` is "file:row: " and the like. Throws unless `kwargs` is an object.
  InstructionArguments(const nlohmann::json& kwargs, std::string where, std::string instruction);

  std::string text(std::string_view name);
  /// A list of at least one text.
  std::vector<std::string> texts(std::string_view name);
  /// An integer, at least `least`; 4.0 counts as one.
  std::int64_t integer(std::string_view name, std::int64_t least);
  /// `relation_name` is "less than", "at least", or "exactly", which IFEval does not have.
  Threshold threshold(std::string_view relation_name, std::string_view bound_name);

  /// Throws if an argument was given that no one asked for.
  void require_all_used() const;

  /// "file:row: keywords:frequency: keyword: ", to stand before a message.
  std::string where(std::string_view name) const;

 private:
  const nlohmann::json& required(std::string_view name);

  const nlohmann::json& kwargs_;
  std::string where_;
  std::string instruction_;
  std::vector<std::string> used_;
};

}  // namespace allometer::tasks
