#include "eval/token_trie.hpp"

#include <algorithm>
#include <numeric>

#include "core/contract.hpp"

namespace allometer::eval {

int common_prefix(TokenSpan a, TokenSpan b) {
  const std::size_t limit = std::min(a.size(), b.size());
  return static_cast<int>(std::mismatch(a.begin(), a.begin() + limit, b.begin()).first - a.begin());
}

TokenTrie::TokenTrie(std::vector<TokenSpan> sequences, Inputs inputs)
    : sequences_(std::move(sequences)) {
  std::vector<std::int32_t> order(sequences_.size());
  std::iota(order.begin(), order.end(), 0);
  // Whole sequences are compared, the last token too where it is no input: then the sequences that
  // score the same token in the same row are neighbours. Equal ones keep their order, though
  // nothing depends on it.
  std::sort(order.begin(), order.end(), [this](std::int32_t a, std::int32_t b) {
    const TokenSpan left = sequences_[a];
    const TokenSpan right = sequences_[b];
    const auto prefix = static_cast<std::size_t>(common_prefix(left, right));
    if (prefix == right.size()) return prefix == left.size() && a < b;
    return prefix == left.size() || left[prefix] < right[prefix];
  });

  const int not_read = inputs == Inputs::all_but_last ? 1 : 0;
  branches_.reserve(order.size());
  TokenSpan previous;
  for (const std::int32_t index : order) {
    const TokenSpan tokens = sequences_[index];
    ALLOMETER_EXPECT(!tokens.empty());
    const TokenSpan read = tokens.first(tokens.size() - static_cast<std::size_t>(not_read));
    Branch branch;
    branch.sequence = index;
    branch.first_node = num_nodes_;
    branch.length = static_cast<std::int32_t>(read.size());
    branch.shared = common_prefix(previous, read);
    num_nodes_ += branch.length - branch.shared;
    max_depth_ = std::max(max_depth_, branch.length);
    branches_.push_back(branch);
    previous = read;
  }
}

TrieWalk::TrieWalk(const TokenTrie& trie, int chunk_rows)
    : trie_(trie),
      chunk_rows_(chunk_rows),
      row_at_depth_(static_cast<std::size_t>(trie.max_depth())) {
  ALLOMETER_EXPECT(chunk_rows > 0);
}

bool TrieWalk::next() {
  if (end_node_ == trie_.num_nodes()) return false;
  const std::vector<TokenTrie::Branch>& branches = trie_.branches();
  first_node_ = end_node_;
  end_node_ = std::min(trie_.num_nodes(), first_node_ + chunk_rows_);
  ids_.clear();
  segments_.clear();
  std::int64_t node = first_node_;
  std::size_t index = end_branch_;
  for (;; ++index) {
    const TokenTrie::Branch& branch = branches[index];
    const std::int64_t branch_end = branch.first_node + branch.length - branch.shared;
    if (branch_end <= node) continue;  // adds no node, or none that is left
    if (ids_.empty()) first_branch_ = index;
    const std::int64_t end = std::min(branch_end, end_node_);
    const std::int64_t depth_of_node = branch.shared - branch.first_node;
    add_rows(branch, static_cast<int>(node + depth_of_node), static_cast<int>(end + depth_of_node));
    node = end;
    if (node == end_node_) break;
  }
  end_branch_ = index;
  return true;
}

void TrieWalk::add_rows(const TokenTrie::Branch& branch, int begin, int end) {
  const TokenSpan tokens = trie_.sequences()[branch.sequence];
  // A sequence that goes on where the one before it ended continues that one's run.
  if (!segments_.empty() && segments_.back().position + segments_.back().num_rows == begin) {
    segments_.back().num_rows += end - begin;
  } else {
    segments_.push_back({static_cast<int>(ids_.size()), end - begin, begin, 0});
  }
  ids_.insert(ids_.end(), tokens.begin() + begin, tokens.begin() + end);
}

void TrieWalk::visit_paths(const std::function<void(const PathInChunk&)>& visit) const {
  const std::vector<TokenTrie::Branch>& branches = trie_.branches();
  // Of the path that the walk over the branches stands on, the depths [begin, end) lie in the
  // chunk.
  std::int32_t begin = 0;
  std::int32_t end = 0;
  for (std::size_t index = first_branch_; index < branches.size(); ++index) {
    const TokenTrie::Branch& branch = branches[index];
    const std::int64_t depth_of_node = branch.shared - branch.first_node;
    const auto depth = [&](std::int64_t node) {
      return static_cast<std::int32_t>(node + depth_of_node);
    };
    const std::int32_t new_begin = std::max(branch.shared, depth(first_node_));
    const std::int32_t new_end = std::min(branch.length, depth(end_node_));
    if (new_begin < new_end) {
      begin = index == first_branch_ ? new_begin : std::min(begin, new_begin);
      end = new_end;
      for (std::int32_t d = new_begin; d < new_end; ++d) {
        row_at_depth_[d] = static_cast<std::int32_t>(d - depth_of_node - first_node_);
      }
    } else {
      end = std::min(end, branch.shared);
    }
    if (begin < end) {
      visit({branch.sequence, begin, end, row_at_depth_.data()});
    } else if (branch.first_node >= end_node_) {
      return;  // this and every later path left the chunk's nodes above it
    }
  }
}

}  // namespace allometer::eval
