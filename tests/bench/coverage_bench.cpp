/// How often the default 95 % intervals of a slope hold the true one, and how often a verdict is
/// wrong, on simulated families of models whose slopes are known. docs/statistics-coverage.md keeps
/// what it printed.
///
///   coverage_bench [--quick]
///
/// A model of size x answers question q rightly with probability
///
///   0.55 + a_family + (slope + b_family) (x - mean x) + e_model + d_q,
///
/// d_q uniform within 0.15. x spreads over 2.5 decades, evenly but for 0.1 at either end of a step;
/// the sizes of a family are its own. Standard deviations are those of the scenario.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "stats/bootstrap.hpp"
#include "stats/equivalence.hpp"
#include "stats/hierarchical_bootstrap.hpp"
#include "stats/regression.hpp"
#include "stats/slope.hpp"

namespace {

using namespace allometer;

constexpr double kConfidence = 0.95;
constexpr double kAlpha = 1 - kConfidence;
constexpr double kMargin = 0.05;
constexpr double kDecades = 2.5;

struct Scenario {
  int sizes = 5;
  int families = 1;
  int questions = 300;
  double slope = 0.1;
  double intercept_deviation = 0.05;  ///< of families
  double slope_deviation = 0;         ///< of families
  double model_deviation = 0.03;      ///< of the smallest model about its family's line
  double largest_over_smallest = 1;   ///< of that deviation
  double question_slope = 0;          ///< questions follow size unlike by up to this
};

/// One simulated sweep.
struct Sweep {
  std::vector<double> x;
  std::vector<double> y;      ///< share of right answers
  std::vector<double> truth;  ///< its expectation over questions
  std::vector<int> family;
  Eigen::MatrixXd answers;  ///< [questions x models], 0 or 1; only if asked for
};

Sweep simulate(const Scenario& scenario, std::uint64_t seed, bool keep_answers = false) {
  SplitMix64 random(seed);
  Sweep sweep;
  std::vector<double> difficulty;
  std::vector<double> question_slope;
  for (int q = 0; q < scenario.questions; ++q) {
    difficulty.push_back(0.15 * (2 * random.uniform() - 1));
    question_slope.push_back(scenario.question_slope * (2 * random.uniform() - 1));
  }
  if (keep_answers) sweep.answers.resize(scenario.questions, scenario.sizes * scenario.families);
  const double step = kDecades / (scenario.sizes - 1);
  for (int f = 0; f < scenario.families; ++f) {
    const double intercept = scenario.intercept_deviation * random.normal();
    const double slope = scenario.slope + scenario.slope_deviation * random.normal();
    for (int s = 0; s < scenario.sizes; ++s) {
      const double along = step * s - kDecades / 2;
      const double x = along + 0.1 * (2 * random.uniform() - 1);
      const double deviation = scenario.model_deviation *
                               std::pow(scenario.largest_over_smallest, s / (scenario.sizes - 1.0));
      const double score = 0.55 + intercept + slope * x + deviation * random.normal();
      int right = 0;
      for (int q = 0; q < scenario.questions; ++q) {
        const auto of_question = static_cast<std::size_t>(q);
        const double p = score + difficulty[of_question] + question_slope[of_question] * x;
        const bool is_right = random.uniform() < p;
        right += is_right;
        if (keep_answers) sweep.answers(q, std::ssize(sweep.x)) = is_right ? 1 : 0;
      }
      sweep.x.push_back(x);
      sweep.truth.push_back(score);
      sweep.y.push_back(static_cast<double>(right) / scenario.questions);
      sweep.family.push_back(f);
    }
  }
  return sweep;
}

struct Rates {
  double coverage = 0;
  double width = 0;    ///< of the interval, mean
  double rises = 0;    ///< t test: above nought
  double falls = 0;    ///< below nought
  double is_flat = 0;  ///< two one-sided tests against the margin
};

using SlopeOfSweep = std::function<stats::Slope(const Sweep&)>;

stats::Slope within(const Sweep& sweep) {
  return stats::within_slope(sweep.x, sweep.y, sweep.family, kConfidence);
}
stats::Slope pooled(const Sweep& sweep) {
  return stats::pooled_slope(sweep.x, sweep.y, sweep.family, kConfidence);
}

Rates rates_of(const Scenario& scenario, int simulations, const SlopeOfSweep& slope_of) {
  Rates rates;
  for (int i = 0; i < simulations; ++i) {
    const Sweep sweep =
        simulate(scenario, seed_from(std::to_string(scenario.sizes) + "/" +
                                     std::to_string(scenario.families) + "/" + std::to_string(i)));
    const stats::CoefficientTest test = slope_of(sweep).test;
    rates.coverage += test.low <= scenario.slope && scenario.slope <= test.high;
    rates.width += test.high - test.low;
    rates.rises += test.p < kAlpha && test.estimate > 0;
    rates.falls += test.p < kAlpha && test.estimate < 0;
    rates.is_flat +=
        stats::tost(test.estimate, test.standard_error, test.degrees_of_freedom, kMargin).p <
        kAlpha;
  }
  for (double* rate : {&rates.coverage, &rates.width, &rates.rises, &rates.falls, &rates.is_flat})
    *rate /= simulations;
  return rates;
}

const std::vector<int> kSizes = {3, 4, 5, 6, 8, 12};

/// A line per number of families, a column per number of sizes.
void print_table(const char* title, const std::vector<int>& families, const Scenario& scenario,
                 int simulations, const SlopeOfSweep& slope_of, double Rates::*rate) {
  std::printf("\n%s\n\n| families | ", title);
  for (const int sizes : kSizes) std::printf("%d sizes | ", sizes);
  std::printf("\n|---|");
  for (std::size_t i = 0; i < kSizes.size(); ++i) std::printf("---|");
  std::printf("\n");
  for (const int number : families) {
    std::printf("| %d | ", number);
    for (const int sizes : kSizes) {
      Scenario of_cell = scenario;
      of_cell.families = number;
      of_cell.sizes = sizes;
      std::printf("%.1f | ", 100 * (rates_of(of_cell, simulations, slope_of).*rate));
      std::fflush(stdout);
    }
    std::printf("\n");
  }
}

/// The percentile interval of the line through the models, over questions: does it hold the slope
/// of their expected scores?
void print_questions(int simulations) {
  std::printf(
      "\nOver questions, the models given: percentile bootstrap, 2,000 draws, coverage in %%\n\n"
      "| questions | 4 sizes | 8 sizes | 8 sizes, questions follow size unlike "
      "|\n|---|---|---|---|\n");
  for (const int questions : {50, 100, 300, 1000, 2000}) {
    std::printf("| %d | ", questions);
    for (const auto& [sizes, question_slope] :
         std::vector<std::pair<int, double>>{{4, 0}, {8, 0}, {8, 0.1}}) {
      Scenario scenario;
      scenario.questions = questions;
      scenario.sizes = sizes;
      scenario.question_slope = question_slope;
      int covered = 0;
      for (int i = 0; i < simulations; ++i) {
        const Sweep sweep = simulate(scenario, seed_from("questions/" + std::to_string(i)), true);
        const Eigen::MatrixXd draws =
            stats::resampled_sums(std::to_string(i), 2000, sweep.answers) / questions;
        const Eigen::ArrayXd slopes = stats::drawn_coefficients(sweep.x, draws).slope;
        const auto interval = stats::percentile_interval(
            {slopes.data(), static_cast<std::size_t>(slopes.size())}, kConfidence);
        const double truth = stats::least_squares(sweep.x, sweep.truth, kConfidence).slope;
        covered += interval.low <= truth && truth <= interval.high;
      }
      std::printf("%.1f | ", 100.0 * covered / simulations);
      std::fflush(stdout);
    }
    std::printf("\n");
  }
}

/// Families, models of them and questions resampled: does the interval hold the slope of families?
void print_hierarchical(int simulations) {
  std::printf(
      "\nHierarchical bootstrap (on request), families whose slopes differ: coverage in %%, 6 "
      "sizes, "
      "500 draws\n\n| families | 2 | 4 | 8 | 12 |\n|---|---|---|---|---|\n| coverage | ");
  for (const int families : {2, 4, 8, 12}) {
    Scenario scenario;
    scenario.families = families;
    scenario.sizes = 6;
    scenario.questions = 100;
    scenario.slope_deviation = 0.03;
    int covered = 0;
    for (int i = 0; i < simulations; ++i) {
      const Sweep sweep = simulate(scenario, seed_from("hierarchical/" + std::to_string(i)), true);
      const Eigen::MatrixXd draws =
          stats::resampled_sums(std::to_string(i), 500, sweep.answers) / scenario.questions;
      const Eigen::ArrayXd slopes = stats::hierarchical_slopes(
          std::to_string(i), 0, 500, sweep.x, sweep.family, draws, stats::SlopeOf::within_families);
      const auto interval =
          stats::hierarchical_interval({slopes.data(), static_cast<std::size_t>(slopes.size())},
                                       kConfidence)
              .interval;
      covered += interval.low <= scenario.slope && scenario.slope <= interval.high;
    }
    std::printf("%.1f | ", 100.0 * covered / simulations);
    std::fflush(stdout);
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::string_view(argv[1]) == "--quick";
  const int simulations = quick ? 20 : 4000;
  std::printf("%d simulated sweeps for each figure", simulations);
  std::printf(" (standard error of 95 %%: %.2f)\n", 100 * std::sqrt(0.95 * 0.05 / simulations));

  const std::vector<int> few = {1, 2, 3, 4, 6};
  const std::vector<int> many = {8, 12};
  Scenario given;
  Scenario unlike = given;
  unlike.largest_over_smallest = 2;
  Scenario varying = given;
  varying.slope_deviation = 0.03;
  print_table("Within families, the families given: coverage in %, models scatter alike", few,
              given, simulations, within, &Rates::coverage);
  print_table("The same, the largest model scatters twice as much as the smallest", few, unlike,
              simulations, within, &Rates::coverage);
  print_table("Pooled, the families given", few, given, simulations, pooled, &Rates::coverage);
  print_table("Within families, families whose slopes differ (deviation 0.03)", many, varying,
              simulations, within, &Rates::coverage);
  print_table("Pooled, families whose slopes differ", many, varying, simulations, pooled,
              &Rates::coverage);
  print_table("Within families, a few families whose slopes differ: of the slope of all families",
              few, varying, simulations, within, &Rates::coverage);

  Scenario none = given;
  none.slope = 0;
  Scenario at_margin = given;
  at_margin.slope = kMargin;
  print_table("False \"grows\": no slope, t test above nought, % (nominal 2.5)", few, none,
              simulations, within, &Rates::rises);
  print_table("False \"shrinks\": % (nominal 2.5)", few, none, simulations, within, &Rates::falls);
  print_table("False \"flat\": the slope is the margin, % (nominal 5)", few, at_margin, simulations,
              within, &Rates::is_flat);
  none.slope_deviation = at_margin.slope_deviation = 0.03;
  print_table("False \"grows\", families whose slopes differ", many, none, simulations, within,
              &Rates::rises);
  print_table("False \"flat\", families whose slopes differ", many, at_margin, simulations, within,
              &Rates::is_flat);
  print_questions(simulations / 4);
  print_hierarchical(simulations / 8);
}
