#include "stats/permutation.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "stats/correlation.hpp"
#include "stats/detail/rank_statistics.hpp"

namespace allometer::stats {
namespace {

/// Means taken away and scaled to length one: the dot product of two such vectors is their
/// correlation.
std::vector<double> standardised(std::span<const double> values) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double largest = 0;
  for (const double v : values) largest = std::max(largest, std::abs(v - mean));
  double squares = 0;
  std::vector<double> out;
  for (const double v : values) out.push_back((v - mean) / largest);
  for (const double v : out) squares += v * v;
  for (double& v : out) v /= std::sqrt(squares);
  return out;
}

/// 2 * rank - (n + 1): whole numbers that sum to nought, so that Spearman's statistic is exact.
std::vector<std::int64_t> centred_ranks(std::span<const double> values) {
  std::vector<std::int64_t> out;
  for (const double rank : average_ranks(values)) {
    out.push_back(std::llround(2 * rank) - static_cast<std::int64_t>(values.size()) - 1);
  }
  return out;
}

/// Points sorted by x, and what the three statistics need of them. All statistics are proportional
/// to their coefficient.
struct Points {
  std::vector<double> x;             ///< standardised
  std::vector<double> y;             ///< standardised
  std::vector<std::int64_t> rank_x;  ///< centred ranks
  std::vector<std::int64_t> rank_y;
  std::vector<int> stratum;
  std::vector<std::size_t> tie_begin;  ///< first position with the same x

  Points(std::span<const double> xs, std::span<const double> ys, std::span<const int> strata);
  std::size_t size() const { return x.size(); }
};

Points::Points(std::span<const double> xs, std::span<const double> ys,
               std::span<const int> strata) {
  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return xs[a] < xs[b]; });
  std::vector<double> sorted_x;
  std::vector<double> sorted_y;
  for (const std::size_t i : order) {
    sorted_x.push_back(xs[i]);
    sorted_y.push_back(ys[i]);
    stratum.push_back(strata.empty() ? 0 : strata[i]);
  }
  x = standardised(sorted_x);
  y = standardised(sorted_y);
  rank_x = centred_ranks(sorted_x);
  rank_y = centred_ranks(sorted_y);
  for (std::size_t i = 0; i < order.size(); ++i) {
    tie_begin.push_back(i > 0 && sorted_x[i] == sorted_x[i - 1] ? tie_begin.back() : i);
  }
}

struct Statistics {
  double pearson = 0;
  std::int64_t spearman = 0;
  std::int64_t kendall = 0;  ///< concordant - discordant pairs
};

/// Counts how often |statistic| reaches the observed one, and how often the strongest there can be.
template <class Number>
class Tally {
 public:
  Tally(Number observed, Number strongest, Number tolerance)
      : observed_(std::abs(observed) - tolerance), strongest_(std::abs(strongest) - tolerance) {}

  void add(Number statistic) {
    const Number size = std::abs(statistic);
    at_observed_ += size >= observed_;
    at_strongest_ += size >= strongest_;
  }
  PermutationP exact(std::int64_t total) const {
    return {static_cast<double>(at_observed_) / static_cast<double>(total),
            static_cast<double>(at_strongest_) / static_cast<double>(total)};
  }
  PermutationP drawn(std::int64_t draws) const {
    return {static_cast<double>(at_observed_ + 1) / static_cast<double>(draws + 1),
            1.0 / static_cast<double>(draws + 1)};
  }

 private:
  Number observed_;
  Number strongest_;
  std::int64_t at_observed_ = 0;
  std::int64_t at_strongest_ = 0;
};

template <class Number>
Number stronger(Number a, Number b) {
  return std::max(std::abs(a), std::abs(b));
}

struct Tallies {
  Tally<double> pearson;
  Tally<std::int64_t> spearman;
  Tally<std::int64_t> kendall;

