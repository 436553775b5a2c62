#include "core/fault_point.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace allometer {
namespace {

struct Target {
  std::string name;
  long passage = 1;
};

Target read_target(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) return {};
  const std::string text(value);
  const std::size_t colon = text.rfind(':');
  const bool has_passage = colon != std::string::npos && colon + 1 < text.size() &&
                           text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
  if (!has_passage) return {text, 1};
  return {text.substr(0, colon), std::strtol(text.c_str() + colon + 1, nullptr, 10)};
}

}  // namespace

void fault_point(std::string_view name) {
  static const Target kill = read_target("ALLOMETER_TEST_KILL");
  static const Target hang = read_target("ALLOMETER_TEST_HANG");
  if (name == hang.name) std::this_thread::sleep_for(std::chrono::hours(24));
  if (kill.name.empty() || name != kill.name) return;
  static std::mutex mutex;
  static long passages = 0;
  const std::lock_guard lock(mutex);
  if (++passages == kill.passage) std::raise(SIGKILL);
}

}  // namespace allometer
