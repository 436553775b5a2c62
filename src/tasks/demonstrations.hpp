#pragma once
/// Which documents of the pool stand before a question.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tasks/task.hpp"

namespace allometer::tasks {

/// The pool as a draw sees it.
struct Pool {
  std::size_t size = 0;            ///< documents
  std::optional<std::size_t> own;  ///< the question's own document, if it is one of them
};

/// The first `count` documents that are not the question's own. Each function here expects count <=
/// size less own.
std::vector<std::size_t> draw_first(const Pool& pool, std::size_t count);

/// One draw for all questions of a (task, seed): `count` documents, or of count + 1 those that are
/// not the question's own. A draw of fewer is the beginning of a draw of more.
std::vector<std::size_t> draw_fixed(const Pool& pool, std::size_t count, const std::string& task,
                                    std::uint64_t seed);

/// A draw for each (task, seed, question id).
std::vector<std::size_t> draw_per_question(const Pool& pool, std::size_t count,
                                           const std::string& task, std::uint64_t seed,
                                           const std::string& question_id);

/// lm-evaluation-harness (lm_eval/api/samplers.py, ContextSampler): one random.Random(seed) per
/// task, one sample(pool, drawn) per question in order. Tables are made once per (drawn, seed) and
/// shared between threads.
class LmEvalDraws {
 public:
  LmEvalDraws(std::size_t pool_size, std::size_t num_questions)
      : pool_size_(pool_size), num_questions_(num_questions) {}

  /// The `drawn` documents of one question, in the order drawn. drawn <= pool size.
  std::vector<std::size_t> draw(std::size_t question, std::size_t drawn, std::uint64_t seed) const;

 private:
  using Table = std::vector<std::uint32_t>;  ///< [question, drawn]
  std::shared_ptr<const Table> table(std::size_t drawn, std::uint64_t seed) const;

  std::size_t pool_size_;
  std::size_t num_questions_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::size_t, std::uint64_t>, std::shared_ptr<const Table>> tables_;
};

}  // namespace allometer::tasks
