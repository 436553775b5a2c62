#pragma once
/// Energy counters of a node: Intel's and AMD's running average power limit (RAPL) as Linux's
/// powercap shows them. https://www.kernel.org/doc/html/latest/power/powercap/powercap.html

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace allometer {

/// Packages and DRAM of this node. Reading usually needs root.
class EnergyCounters {
 public:
  explicit EnergyCounters(const std::filesystem::path& powercap = "/sys/class/powercap");

  /// Joules since this object was made, wrap-around of the counters allowed for if it is called at
  /// least once per wrap (minutes); nothing where it cannot be measured.
  std::optional<double> joules();
  /// "powercap: package-0, dram", or "unmeasured: " and why.
  const std::string& source() const { return source_; }

 private:
  struct Zone {
    std::filesystem::path energy_file;
    std::uint64_t range_microjoules = 0;
    std::uint64_t last_microjoules = 0;
  };
  std::vector<Zone> zones_;
  std::string source_;
  double total_joules_ = 0;
};

}  // namespace allometer
