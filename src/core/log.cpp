#include "core/log.hpp"

#include <atomic>
#include <string>
#include <unistd.h>

namespace allometer::log {
namespace {

std::atomic<Level> g_level{Level::info};
std::string& prefix() {
  static std::string text;
  return text;
}

void write_line(Level level, std::string_view label, std::string_view message) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  std::string line = prefix();
  line.append(label).append(message).push_back('\n');
  // One write per line keeps the lines of several ranks apart; a failure to log is not worth an
  // error.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void set_level(Level level) {
  g_level = level;
}
void set_prefix(std::string_view text) {
  prefix() = text;
}

void debug(std::string_view message) {
  write_line(Level::debug, "debug: ", message);
}
void info(std::string_view message) {
  write_line(Level::info, "", message);
}
void warning(std::string_view message) {
  write_line(Level::warning, "warning: ", message);
}
void error(std::string_view message) {
  write_line(Level::error, "error: ", message);
}

}  // namespace allometer::log
