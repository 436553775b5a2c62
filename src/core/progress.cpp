#include "core/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <unistd.h>

#include <fmt/format.h>

namespace allometer {
namespace {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void write_to_stderr(std::string_view text) {
  // One write per line; a bar that cannot be shown is not worth an error.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

std::string format_duration(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Settings Progress::on_stderr(double log_interval_seconds, double done_at_start) {
  constexpr double kRedrawSeconds = 0.1;
  Settings settings;
  settings.terminal = ::isatty(STDERR_FILENO) == 1;
  settings.interval_seconds = settings.terminal ? kRedrawSeconds : log_interval_seconds;
  settings.done_at_start = done_at_start;
  settings.clock = steady_seconds;
  settings.write = write_to_stderr;
  return settings;
}

Progress::Progress(std::string what, double total_units, Settings settings)
    : what_(std::move(what)),
      total_units_(total_units),
      settings_(std::move(settings)),
      start_seconds_(settings_.clock()),
      shown_seconds_(start_seconds_),
      done_units_(settings_.done_at_start) {}

void Progress::update(double done_units, std::string_view detail) {
  if (finished_) return;
  done_units_ = done_units;
  detail_ = detail;
  const double now = settings_.clock();
  if (now - shown_seconds_ < settings_.interval_seconds) return;
  shown_seconds_ = now;
  const std::string text = line(now);
  settings_.write(settings_.terminal ? "\r" + text + "\x1b[K" : text + "\n");
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  const std::string text = line(settings_.clock());
  settings_.write(settings_.terminal ? "\r" + text + "\x1b[K\n" : text + "\n");
}

std::string Progress::line(double now) const {
  constexpr int kBarWidth = 20;
  const double share = total_units_ > 0 ? std::clamp(done_units_ / total_units_, 0.0, 1.0) : 1.0;
  // Rounded down: 100 % is said when all is done, not before.
  const int percent = static_cast<int>(std::floor(share * 100));
  const int filled = static_cast<int>(std::floor(share * kBarWidth));
  std::string text =
      fmt::format("{} {:3}% [{:#<{}}{:.<{}}]", what_, percent, "", filled, "", kBarWidth - filled);
  if (!detail_.empty()) text += "  " + detail_;
  const double elapsed = now - start_seconds_;
  const double done_now = done_units_ - settings_.done_at_start;
  if (finished_) {
    text += "  in " + format_duration(elapsed);
  } else if (done_now > 0) {
    const double left = std::max(0.0, total_units_ - done_units_);
    text += "  " + format_duration(elapsed * left / done_now) + " left";
  }
  return text;
}

}  // namespace allometer
