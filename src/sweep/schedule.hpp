#pragma once
/// Which rank computes what next. Pure bookkeeping: no clock, no MPI, no files; the sweep and its
/// simulation share it.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace allometer::sweep {

/// A range of a cell's questions, [begin, end), handed to a rank.
struct Lease {
  std::int64_t id = 0;
  std::int32_t cell = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t attempt = 1;
};

struct ScheduleOptions {
  int world_size = 1;
  double shard_seconds = 20;  ///< aimed-at length of a shard; shorter near the end
  double shortest_shard_seconds = 0.25;
  int max_attempts = 3;  ///< then the cell fails
};

/// One cell as the scheduler sees it.
struct ScheduledCell {
  std::int32_t variant = 0;
  std::int32_t num_questions = 0;
  double flops_per_question = 1;
  /// Index of the cell that must be done before this one is handed out; nothing: none.
  std::optional<std::int32_t> needs{};
  /// One shard for all its questions: what a cell makes for others is made of all of them.
  bool is_whole = false;
};

/// A range that an earlier start handed out and that came to nothing.
struct RetriedRange {
  std::int32_t cell = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t attempts = 1;
};

/// Longest cells first, each with those that wait for it; a rank stays with the variant it holds,
/// then with one its node holds; shards shrink towards the end (guided self-scheduling: a third of
/// what is left, divided by the ranks). A range with two lost attempts is handed out only while no
/// other such range is, so that one poisonous shard cannot use up the attempts of its neighbours.
class Schedule {
 public:
  Schedule(const std::vector<ScheduledCell>& cells, const ScheduleOptions& options);

  /// Before the first lease. done: ranges of `cell` that need no more work; later calls may add.
  void mark_done(std::int32_t cell, std::int32_t begin, std::int32_t end);
  void retry(const RetriedRange& range);
  /// Drops what is left of a cell and of those that wait for it. Outstanding leases may still come
  /// in.
  void fail(std::int32_t cell);
  /// Call once after the above.
  void start();

  /// The next shard for `rank` on `node`; nothing when there is none for it now. may_be_suspect:
  /// the rank starts it at once, so that a death would rightly be blamed on it.
  std::optional<Lease> next(int rank, int node, bool may_be_suspect = true);
  /// The lease's questions are durable. wall_seconds (0: not measured) refits the variant's speed.
  void complete(std::int64_t lease, double wall_seconds);
  /// Handed back: the range will be given out again, this attempt not counted.
  void release(std::int64_t lease);

  bool finished() const { return num_pending_ == 0 && outstanding_.empty(); }
  bool is_failed(std::int32_t cell) const { return cells_[static_cast<std::size_t>(cell)].failed; }
  const std::map<std::int64_t, Lease>& outstanding() const { return outstanding_; }
  /// Predicted seconds of one rank for these questions.
  double predict_seconds(std::int32_t cell, std::int32_t num_questions) const;
  /// Predicted seconds of one rank for all that is not done.
  double remaining_seconds() const;
  /// A guess, dropped once a shard of the variant was measured.
  void guess_flops_per_second(std::int32_t variant, double flops_per_second);

 private:
  struct Range {
    std::int32_t begin = 0;
    std::int32_t end = 0;
    std::int32_t attempts = 0;  ///< lost before
  };
  struct Cell {
    ScheduledCell fixed;
    std::deque<Range> pending;            ///< retried ranges first
    std::vector<std::int32_t> needed_by;  ///< cells that wait for this one
    std::int64_t num_unfinished = 0;      ///< questions, from start() on
    bool failed = false;
  };
  struct Variant {
    std::vector<std::int32_t> cells;  ///< longest first
    std::size_t first_open = 0;       ///< cells before it have nothing pending
    double pending_flops = 0;
    double flops_per_second = 1e9;
    bool measured = false;
    int ranks = 0;  ///< working on it now
  };

  bool is_waiting(const Cell& cell) const;
  void skip_idle_cells(Variant& variant) const;
  void look_again_at(std::int32_t cell);
  void sort_cells();
  double flops_of(const Cell& cell) const;
  std::int32_t choose_variant(int rank, int node) const;
  std::optional<Lease> take_suspect();
  Lease hand_out(std::int32_t cell, const Range& range);
  std::int32_t questions_for(const Cell& cell) const;
  void move_rank(int rank, int node, std::int32_t variant);
  void return_range(std::int32_t cell, const Range& range);

  ScheduleOptions options_;
  std::vector<Cell> cells_;
  std::vector<Variant> variants_;
  std::deque<std::pair<std::int32_t, Range>> suspects_;  ///< ranges with two lost attempts or more
  std::optional<std::int64_t> outstanding_suspect_;
  std::map<std::int64_t, Lease> outstanding_;
  std::map<int, std::int32_t> variant_of_rank_;
  std::map<int, std::map<std::int32_t, int>> variants_of_node_;  ///< node -> variant -> ranks
  std::int64_t next_lease_ = 1;
  std::int64_t num_pending_ = 0;  ///< ranges waiting, suspects included
};

}  // namespace allometer::sweep
