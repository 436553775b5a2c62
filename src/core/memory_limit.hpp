#pragma once
/// How much memory the kernel and the batch system leave to this process.

#include <filesystem>
#include <optional>

namespace allometer {

/// Bytes left under the tightest memory limit of a process's control groups, from the innermost one
/// up to the root: limit - (use - inactive file pages, which the kernel gives back first). Nothing
/// without a limit. Both versions: v1 (memory.limit_in_bytes under `hierarchy`/memory) and v2
/// (memory.max under `hierarchy`). `membership` is a file as /proc/self/cgroup, `hierarchy` a
/// directory as /sys/fs/cgroup. May be negative: over the limit.
std::optional<long long> cgroup_available_bytes(const std::filesystem::path& membership,
                                                const std::filesystem::path& hierarchy);

/// The tightest limit itself, however much of it is used; nothing without one.
std::optional<long long> cgroup_limit_bytes(const std::filesystem::path& membership,
                                            const std::filesystem::path& hierarchy);

/// The value in bytes of a "Name:  123 kB" line of a file as /proc/meminfo or /proc/self/status.
std::optional<long long> kilobyte_field(const std::filesystem::path& file, const char* name);

}  // namespace allometer
