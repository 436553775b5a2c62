#pragma once
/// What is kept of every question, and how a shard of them is written to a journal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"

namespace allometer::results {

/// One answered question. Everything in it is bit for bit reproducible.
struct QuestionRecord {
  std::int32_t question = 0;             ///< index into the task's questions
  std::int32_t context_tokens = 0;       ///< of the first request, after truncation
  std::int16_t truncated = 0;            ///< 1 if any request lost tokens on the left
  std::vector<double> log_likelihood;    ///< nats, one per request
  std::vector<std::int16_t> is_greedy;   ///< one per request
  std::vector<std::int32_t> num_tokens;  ///< scored or generated, one per request
  std::vector<std::string> generated;    ///< one per generate request, else empty
  std::vector<double> metric_value;      ///< in the order of the task's metrics
  std::vector<double> metric_weight;

  /// Equal to the last bit: a NaN equals itself, 0 and -0 differ.
  bool operator==(const QuestionRecord& other) const;
};

/// What a shard cost: sums and maxima over its run. Not reproducible, and not compared.
struct Cost {
  double wall_seconds = 0;
  double load_seconds = 0;              ///< attaching or packing weights, not in wall_seconds
  std::int64_t tokens_computed = 0;     ///< rows of forward passes
  std::int64_t tokens_requested = 0;    ///< what one forward pass per request would have computed
  double flops = 0;                     ///< of tokens_computed and scored rows
  std::int64_t peak_memory_bytes = 0;   ///< resident set of the rank, maximum
  std::optional<double> energy_joules;  ///< this rank's share of the node's counters

  /// The energy of a sum is known only where both parts are; a Cost of nothing at all leaves it
  /// alone.
  Cost& operator+=(const Cost& other);
};

/// A finished range of a cell's questions.
struct ShardResult {
  Digest cell;
  std::int32_t begin = 0;  ///< questions [begin, end)
  std::int32_t end = 0;
  std::int32_t attempt = 1;
  std::int32_t rank = 0;
  std::string host;
  Cost cost;
  /// What the cell makes for those that need it; empty where it makes nothing. Such a cell has one
  /// shard.
  std::string artifact{};
  std::vector<QuestionRecord> records;  ///< of question begin, begin + 1, ... end - 1

  std::string encode() const;
  /// Throws FormatError on anything that encode cannot have written.
  static ShardResult decode(std::string_view bytes);
  /// All but the records, without reading those.
  static ShardResult decode_header(std::string_view bytes);
};

}  // namespace allometer::results
