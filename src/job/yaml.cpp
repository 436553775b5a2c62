#include "job/yaml.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "core/utf8.hpp"

namespace allometer::job {
namespace {

/// Builds the tree from the parser's events. yaml-cpp's own nodes would share aliased parts, so
/// that nine lines can stand for a billion nodes, and would hide keys that are given twice.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Mistakes& mistakes) : mistakes_(mistakes) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override { line_of(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    // The parser places a missing value after the blanks that follow it: on the line of what comes
    // next.
    const bool is_value = !levels_.empty() && levels_.back().has_key;
    add_leaf(is_value ? YAML::Mark::null_mark() : mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    mistakes_.add(line_of(mark), "aliases ('*name') are not allowed here: write the value out");
    add_leaf(mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    YamlNode& node = add_leaf(mark);
    if (!is_utf8(value)) {
      mistakes_.add(node.line, "a text that is not UTF-8: save the file as UTF-8");
      return;
    }
    node.kind = YamlNode::Kind::scalar;
    node.scalar = value;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  /// An open list or map. A map's next node is a key unless one is waiting for its value.
  struct Level {
    YamlNode node;
    bool has_key = false;
  };

  /// Nodes that stand for nothing have no position: they take the line that was read last.
  int line_of(const YAML::Mark& mark) {
    if (!mark.is_null()) last_line_ = mark.line + 1;
    return last_line_;
  }

  /// Plain scalars have the tag "?", quoted ones "!".
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      mistakes_.add(line_of(mark), "tags ('" + tag + "') are not allowed here: leave it out");
    }
  }

  YamlNode& add_leaf(const YAML::Mark& mark) {
    YamlNode node;
    node.line = line_of(mark);
    return place(std::move(node));
  }

  void open(const YAML::Mark& mark, YamlNode::Kind kind) {
    Level level;
    level.node.kind = kind;
    level.node.line = line_of(mark);
    levels_.push_back(std::move(level));
  }

  void close() {
    YamlNode node = std::move(levels_.back().node);
    levels_.pop_back();
    if (node.kind == YamlNode::Kind::map) check_keys(node);
    place(std::move(node));
  }

  YamlNode& place(YamlNode node) {
    if (levels_.empty()) return root_ = std::move(node);
    Level& level = levels_.back();
    if (level.node.kind == YamlNode::Kind::list) {
      return level.node.items.emplace_back(std::move(node));
    }
    if (!level.has_key) {
      level.has_key = true;
      return level.node.entries.emplace_back(YamlEntry{std::move(node), {}}).key;
    }
    level.has_key = false;
    return level.node.entries.back().value = std::move(node);
  }

  /// Drops entries whose key is no scalar or was there before.
  void check_keys(YamlNode& map) {
    std::map<std::string, int> first_line;
    const auto is_bad = [&](const YamlEntry& entry) {
      const YamlNode& key = entry.key;
      if (key.kind != YamlNode::Kind::scalar) {
        mistakes_.add(key.line, "a key must be a word, not " + describe(key));
        return true;
      }
      const auto [seen, is_new] = first_line.emplace(key.scalar, key.line);
      if (!is_new) {
        mistakes_.add(key.line, "key '" + key.scalar + "' is given twice (first in line " +
                                    std::to_string(seen->second) + "): keep one of them");
      }
      return !is_new;
    };
    std::erase_if(map.entries, is_bad);
  }

  Mistakes& mistakes_;
  YamlNode root_;
  std::vector<Level> levels_;
  int last_line_ = 1;
};

/// What would make the parser stop with a message that hides the cause. True if the text can be
/// parsed.
bool check_bytes(std::string_view text, Mistakes& mistakes) {
  constexpr std::size_t kMostBytes = std::size_t{4} << 20;
  if (text.size() > kMostBytes) {
    mistakes.add(1, "the file has more than 4 MiB: is it a job file?");
    return false;
  }
  int line = 1;
  bool indentation = true;
  bool good = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      ++line;
      indentation = true;
      continue;
    }
    if (c == '\t' && indentation) {
      mistakes.add(line, "a tab in the indentation: YAML takes blanks only");
      good = false;
      indentation = false;
    } else if ((byte < 0x20 && c != '\t' && c != '\r') || byte == 0x7F) {
      mistakes.add(line, "a control character (byte " + std::to_string(byte) +
                             "): a job file is plain text");
      return false;
    }
    indentation = indentation && c == ' ';
  }
  return good;
}

}  // namespace

std::string describe(const YamlNode& node) {
  constexpr std::size_t kMostShown = 60;
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
    case YamlNode::Kind::scalar:
      break;
  }
  if (node.scalar.size() <= kMostShown) return "'" + node.scalar + "'";
  return "'" + node.scalar.substr(0, kMostShown) + "...'";
}

YamlNode parse_yaml(std::string_view text, Mistakes& mistakes) {
  if (!check_bytes(text, mistakes)) return {};
  std::istringstream in{std::string(text)};
  TreeBuilder builder(mistakes);
  try {
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.take_root();
    TreeBuilder second(mistakes);
    if (parser && parser.HandleNextDocument(second)) {
      // Also what yaml-cpp makes of a comma outside brackets: documents without end.
      mistakes.add(second.take_root().line,
                   "a second document: a job file holds one; look for '---' or a stray ','");
    }
    return root;
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
    mistakes.add(line, "not YAML: " + error.msg);
    return {};
  }
}

}  // namespace allometer::job
