#include "tokenizer/charsmap_check.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

/// libsentencepiece has room for so many rules that begin at one place of a text
/// (Normalizer::kMaxTrieResultsSize).
constexpr int kMostRulesAtOnePlace = 32;

/// The double array of Darts-clone (https://github.com/s-yata/darts-clone): a unit holds the label
/// by which it is entered, whether a rule ends there, and what to XOR its index with to come to its
/// children.
class DoubleArray {
 public:
  explicit DoubleArray(std::string_view bytes) : units_(bytes.size() / sizeof(std::uint32_t)) {
    std::memcpy(units_.data(), bytes.data(), units_.size() * sizeof(std::uint32_t));
  }

  std::size_t size() const { return units_.size(); }
  /// The place before the first child of unit `at`.
  std::size_t children_of(std::size_t at) const {
    const std::uint32_t unit = units_[at];
    return at ^ ((unit >> 10) << ((unit & (1U << 9)) >> 6));
  }
  bool ends_rule(std::size_t at) const { return (units_[at] & (1U << 8)) != 0; }
  /// Where the text of a rule begins, from the unit that holds it.
  std::size_t value(std::size_t at) const { return units_[at] & 0x7FFFFFFF; }
  bool is_entered_by(std::size_t at, std::uint32_t label) const {
    return (units_[at] & (1U << 31 | 0xFF)) == label;
  }

 private:
  std::vector<std::uint32_t> units_;
};

/// Follows every path from the root. Units may be shared by several paths, but none may lead back
/// to itself.
class Walk {
 public:
  Walk(const DoubleArray& array, std::size_t texts_size)
      : array_(array), texts_size_(texts_size), most_rules_(array.size()) {}

  std::string fault() {
    if (auto fault = enter(0)) return *fault;
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next_label == 256) {
        leave();
        continue;
      }
      const std::uint32_t label = step.next_label++;
      const std::size_t child = step.children ^ label;
      if (!array_.is_entered_by(child, label)) continue;
      if (most_rules_[child] >= 0) {
        note(most_rules_[child]);
      } else if (auto fault = enter(child)) {
        return *fault;
      }
      if (path_.back().most_below > kMostRulesAtOnePlace) {
        return "too many of its rules begin at one place";
      }
    }
    return "";
  }

 private:
  static constexpr int kUnseen = -1;
  static constexpr int kOnPath = -2;

  struct Step {
    std::size_t unit;
    std::size_t children;
    std::uint32_t next_label = 0;
    int most_below = 0;
  };

  void note(int rules) { path_.back().most_below = std::max(path_.back().most_below, rules); }

  std::optional<std::string> enter(std::size_t unit) {
    if (path_.empty()) std::fill(most_rules_.begin(), most_rules_.end(), kUnseen);
    if (most_rules_[unit] == kOnPath) return "its rules go round in a circle";
    const std::size_t children = array_.children_of(unit);
    if ((children | 0xFF) >= array_.size()) return "its rules lead outside of it";
    if (array_.ends_rule(unit) && array_.value(children) >= texts_size_) {
      return "a rule has its text outside of it";
    }
    most_rules_[unit] = kOnPath;
    path_.push_back({unit, children});
    return std::nullopt;
  }

  void leave() {
    const Step step = path_.back();
    path_.pop_back();
    most_rules_[step.unit] = step.most_below + (array_.ends_rule(step.unit) ? 1 : 0);
    if (!path_.empty()) note(most_rules_[step.unit]);
  }

  const DoubleArray& array_;
  std::size_t texts_size_;
  std::vector<int> most_rules_;  ///< on a path from this unit on, or one of the marks
  std::vector<Step> path_;
};

}  // namespace

std::string fault_of_charsmap(std::string_view charsmap) {
  std::uint32_t array_bytes = 0;
  if (charsmap.size() <= sizeof(array_bytes)) return "it is cut short";
  std::memcpy(&array_bytes, charsmap.data(), sizeof(array_bytes));
  charsmap.remove_prefix(sizeof(array_bytes));
  if (array_bytes >= charsmap.size()) return "it is cut short";
  if (array_bytes == 0 || array_bytes % sizeof(std::uint32_t) != 0) {
    return "its double array has no whole number of units";
  }
  const std::string_view texts = charsmap.substr(array_bytes);
  if (texts.back() != '\0') return "its last text has no end";
  if (!is_valid_utf8(texts)) return "its texts are not UTF-8";
  const DoubleArray array(charsmap.substr(0, array_bytes));
  return Walk(array, texts.size()).fault();
}

}  // namespace allometer::tokenizer
