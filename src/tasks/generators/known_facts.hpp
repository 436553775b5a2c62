#pragma once
/// Common knowledge that a language model may have picked up in training: short tables, each of one
/// kind of fact.

#include <span>
#include <string_view>
#include <vector>

namespace allometer::tasks {

struct KnownFact {
  std::string_view subject;
  std::string_view value;
};

struct KindOfFact {
  std::string_view name;
  /// 1: what a small child's books say; 2: what is learnt at school.
  int level = 1;
  /// Openings that the value completes; {} is the subject.
  std::vector<std::string_view> openings;
  /// Each subject stands once, and no other value of the kind would be right for it.
  std::vector<KnownFact> facts;
  /// Does each value belong to one subject alone?
  bool is_one_to_one = false;
};

std::span<const KindOfFact> kinds_of_facts();

}  // namespace allometer::tasks
