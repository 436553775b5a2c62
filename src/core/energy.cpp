#include "core/energy.hpp"

#include <algorithm>
#include <fstream>

namespace allometer {
namespace {

std::optional<std::uint64_t> read_number(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::uint64_t value = 0;
  if (stream >> value) return value;
  return std::nullopt;
}

std::string read_word(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string word;
  stream >> word;
  return word;
}

}  // namespace

EnergyCounters::EnergyCounters(const std::filesystem::path& powercap) {
  std::error_code error;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(powercap, error))
    folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  std::string names;
  bool unreadable = false;
  for (const auto& folder : folders) {
    const std::string name = read_word(folder / "name");
    // Cores are part of their package, psys of everything: counting them would count twice.
    if (!name.starts_with("package") && name != "dram") continue;
    const auto energy = read_number(folder / "energy_uj");
    if (!energy) {
      unreadable = true;
      continue;
    }
    zones_.push_back(
        {folder / "energy_uj", read_number(folder / "max_energy_range_uj").value_or(0), *energy});
    names += (names.empty() ? "" : ", ") + name;
  }
  if (!zones_.empty()) {
    source_ = "powercap: " + names;
  } else if (unreadable) {
    source_ = "unmeasured: the counters in " + powercap.string() +
              " may not be read (usually root's alone)";
  } else {
    source_ = "unmeasured: this node shows no RAPL counters in " + powercap.string();
  }
}

std::optional<double> EnergyCounters::joules() {
  if (zones_.empty()) return std::nullopt;
  for (Zone& zone : zones_) {
    const auto now = read_number(zone.energy_file);
    if (!now) return std::nullopt;
    const std::uint64_t spent = *now >= zone.last_microjoules
                                    ? *now - zone.last_microjoules
                                    : *now + zone.range_microjoules - zone.last_microjoules;
    total_joules_ += static_cast<double>(spent) * 1e-6;
    zone.last_microjoules = *now;
  }
  return total_joules_;
}

}  // namespace allometer
