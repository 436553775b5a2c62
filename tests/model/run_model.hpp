#pragma once
/// Runs sequences through a model in pieces; for the tests of this folder.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/causal_model.hpp"

namespace allometer::model {

/// Rows of the next piece of a sequence whose first `done` tokens are in the cache.
using Segmentation = std::function<int(int done, int left)>;

inline Segmentation whole_sequence() {
  return [](int, int left) { return left; };
}
inline Segmentation token_by_token() {
  return [](int, int) { return 1; };
}
/// 5, 1, 7, 3, 5, 1...
inline Segmentation odd_pieces() {
  return [](int done, int) {
    constexpr int kPieces[] = {5, 1, 7, 3};
    int start = 0;
    for (int i = 0;; ++i) {
      if (start == done) return kPieces[i % 4];
      start += kPieces[i % 4];
    }
  };
}

/// F32 [ids.size(), hidden_size].
inline std::vector<float> hidden_of(CausalModel& model, const std::vector<std::int32_t>& ids,
                                    const Segmentation& segmentation) {
  const auto hidden_size = static_cast<std::size_t>(model.config().hidden_size);
  const int length = static_cast<int>(ids.size());
  std::vector<float> hidden(ids.size() * hidden_size);
  KvCache cache = model.make_cache(length);
  KvCache* caches[] = {&cache};
  for (int done = 0; done < length;) {
    const int rows = std::min({segmentation(done, length - done), length - done, model.max_rows()});
    const Segment segment{0, rows, done, 0};
    model.forward({ids.data() + done, static_cast<std::size_t>(rows)}, {&segment, 1}, caches,
                  hidden.data() + static_cast<std::size_t>(done) * hidden_size);
    done += rows;
  }
  return hidden;
}

inline std::vector<float> logits_of(CausalModel& model, const std::vector<float>& hidden) {
  const auto rows = hidden.size() / static_cast<std::size_t>(model.config().hidden_size);
  std::vector<float> logits(rows * static_cast<std::size_t>(model.config().vocab_size));
  model.logits(hidden.data(), static_cast<int>(rows), logits.data());
  return logits;
}

/// How many floats differ in any bit.
inline std::size_t count_different_bits(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return a.size() + b.size();
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    different += std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]);
  }
  return different;
}

}  // namespace allometer::model
