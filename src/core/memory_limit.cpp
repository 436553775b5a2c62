#include "core/memory_limit.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace allometer {
namespace {

namespace fs = std::filesystem;

/// The names of one version's files.
struct MemoryFiles {
  const char* limit;
  const char* use;
  const char* inactive;  ///< the key of memory.stat
};
constexpr MemoryFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                                "total_inactive_file"};
constexpr MemoryFiles kVersion2{"memory.max", "memory.current", "inactive_file"};

/// A file that holds one number; nothing for "max", an unreadable file or no file.
std::optional<long long> read_number(const fs::path& file) {
  std::ifstream in(file);
  long long value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

long long read_stat(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  std::string name;
  long long value = 0;
  while (in >> name >> value) {
    if (name == key) return value;
  }
  return 0;
}

/// Nothing where the group has no limit of its own.
std::optional<long long> limit_of(const fs::path& group, const MemoryFiles& files) {
  // Version 1 writes "no limit" as a number close to 2^63.
  constexpr long long kUnlimited = 1LL << 60;
  const auto limit = read_number(group / files.limit);
  return limit && *limit < kUnlimited ? limit : std::nullopt;
}

std::optional<long long> left_in(const fs::path& group, const MemoryFiles& files) {
  const auto limit = limit_of(group, files);
  const auto use = read_number(group / files.use);
  if (!limit || !use) return std::nullopt;
  const long long inactive = read_stat(group / "memory.stat", files.inactive);
  return *limit - std::max(0LL, *use - inactive);
}

std::optional<long long> least(std::optional<long long> a, std::optional<long long> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

using Figure = std::optional<long long> (*)(const fs::path& group, const MemoryFiles& files);

/// `group` is the path inside the hierarchy, as "/slurm/job_7/step_0". Inside a container the outer
/// part of that path is not mounted: groups that do not exist are passed over, and the root of the
/// mount is then the container's own group.
std::optional<long long> least_on_the_way_up(const fs::path& mount, fs::path group,
                                             const MemoryFiles& files, Figure figure) {
  std::optional<long long> result;
  group = group.relative_path();
  while (true) {
    result = least(result, figure(mount / group, files));
    if (group.empty()) return result;
    group = group.parent_path();
  }
}

/// The least of a figure over the groups of a process.
std::optional<long long> least_of_groups(const fs::path& membership, const fs::path& hierarchy,
                                         Figure figure) {
  std::ifstream in(membership);
  std::optional<long long> result;
  // Lines are "ID:CONTROLLERS:PATH"; version 2 has ID 0 and no controllers.
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers(1, ',');
    controllers.append(line, first + 1, second - first - 1).push_back(',');
    const fs::path group = line.substr(second + 1);
    if (controllers == ",,") {
      result = least(result, least_on_the_way_up(hierarchy, group, kVersion2, figure));
    } else if (controllers.find(",memory,") != std::string::npos) {
      result = least(result, least_on_the_way_up(hierarchy / "memory", group, kVersion1, figure));
    }
  }
  return result;
}

}  // namespace

std::optional<long long> cgroup_available_bytes(const fs::path& membership,
                                                const fs::path& hierarchy) {
  return least_of_groups(membership, hierarchy, left_in);
}

std::optional<long long> cgroup_limit_bytes(const fs::path& membership, const fs::path& hierarchy) {
  return least_of_groups(membership, hierarchy, limit_of);
}

std::optional<long long> kilobyte_field(const fs::path& file, const char* name) {
  std::ifstream in(file);
  const std::string key = std::string(name) + ":";
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    try {
      return std::stoll(line.substr(key.size())) * 1024;
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace allometer
