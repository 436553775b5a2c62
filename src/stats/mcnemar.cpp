#include "stats/mcnemar.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>

#include "core/contract.hpp"

namespace allometer::stats {

PairedAnswers count_paired_answers(std::span<const double> first, std::span<const double> second) {
  ALLOMETER_EXPECT(first.size() == second.size());
  PairedAnswers counts;
  for (std::size_t q = 0; q < first.size(); ++q) {
    if (std::isnan(first[q]) || std::isnan(second[q])) {
      ++counts.left_out;
      continue;
    }
    ALLOMETER_EXPECT(first[q] == 0 || first[q] == 1);
    ALLOMETER_EXPECT(second[q] == 0 || second[q] == 1);
    if (first[q] == second[q]) {
      ++(first[q] == 1 ? counts.both : counts.neither);
    } else {
      ++(first[q] == 1 ? counts.first_only : counts.second_only);
    }
  }
  return counts;
}

McNemarTest mcnemar(std::int64_t first_only, std::int64_t second_only) {
  ALLOMETER_EXPECT(first_only >= 0 && second_only >= 0);
  McNemarTest test;
  if (first_only + second_only == 0) return test;
  const auto differing = static_cast<double>(first_only + second_only);
  const auto fewer = static_cast<double>(std::min(first_only, second_only));
  const boost::math::binomial even(differing, 0.5);
  const double as_observed = boost::math::pdf(even, fewer);
  test.exact_p = std::min(2 * boost::math::cdf(even, fewer), 1.0);
  // Both tails have an outcome like the observed one, unless it is the middle one.
  const double outcomes = first_only == second_only ? 1 : 2;
  test.mid_p = test.exact_p - 0.5 * outcomes * as_observed;
  const double excess = std::abs(static_cast<double>(first_only - second_only)) - 1;
  test.chi_squared = excess * excess / differing;
  test.chi_squared_p =
      boost::math::cdf(boost::math::complement(boost::math::chi_squared(1), test.chi_squared));
  return test;
}

}  // namespace allometer::stats
