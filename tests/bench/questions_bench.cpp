/// What fits over many questions cost: the mixed logistic model, item response, anchor questions.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include <Eigen/Core>

#include "core/random.hpp"
#include "stats/anchors.hpp"
#include "stats/item_response.hpp"
#include "stats/mixed_logistic.hpp"

namespace {

using namespace allometer;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Families of four models whose logits rise by 0.8 per decade of size.
struct Answers {
  Answers(Eigen::Index questions, Eigen::Index models)
      : right(questions, models), sizes(models, 1) {
    SplitMix64 random(3);
    std::vector<double> level;
    for (Eigen::Index i = 0; i < models; ++i) {
      if (i % 4 == 0) level.push_back(0.5 * random.normal());
      family.push_back(static_cast<int>(i / 4));
      sizes(i, 0) = 7 + 3 * random.uniform();
    }
    for (Eigen::Index q = 0; q < questions; ++q) {
      const double ease = 1.3 * random.normal();
      for (Eigen::Index i = 0; i < models; ++i) {
        const double logit =
            0.8 * (sizes(i, 0) - 8.5) + level[static_cast<std::size_t>(i / 4)] + ease;
        right(q, i) = random.uniform() < 1 / (1 + std::exp(-logit)) ? 1 : 0;
      }
    }
  }
  Eigen::MatrixXd right;
  Eigen::MatrixXd sizes;
  std::vector<int> family;
};

void bench(Eigen::Index questions, Eigen::Index models) {
  const Answers answers(questions, models);
  auto start = Clock::now();
  const auto mixed = stats::mixed_logistic(answers.right, answers.sizes, answers.family, 0.95);
  std::printf("%5ld questions x %2ld models: mixed logistic %6.2f s (%d iterations, slope %.3f)",
              questions, models, seconds_since(start), mixed.iterations, mixed.fixed[1].estimate);
  start = Clock::now();
  const auto items = stats::fit_item_response(answers.right);
  std::printf(", item response %6.2f s (%d iterations)", seconds_since(start), items.iterations);
  start = Clock::now();
  const auto check =
      stats::check_anchors(answers.right, answers.family, stats::AnchorsBy::correctness, 100, 1);
  std::printf(", 100 anchors checked %6.2f s (error %.4f, at random %.4f)\n", seconds_since(start),
              check.gp_irt.mean_absolute, check.error_of_random);
}

}  // namespace

int main() {
  bench(200, 20);
  bench(2000, 20);
  bench(2000, 48);
}
