/// The coverage of the hierarchical bootstrap's 95 % interval over numbers of families and of
/// models in each: the tables in src/stats/hierarchical_bootstrap.cpp. Takes minutes.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "stats/hierarchical_simulation.hpp"

namespace {

using namespace allometer::stats;
using testing::SimulatedCoverage;

constexpr int kFamilies[] = {1, 2, 3, 4, 5, 6, 8, 12};
constexpr int kModels[] = {2, 3, 4, 5, 6, 8, 12};

/// The lower one of the kinds of families that are simulated.
SimulatedCoverage lowest_coverage(int families, int models, int data_sets, int draws) {
  SimulatedCoverage lowest{1, 1};
  for (const testing::Scatter& scatter : testing::kScatters) {
    const SimulatedCoverage coverage =
        testing::simulate_coverage(families, models, scatter, data_sets, draws);
    lowest.all_models = std::min(lowest.all_models, coverage.all_models);
    lowest.within_families = std::min(lowest.within_families, coverage.within_families);
  }
  return lowest;
}

void print_table(const char* name, double SimulatedCoverage::*value,
                 const SimulatedCoverage (&coverage)[std::size(kFamilies)][std::size(kModels)]) {
  std::printf("constexpr CoverageTable %s = {{\n", name);
  for (const auto& row : coverage) {
    std::printf("    {");
    for (const SimulatedCoverage& cell : row) {
      std::printf("%s%.3f", &cell == row ? "" : ", ", cell.*value);
    }
    std::printf("},\n");
  }
  std::printf("}};\n");
}

}  // namespace

/// hierarchical_bench [DATA_SETS [DRAWS]]
int main(int argc, char** argv) {
  const int data_sets = argc > 1 ? std::atoi(argv[1]) : 2000;
  const int draws = argc > 2 ? std::atoi(argv[2]) : 1000;
  static SimulatedCoverage coverage[std::size(kFamilies)][std::size(kModels)];
  for (std::size_t f = 0; f < std::size(kFamilies); ++f) {
    for (std::size_t m = 0; m < std::size(kModels); ++m) {
      coverage[f][m] = lowest_coverage(kFamilies[f], kModels[m], data_sets, draws);
    }
  }
  print_table("kCoverageOfAllModels", &SimulatedCoverage::all_models, coverage);
  print_table("kCoverageWithinFamilies", &SimulatedCoverage::within_families, coverage);
}