  /// rising, falling: y sorted like x within each stratum, and against it. No order is stronger
  /// than the stronger of the two (rearrangement inequality). Standardised vectors: sums of
  /// products err by a few ulps of one.
  Tallies(const Statistics& observed, const Statistics& rising, const Statistics& falling)
      : pearson(observed.pearson, stronger(rising.pearson, falling.pearson), 1e-12),
        spearman(observed.spearman, stronger(rising.spearman, falling.spearman), 0),
        kendall(observed.kendall, stronger(rising.kendall, falling.kendall), 0) {}
  void add(const Statistics& s) {
    pearson.add(s.pearson);
    spearman.add(s.spearman);
    kendall.add(s.kendall);
  }
};

/// Statistics of the points with y permuted.
class Permuted {
 public:
  explicit Permuted(const Points& points)
      : points_(points),
        pair_score_({points.tie_begin.begin(), points.tie_begin.end()}),
        permuted_(points.size()) {
    detail::Ranker ranker;
    const auto ranked =
        ranker.rank(std::vector<double>(points.rank_y.begin(), points.rank_y.end()));
    ranked_.assign(ranked.begin(), ranked.end());
  }

  /// Position i has y[order[i]].
  Statistics operator()(std::span<const std::size_t> order) {
    Statistics s;
    for (std::size_t i = 0; i < order.size(); ++i) {
      s.pearson += points_.x[i] * points_.y[order[i]];
      s.spearman += points_.rank_x[i] * points_.rank_y[order[i]];
      permuted_[i] = ranked_[order[i]];
    }
    s.kendall = pair_score_(permuted_);
    return s;
  }

 private:
  const Points& points_;
  detail::PairScore pair_score_;
  std::vector<detail::RankedPoint> ranked_;
  std::vector<detail::RankedPoint> permuted_;
};

/// Walks all permutations depth first: position i takes each unused y of its stratum, and the sums
/// grow by one term.
class Enumeration {
 public:
  Enumeration(const Points& points, Tallies& tallies) : points_(points), tallies_(tallies) {
    const std::size_t n = points.size();
    used_before_.assign(n + 1, 0);
    for (Mask set = 0; set < ones_.size(); ++set)
      ones_[set] = static_cast<std::int8_t>(std::popcount(set));
    for (std::size_t i = 0; i < n; ++i) {
      Mask less = 0;
      Mask greater = 0;
      Mask peers = 0;
      for (std::size_t j = 0; j < n; ++j) {
        less |= Mask{points.rank_y[j] < points.rank_y[i]} << j;
        greater |= Mask{points.rank_y[j] > points.rank_y[i]} << j;
        peers |= Mask{points.stratum[j] == points.stratum[i]} << j;
      }
      less_.push_back(less);
      greater_.push_back(greater);
      peers_.push_back(peers);
    }
  }

  void run() { visit(0, {}); }

 private:
  using Mask = std::uint64_t;

  void visit(std::size_t position, const Statistics& sums) {
    const Mask used = used_before_[position];
    // y of the positions whose x is truly smaller: those tied in x make no pair.
    const Mask below = used_before_[points_.tie_begin[position]];
    const bool is_last = position + 1 == points_.size();
    for (Mask rest = peers_[position] & ~used; rest != 0; rest &= rest - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(rest));
      const Statistics next = {sums.pearson + points_.x[position] * points_.y[k],
                               sums.spearman + points_.rank_x[position] * points_.rank_y[k],
                               sums.kendall + count(below & less_[k]) - count(below & greater_[k])};
      if (is_last) {
        tallies_.add(next);
      } else {
        used_before_[position + 1] = used | Mask{1} << k;
        visit(position + 1, next);
      }
    }
  }

  /// std::popcount, which is a call where the instruction set has no instruction for it; most sets
  /// fit the table.
  std::int64_t count(Mask set) const {
    return set < ones_.size() ? ones_[set] : std::popcount(set);
  }

  const Points& points_;
  Tallies& tallies_;
  std::array<std::int8_t, 512> ones_{};
  std::vector<Mask> used_before_;  ///< [position]: the y taken by earlier positions
  std::vector<Mask> less_;         ///< [k]: the y smaller than y[k]
  std::vector<Mask> greater_;
  std::vector<Mask> peers_;  ///< [position]: the y of its stratum
};

