#pragma once
/// The trie of token sequences that one call of the engine computes: every distinct prefix is one
/// node, one row of one forward pass. It is never built of nodes: sorted sequences and the lengths
/// of their common prefixes say the same.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/causal_model.hpp"

namespace allometer::eval {

using TokenSpan = std::span<const std::int32_t>;

/// Length of the longest common prefix.
int common_prefix(TokenSpan a, TokenSpan b);

/// Which tokens of a sequence the model reads.
enum class Inputs {
  all,           ///< a prompt to continue
  all_but_last,  ///< a sequence to score: nothing is predicted from its last token
};

/// Sequences in lexicographic order with what each adds to those before it, nodes numbered in that
/// (depth-first) order. Memory: 24 bytes a sequence. The tokens are not copied; they must outlive
/// the trie.
class TokenTrie {
 public:
  /// A sequence and the nodes [shared, length) of its path that no earlier sequence has; numbered
  /// from first_node.
  struct Branch {
    std::int64_t first_node = 0;
    std::int32_t sequence = 0;  ///< index into sequences()
    std::int32_t shared = 0;
    std::int32_t length = 0;  ///< nodes on its whole path
  };

  TokenTrie(std::vector<TokenSpan> sequences, Inputs inputs);

  const std::vector<TokenSpan>& sequences() const { return sequences_; }
  const std::vector<Branch>& branches() const { return branches_; }
  std::int64_t num_nodes() const { return num_nodes_; }
  int max_depth() const { return max_depth_; }

 private:
  std::vector<TokenSpan> sequences_;
  std::vector<Branch> branches_;
  std::int64_t num_nodes_ = 0;
  int max_depth_ = 0;
};

/// What one path has in a chunk: its nodes at depths [begin, end) stand in rows[depth].
struct PathInChunk {
  std::int32_t sequence = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  const std::int32_t* rows = nullptr;
};

/// Walks a trie in depth-first order, chunk by chunk. A chunk is a run of consecutive nodes; its
/// segments go to cache 0, which holds the one path from the root to where the walk stands.
class TrieWalk {
 public:
  TrieWalk(const TokenTrie& trie, int chunk_rows);

  /// Moves to the next chunk; false at the end.
  bool next();

  TokenSpan ids() const { return ids_; }  ///< [rows]
  std::span<const model::Segment> segments() const { return segments_; }
  /// Calls `visit` for every sequence whose path has nodes in this chunk, in lexicographic order of
  /// the sequences. A sequence's chunks come in the order of depth.
  void visit_paths(const std::function<void(const PathInChunk&)>& visit) const;

 private:
  void add_rows(const TokenTrie::Branch& branch, int begin, int end);

  const TokenTrie& trie_;
  int chunk_rows_;
  std::int64_t first_node_ = 0;  // the chunk is nodes [first_node_, end_node_)
  std::int64_t end_node_ = 0;
  std::size_t first_branch_ = 0;  // the branch that adds the chunk's first node
  std::size_t end_branch_ = 0;    // the branch that adds its last
  std::vector<std::int32_t> ids_;
  std::vector<model::Segment> segments_;
  mutable std::vector<std::int32_t> row_at_depth_;
};

}  // namespace allometer::eval
