#pragma once
/// One shard of one cell on this rank: the place where a typed error becomes a failed cell.

#include <functional>
#include <memory>
#include <string>

#include "core/energy.hpp"
#include "sweep/messages.hpp"

namespace allometer::sweep {

/// Thrown through a shard by the stop flag; not an error.
struct Cancelled {};

/// Clears this node's shared memory of packed weights that no process holds: what killed jobs have
/// left, what a rank let go, and, when a job ends, what its last rank held.
void remove_stale_weights();

/// Keeps the model, the tokenizer and the tasks that this rank used last.
class CellRunner {
 public:
  /// on_progress is called after every chunk of tokens; it may throw Cancelled.
  CellRunner(const SetupMessage& setup, std::string host, int rank,
             std::function<void()> on_progress);
  ~CellRunner();

  /// Records, or the failure. Only Cancelled and bugs come through as exceptions.
  ResultMessage run(const Assignment& assignment);

  const std::string& energy_source() const { return energy_.source(); }

 private:
  struct Loaded;
  void hold_variant(const Assignment& assignment);
  /// What the assignment asks. Throws ConfigError if it is no longer the planned one.
  std::shared_ptr<const tasks::Task> hold_task(const Assignment& assignment);
  /// Throws ConfigError if the template is no longer the planned one.
  void hold_chat_template(const Assignment& assignment);

  const SetupMessage setup_;
  std::string host_;
  int rank_;
  std::function<void()> on_progress_;
  EnergyCounters energy_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace allometer::sweep