std::map<int, std::vector<std::size_t>> members_of(const Points& points) {
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < points.size(); ++i) members[points.stratum[i]].push_back(i);
  return members;
}

/// y sorted within each stratum, like x (direction 1) or against it (-1).
std::vector<std::size_t> sorted_order(const Points& points,
                                      const std::map<int, std::vector<std::size_t>>& members,
                                      int direction) {
  std::vector<std::size_t> order(points.size());
  for (const auto& [label, positions] : members) {
    std::vector<std::size_t> sorted = positions;
    std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) {
      return direction * points.rank_y[a] < direction * points.rank_y[b];
    });
    for (std::size_t i = 0; i < positions.size(); ++i) order[positions[i]] = sorted[i];
  }
  return order;
}

/// The number of orders, or more than kMaxExactPermutations.
std::int64_t count_orders(const std::map<int, std::vector<std::size_t>>& members) {
  std::int64_t orders = 1;
  for (const auto& [label, positions] : members) {
    for (std::size_t i = 2; i <= positions.size(); ++i) {
      orders *= static_cast<std::int64_t>(i);
      if (orders > kMaxExactPermutations) return orders;
    }
  }
  return orders;
}

void draw_orders(Permuted& permuted, std::size_t num_points,
                 const std::map<int, std::vector<std::size_t>>& members, std::uint64_t seed,
                 std::int64_t num_draws, Tallies& tallies) {
  SplitMix64 random(seed);
  std::vector<std::size_t> order(num_points);
  std::vector<std::size_t> shuffled;
  for (std::int64_t draw = 0; draw < num_draws; ++draw) {
    for (const auto& [label, positions] : members) {
      shuffled = positions;
      random.shuffle(std::span(shuffled));
      for (std::size_t i = 0; i < positions.size(); ++i) order[positions[i]] = shuffled[i];
    }
    tallies.add(permuted(order));
  }
}

}  // namespace

PermutationTest permutation_test(std::span<const double> x, std::span<const double> y,
                                 std::span<const int> stratum, std::uint64_t seed,
                                 std::int64_t num_draws) {
  ALLOMETER_EXPECT(stratum.empty() || stratum.size() == x.size());
  ALLOMETER_EXPECT(num_draws > 0);
  if (pearson(x, y).undefined != Undefined::no) return {};
  const Points points(x, y, stratum);
  const auto members = members_of(points);
  const std::int64_t orders = count_orders(members);
  std::vector<std::size_t> as_is(points.size());
  std::iota(as_is.begin(), as_is.end(), std::size_t{0});
  Permuted permuted(points);
  Tallies tallies(permuted(as_is), permuted(sorted_order(points, members, 1)),
                  permuted(sorted_order(points, members, -1)));
  PermutationTest test;
  // The enumeration keeps sets of points in 64 bits.
  test.exact = orders <= kMaxExactPermutations && points.size() <= 64;
  if (test.exact) {
    Enumeration(points, tallies).run();
    test.permutations = orders;
    test.pearson = tallies.pearson.exact(orders);
    test.spearman = tallies.spearman.exact(orders);
    test.kendall = tallies.kendall.exact(orders);
  } else {
    draw_orders(permuted, points.size(), members, seed, num_draws, tallies);
    test.permutations = num_draws;
    test.pearson = tallies.pearson.drawn(num_draws);
    test.spearman = tallies.spearman.drawn(num_draws);
    test.kendall = tallies.kendall.drawn(num_draws);
  }
  return test;
}

}  // namespace allometer::stats
