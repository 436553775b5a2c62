#pragma once
/// How far a long run has come: a bar that redraws itself on a terminal, a line now and then in a
/// log.

#include <functional>
#include <string>
#include <string_view>

namespace allometer {

/// One bar: "stories  62% [############........]  118/190 cells  41.2 ktok/s  0:02:10 left". Not
/// thread-safe.
class Progress {
 public:
  struct Settings {
    bool terminal = false;         ///< redraw in place; else whole lines
    double interval_seconds = 60;  ///< least time between two lines (or redraws)
    double done_at_start = 0;      ///< units that an earlier run did: they took no time in this one
    std::function<double()> clock;                ///< seconds, never falling
    std::function<void(std::string_view)> write;  ///< takes what is to be shown, as it is
  };
  /// Standard error, a steady clock; redraws ten times a second on a terminal, else a line each
  /// `log_interval_seconds`.
  static Settings on_stderr(double log_interval_seconds = 60, double done_at_start = 0);

  /// `what` stands first in the line. `total_units` in any unit that grows evenly with time
  /// (tokens, FLOPs, shards); with 0 there is nothing to do and the bar is full.
  Progress(std::string what, double total_units, Settings settings);
  Progress(std::string what, double total_units)
      : Progress(std::move(what), total_units, on_stderr()) {}

  /// Shows the state if it is time to. `detail` goes between bar and remaining time.
  void update(double done_units, std::string_view detail);
  /// Shows the last state once more with the time taken, and ends the line. Further calls do
  /// nothing.
  void finish();

 private:
  std::string line(double now) const;

  std::string what_;
  double total_units_;
  Settings settings_;
  double start_seconds_;
  double shown_seconds_;
  double done_units_;
  std::string detail_;
  bool finished_ = false;
};

/// "0:02:10"; days are counted as hours.
std::string format_duration(double seconds);

}  // namespace allometer
