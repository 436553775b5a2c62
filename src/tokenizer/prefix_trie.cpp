#include "tokenizer/prefix_trie.hpp"

#include <algorithm>

namespace allometer::tokenizer {

PrefixTrie::PrefixTrie(std::vector<Entry> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.text < b.text; });
  // Breadth first: each node stands for the entries that share its first `depth` bytes.
  struct Group {
    std::size_t begin;
    std::size_t end;
    std::size_t depth;
  };
  nodes_.resize(1);
  std::vector<Group> groups{{0, entries.size(), 0}};
  for (std::size_t node = 0; node < groups.size(); ++node) {
    auto [begin, end, depth] = groups[node];
    // Shorter texts sort first: those that end here stand at the beginning.
    if (begin < end && entries[begin].text.size() == depth && depth > 0) {
      nodes_[node].value = entries[begin].value;
    }
    while (begin < end && entries[begin].text.size() == depth) ++begin;
    nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
    while (begin < end) {
      const auto label = static_cast<std::uint8_t>(entries[begin].text[depth]);
      std::size_t next = begin;
      while (next < end && static_cast<std::uint8_t>(entries[next].text[depth]) == label) ++next;
      if (node == 0) roots_[label] = static_cast<std::uint32_t>(nodes_.size());
      ++nodes_[node].num_children;
      nodes_.push_back({0, 0, label, -1});
      groups.push_back({begin, next, depth + 1});
      begin = next;
    }
  }
}

std::uint32_t PrefixTrie::child(std::uint32_t node, unsigned char label) const {
  const Node* const begin = nodes_.data() + nodes_[node].first_child;
  const Node* const end = begin + nodes_[node].num_children;
  const Node* const found =
      std::lower_bound(begin, end, label,
                       [](const Node& candidate, unsigned char l) { return candidate.label < l; });
  if (found == end || found->label != label) return 0;
  return static_cast<std::uint32_t>(found - nodes_.data());
}

}  // namespace allometer::tokenizer
