#pragma once
/// Which program this is and where it runs.

#include <ctime>
#include <map>
#include <string>

namespace allometer {

std::string program_version();  ///< "0.1.0"
std::string
git_revision();  ///< of the build, "+" at the end if the tree was changed; "unknown" outside git
std::string cpu_model();  ///< from /proc/cpuinfo
std::string host_name();
std::string utc_now();                   ///< "2026-01-31T12:00:00Z"
std::string utc_text(std::time_t time);  ///< the same of another time; texts sort as times do
/// Environment variables that begin with `prefix`.
std::map<std::string, std::string> environment_with_prefix(const std::string& prefix);
/// Resident set of this process: now, and its maximum, in bytes.
long long resident_bytes();
long long peak_resident_bytes();
/// Begins the maximum anew (where the kernel allows it), so that it tells of what follows.
void reset_peak_resident_bytes();
/// Bytes that this process may still take: the least of MemAvailable and the cgroup's limit less
/// its use (v1 and v2).
long long available_memory_bytes();
/// Bytes that the processes of a node may hold together, whatever is in use now: the least of
/// MemTotal and the cgroup's limit.
long long memory_limit_bytes();

}  // namespace allometer
