#pragma once
/// Which of many texts begin at a place of another text: pieces of a vocabulary, added tokens.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tokenizer {

/// Immutable; usable from several threads at once.
class PrefixTrie {
 public:
  struct Entry {
    std::string_view text;
    std::int32_t value;  // >= 0
  };

  PrefixTrie() = default;
  /// Of equal texts the first one's value is kept; empty texts are never found.
  explicit PrefixTrie(std::vector<Entry> entries);

  bool empty() const { return nodes_.size() <= 1; }
  /// Does any of the texts begin with `byte`?
  bool can_begin_with(char byte) const { return roots_[static_cast<unsigned char>(byte)] != 0; }

  /// visit(length, value) for every text that `text` begins with, the shortest first.
  template <class Visit>
  void for_each_prefix(std::string_view text, Visit visit) const {
    if (text.empty()) return;
    std::uint32_t node = roots_[static_cast<unsigned char>(text[0])];
    for (std::size_t length = 1; node != 0; ++length) {
      if (nodes_[node].value >= 0) visit(length, nodes_[node].value);
      if (length == text.size()) return;
      node = child(node, static_cast<unsigned char>(text[length]));
    }
  }

 private:
  struct Node {
    std::uint32_t first_child = 0;  // children stand together, by label
    std::uint16_t num_children = 0;
    std::uint8_t label = 0;
    std::int32_t value = -1;
  };

  /// 0 where there is none: the root is nobody's child.
  std::uint32_t child(std::uint32_t node, unsigned char label) const;

  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> roots_{};  // children of the root
};

}  // namespace allometer::tokenizer
