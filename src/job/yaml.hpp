#pragma once
/// The part of YAML that a job file may use, as a tree with line numbers. No anchors, aliases, tags
/// or further documents: a job file is read by people.

#include <string>
#include <string_view>
#include <vector>

#include "job/mistakes.hpp"

namespace allometer::job {

struct YamlEntry;

struct YamlNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  int line = 1;        ///< where it begins, from 1
  std::string scalar;  ///< as written, without quotes
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;  ///< of a map; keys are scalars, each one once
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// What a node is, for messages: "nothing", "'text'", "a list" or "a map".
std::string describe(const YamlNode& node);

/// Reads `text`; what breaks the rules goes to `mistakes`, and the tree is then what could be read.
YamlNode parse_yaml(std::string_view text, Mistakes& mistakes);

}  // namespace allometer::job
