#include "core/fault_point.hpp"

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>

namespace allometer {
namespace {

struct Target {
  std::string name;
  long passage = 1;
};

Target read_target() {
  const char* value = std::getenv("ALLOMETER_TEST_KILL");
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
  static const Target target = read_target();
  if (target.name.empty() || name != target.name) return;
  static std::mutex mutex;
  static long passages = 0;
  const std::lock_guard lock(mutex);
  if (++passages == target.passage) std::raise(SIGKILL);
}

}  // namespace allometer
