#include "tokenizer/charsmap_check.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "tokenizer/double_array_unit.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

/// libsentencepiece has room for so many rules that begin at one place of a text
/// (Normalizer::kMaxTrieResultsSize).
constexpr int kMostRulesAtOnePlace = 32;

/// Follows every path from the root. Units may be shared by several paths, but none may lead back
/// to itself.
class Walk {
 public:
  Walk(std::vector<std::uint32_t> units, std::size_t texts_size)
      : units_(std::move(units)), texts_size_(texts_size), most_rules_(units_.size(), kUnseen) {}

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
      if (label_of(units_[child]) != label) continue;
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
    if (most_rules_[unit] == kOnPath) return "its rules go round in a circle";
    const std::size_t children = unit ^ offset_of(units_[unit]);
    if ((children | 0xFF) >= units_.size()) return "its rules lead outside of it";
    if (has_leaf(units_[unit]) && value_of(units_[children]) >= texts_size_) {
      return "a rule has its text outside of it";
    }
    most_rules_[unit] = kOnPath;
    path_.push_back({unit, children});
    return std::nullopt;
  }

  void leave() {
    const Step step = path_.back();
    path_.pop_back();
    most_rules_[step.unit] = step.most_below + (has_leaf(units_[step.unit]) ? 1 : 0);
    if (!path_.empty()) note(most_rules_[step.unit]);
  }

  std::vector<std::uint32_t> units_;
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
  std::vector<std::uint32_t> units(array_bytes / sizeof(std::uint32_t));
  std::memcpy(units.data(), charsmap.data(), array_bytes);
  return Walk(std::move(units), texts.size()).fault();
}

}  // namespace allometer::tokenizer
