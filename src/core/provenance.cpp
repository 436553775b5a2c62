#include "core/provenance.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <unistd.h>

#include "allometer_build.hpp"
#include "core/memory_limit.hpp"

// POSIX leaves the declaration to the program.
extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace allometer {
namespace {

constexpr const char* kOwnGroups = "/proc/self/cgroup";
constexpr const char* kGroups = "/sys/fs/cgroup";

}  // namespace

std::string program_version() {
  return ALLOMETER_VERSION;
}

std::string git_revision() {
  return ALLOMETER_GIT_REVISION;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (line.compare(0, 10, "model name") == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string utc_now() {
  return utc_text(std::time(nullptr));
}

std::string utc_text(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

std::map<std::string, std::string> environment_with_prefix(const std::string& prefix) {
  std::map<std::string, std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || text.compare(0, prefix.size(), prefix) != 0) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

long long resident_bytes() {
  std::ifstream in("/proc/self/statm");
  long long total_pages = 0;
  long long resident_pages = 0;
  in >> total_pages >> resident_pages;
  return resident_pages * ::sysconf(_SC_PAGESIZE);
}

long long peak_resident_bytes() {
  // The kernel updates the high-water mark now and then, the current value at once.
  return std::max(kilobyte_field("/proc/self/status", "VmHWM").value_or(0), resident_bytes());
}

void reset_peak_resident_bytes() {
  // proc(5): 5 resets the high-water mark of the resident set.
  std::ofstream("/proc/self/clear_refs") << "5";
}

long long available_memory_bytes() {
  long long available = kilobyte_field("/proc/meminfo", "MemAvailable").value_or(0);
  if (const auto group = cgroup_available_bytes(kOwnGroups, kGroups)) {
    available = std::min(available, *group);
  }
  return std::max(0LL, available);
}

long long memory_limit_bytes() {
  const long long all = kilobyte_field("/proc/meminfo", "MemTotal").value_or(0);
  return std::min(all, cgroup_limit_bytes(kOwnGroups, kGroups).value_or(all));
}

}  // namespace allometer
