#include "stats/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "stats/detail/kernels.hpp"
#include "stats/detail/rank_statistics.hpp"
#include "stats/whole_columns.hpp"

namespace allometer::stats {
namespace {

/// How often each question is in each of `count` draws: [count][row], the row filled up with
/// zeros. Nobody draws a question 256 times: of any number of questions that is rarer than 1e-500.
void count_questions(std::uint64_t key, Eigen::Index first_draw, Eigen::Index count,
                     Eigen::Index num_questions, Eigen::Index row,
                     std::vector<std::uint8_t>& counts) {
  counts.assign(static_cast<std::size_t>(count * row), 0);
  for (Eigen::Index i = 0; i < count; ++i) {
    SplitMix64 random = stream_of_draw(key, first_draw + i);
    std::uint8_t* const of_draw = counts.data() + i * row;
    for (Eigen::Index q = 0; q < num_questions; ++q)
      ++of_draw[random.below(static_cast<std::uint64_t>(num_questions))];
  }
}

/// Whole numbers so small that bytes hold them, as of a metric that is 0 or 1.
bool is_small(const Eigen::Ref<const Eigen::VectorXd>& column) {
  return (column.array() >= 0).all() && (column.array() <= detail::kMostSmall).all() &&
         (column.array() == column.array().rint()).all();
}

/// Columns whose sums are made of bytes: [columns][row].
class SmallColumns {
 public:
  explicit SmallColumns(Eigen::Index row) : row_(row) {}

  void add(const Eigen::Ref<const Eigen::VectorXd>& column, Eigen::Index index) {
    index_.push_back(index);
    values_.resize(values_.size() + static_cast<std::size_t>(row_), 0);
    std::int8_t* const of_column = values_.data() + (std::ssize(index_) - 1) * row_;
    for (Eigen::Index q = 0; q < column.size(); ++q)
      of_column[q] = static_cast<std::int8_t>(column[q]);
  }
  /// Rows [first_draw, first_draw + draws) of the sums of these columns.
  void sum(const std::vector<std::uint8_t>& counts, Eigen::Index first_draw, Eigen::Index draws,
           Eigen::MatrixXd& sums) {
    if (index_.empty()) return;
    results_.resize(draws, std::ssize(index_));
    detail::kernels().sum_small(counts.data(), draws, values_.data(), std::ssize(index_), row_,
                                results_.data(), draws);
    for (std::size_t c = 0; c < index_.size(); ++c) {
      sums.col(index_[c]).segment(first_draw, draws) = results_.col(static_cast<Eigen::Index>(c));
    }
  }

 private:
  Eigen::Index row_;
  std::vector<Eigen::Index> index_;  ///< of the column
  std::vector<std::int8_t> values_;
  Eigen::MatrixXd results_;
};

/// Columns of any numbers, scaled to whole ones, in panels: [panels][questions][tile_columns].
class ScaledColumns {
 public:
  explicit ScaledColumns(Eigen::Index num_questions) : num_questions_(num_questions) {}

  void add(const Eigen::Ref<const Eigen::VectorXd>& column, Eigen::Index index) {
    const Eigen::Index width = kernels_.tile_columns;
    const Eigen::Index lane = std::ssize(index_) % width;
    if (lane == 0) panels_.emplace_back(static_cast<std::size_t>(num_questions_ * width), 0.0);
    const WholeColumns whole = whole_columns(column);
    index_.push_back(index);
    scale_.push_back(whole.scale[0]);
    double* const panel = panels_.back().data() + lane;
    for (Eigen::Index q = 0; q < num_questions_; ++q) panel[q * width] = whole.values(q, 0);
  }
  void sum(const std::vector<std::uint8_t>& counts, Eigen::Index row, Eigen::Index first_draw,
           Eigen::Index draws, Eigen::MatrixXd& sums) {
    if (index_.empty()) return;
    for (Eigen::Index first = 0; first < draws; first += kernels_.tile_draws) {
      const Eigen::Index size = std::min<Eigen::Index>(kernels_.tile_draws, draws - first);
      pack(counts.data() + first * row, row, size);
      for (std::size_t panel = 0; panel < panels_.size(); ++panel)
        sum_panel(panel, first_draw + first, size, sums);
    }
  }

 private:
  /// [questions][tile_draws], zeros where there are fewer draws.
  void pack(const std::uint8_t* counts, Eigen::Index row, Eigen::Index draws) {
    tile_.assign(static_cast<std::size_t>(num_questions_ * kernels_.tile_draws), 0.0);
    for (Eigen::Index d = 0; d < draws; ++d) {
      for (Eigen::Index q = 0; q < num_questions_; ++q)
        tile_[static_cast<std::size_t>(q * kernels_.tile_draws + d)] = counts[d * row + q];
    }
  }
  void sum_panel(std::size_t panel, Eigen::Index first_draw, Eigen::Index draws,
                 Eigen::MatrixXd& sums) {
    const Eigen::Index width = kernels_.tile_columns;
    results_.resize(kernels_.tile_draws, width);
    kernels_.sum_tile(tile_.data(), panels_[panel].data(), num_questions_, results_.data());
    const Eigen::Index first = static_cast<Eigen::Index>(panel) * width;
    for (Eigen::Index lane = 0; lane < width && first + lane < std::ssize(index_); ++lane) {
      const auto c = static_cast<std::size_t>(first + lane);
      sums.col(index_[c]).segment(first_draw, draws) = results_.col(lane).head(draws) / scale_[c];
    }
  }

  const detail::Kernels& kernels_ = detail::kernels();
  Eigen::Index num_questions_;
  std::vector<Eigen::Index> index_;  ///< of the column
  std::vector<double> scale_;
  std::vector<std::vector<double>> panels_;
  std::vector<double> tile_;
  Eigen::MatrixXd results_;
};

std::vector<double> without_nan(std::span<const double> values) {
  std::vector<double> kept;
  kept.reserve(values.size());
  for (const double v : values) {
    if (!std::isnan(v)) kept.push_back(v);
  }
  return kept;
}

/// numpy's default ("linear", type 7 of Hyndman and Fan 1996). No value before `end` is greater
/// than one behind; reorders those before.
double quantile(std::vector<double>& values, double probability, std::size_t end) {
  const double position = probability * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  const auto stop = values.begin() + static_cast<std::ptrdiff_t>(end);
  if (nth < stop) std::nth_element(values.begin(), nth, stop);
  const double low = *nth;
  if (below + 1 == values.size()) return low;
  const double high = *std::min_element(nth + 1, nth + 1 < stop ? stop : values.end());
  return low + (position - static_cast<double>(below)) * (high - low);
}

/// Of each draw: sums of products of ranks, and of pairs. A model's doubled, centred average rank
/// is the sum of the signs of its differences from all others.
struct RankSums {
  Eigen::ArrayXd products;  ///< of ranks of x and y
  Eigen::ArrayXd squares;   ///< of ranks of y
  Eigen::ArrayXd score;     ///< concordant less discordant pairs
  Eigen::ArrayXd untied_y;  ///< pairs that differ in y

  explicit RankSums(Eigen::Index draws)
      : products(Eigen::ArrayXd::Zero(draws)),
        squares(products),
        score(products),
        untied_y(products) {}
};

/// What the coefficients of all draws need of x.
struct Axis {
  Eigen::VectorXd dx;                   ///< centred
  Eigen::VectorXd rank_x;               ///< doubled, centred average ranks
  double untied_x = 0;                  ///< pairs that differ
  std::vector<Eigen::Index> order;      ///< of the models, by rising x
  std::vector<std::int32_t> tie_begin;  ///< in that order: the first model with the same x

  explicit Axis(std::span<const double> x);
};

Axis::Axis(std::span<const double> x) {
  const std::size_t n = x.size();
  const Eigen::Map<const Eigen::VectorXd> sizes(x.data(), std::ssize(x));
  dx = sizes.array() - sizes.mean();
  rank_x.resize(std::ssize(x));
  order.resize(n);
  tie_begin.resize(n);
  detail::Ranker ranker;
  const auto ranked = ranker.rank(x);
  std::int64_t tied = 0;  // ordered pairs that are equal, each with itself included
  for (std::size_t i = 0; i < n; ++i) {
    rank_x[static_cast<Eigen::Index>(i)] = static_cast<double>(detail::centred_rank(ranked[i], n));
    order[static_cast<std::size_t>(ranked[i].place)] = static_cast<Eigen::Index>(i);
    tie_begin[static_cast<std::size_t>(ranked[i].place)] = ranked[i].below;
    tied += ranked[i].up_to - ranked[i].below;
  }
  untied_x = static_cast<double>((static_cast<std::int64_t>(n * n) - tied) / 2);
}

/// Pair by pair, all draws at once: what is fastest for a handful of models.
RankSums rank_sums_by_pairs(const Axis& axis, const Eigen::Ref<const Eigen::MatrixXd>& estimates) {
  const Eigen::Index models = estimates.cols();
  RankSums sums(estimates.rows());
  Eigen::MatrixXd rank_y = Eigen::MatrixXd::Zero(estimates.rows(), models);
  for (Eigen::Index i = 0; i < models; ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      const double difference_x = axis.rank_x[i] - axis.rank_x[j];
      const Eigen::ArrayXd sign_y = (estimates.col(i) - estimates.col(j)).array().sign();
      rank_y.col(i).array() += sign_y;
      rank_y.col(j).array() -= sign_y;
      sums.score += static_cast<double>((difference_x > 0) - (difference_x < 0)) * sign_y;
      sums.untied_y += sign_y.abs();
    }
  }
  sums.products = (rank_y * axis.rank_x).array();
  sums.squares = rank_y.rowwise().squaredNorm().array();
  return sums;
}

/// Draw by draw in n log n steps. A draw with a number that is not finite is left at nought.
RankSums rank_sums_by_sorting(const Axis& axis, detail::Ranker& ranker,
                              detail::PairScore& pair_score,
                              const Eigen::Ref<const Eigen::MatrixXd>& estimates) {
  const std::size_t n = axis.order.size();
  Eigen::MatrixXd rising(static_cast<Eigen::Index>(n), estimates.rows());
  for (std::size_t i = 0; i < n; ++i)
    rising.row(static_cast<Eigen::Index>(i)) = estimates.col(axis.order[i]).transpose();
  RankSums sums(estimates.rows());
  for (Eigen::Index draw = 0; draw < estimates.rows(); ++draw) {
    if (!rising.col(draw).allFinite()) continue;
    const auto ranked = ranker.rank({rising.col(draw).data(), n});
    std::int64_t products = 0;
    std::int64_t squares = 0;
    std::int64_t tied = 0;  // ordered pairs that are equal in y, each with itself included
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t rank = detail::centred_rank(ranked[i], n);
      products += static_cast<std::int64_t>(axis.rank_x[axis.order[i]]) * rank;
      squares += rank * rank;
      tied += ranked[i].up_to - ranked[i].below;
    }
    sums.products[draw] = static_cast<double>(products);
    sums.squares[draw] = static_cast<double>(squares);
    sums.score[draw] = static_cast<double>(pair_score(ranked));
    sums.untied_y[draw] = static_cast<double>((static_cast<std::int64_t>(n * n) - tied) / 2);
  }
  return sums;
}

DrawnCoefficients coefficients_of_block(const Axis& axis, const RankSums& ranks,
                                        const Eigen::Ref<const Eigen::MatrixXd>& estimates) {
  const Eigen::VectorXd& dx = axis.dx;
  const Eigen::MatrixXd dy = estimates.colwise() - estimates.rowwise().mean();
  const auto usable = (ranks.untied_y > 0 && dy.rowwise().sum().array().isFinite()).eval();
  const auto where_usable = [&](const Eigen::ArrayXd& values) -> Eigen::ArrayXd {
    return usable.select(values, std::numeric_limits<double>::quiet_NaN());
  };
  const Eigen::ArrayXd products = (dy * dx).array();
  const Eigen::ArrayXd norms = dy.rowwise().norm().array() * dx.norm();
  const Eigen::ArrayXd rank_norms = ranks.squares.sqrt() * axis.rank_x.norm();
  DrawnCoefficients drawn;
  drawn.slope = products / dx.squaredNorm();
  drawn.pearson = where_usable((products / norms).cwiseMax(-1.0).cwiseMin(1.0));
  drawn.spearman = where_usable((ranks.products / rank_norms).cwiseMax(-1.0).cwiseMin(1.0));
  drawn.kendall = where_usable(ranks.score / (ranks.untied_y * axis.untied_x).sqrt());
  return drawn;
}

}  // namespace

Eigen::MatrixXd resampled_sums(std::string_view key, std::int32_t num_draws,
                               const Eigen::Ref<const Eigen::MatrixXd>& columns,
                               std::int32_t draws_per_block) {
  ALLOMETER_EXPECT(num_draws > 0 && draws_per_block >= 0);
  ALLOMETER_EXPECT(columns.allFinite());
  const Eigen::Index num_questions = columns.rows();
  if (num_questions == 0) return Eigen::MatrixXd::Zero(num_draws, columns.cols());
  const Eigen::Index row =
      (num_questions + detail::kSmallRow - 1) / detail::kSmallRow * detail::kSmallRow;
  SmallColumns small(row);
  ScaledColumns scaled(num_questions);
  for (Eigen::Index c = 0; c < columns.cols(); ++c) {
    if (is_small(columns.col(c))) {
      small.add(columns.col(c), c);
    } else {
      scaled.add(columns.col(c), c);
    }
  }
  // Counts of a block stay in the cache.
  constexpr Eigen::Index kBlockBytes = 1 << 18;
  const Eigen::Index block =
      draws_per_block > 0 ? draws_per_block : std::clamp<Eigen::Index>(kBlockBytes / row, 24, 960);
  Eigen::MatrixXd sums(num_draws, columns.cols());
  std::vector<std::uint8_t> counts;
  const std::uint64_t seed = seed_from(key);
  for (Eigen::Index first = 0; first < num_draws; first += block) {
    const Eigen::Index size = std::min<Eigen::Index>(block, num_draws - first);
    count_questions(seed, first, size, num_questions, row, counts);
    small.sum(counts, first, size, sums);
    scaled.sum(counts, row, first, size, sums);
  }
  return sums;
}

Interval percentile_interval(std::span<const double> draws, double confidence) {
  ALLOMETER_EXPECT(confidence > 0 && confidence < 1);
  std::vector<double> kept = without_nan(draws);
  if (kept.empty()) return {};
  const double tail = 0.5 * (1 - confidence);
  const auto last = static_cast<double>(kept.size() - 1);
  // The upper quantile first: what lies above it is few, and the lower one need not look there.
  const double high = quantile(kept, 1 - tail, kept.size());
  return {quantile(kept, tail, static_cast<std::size_t>((1 - tail) * last)), high};
}

double standard_deviation(std::span<const double> values) {
  const std::vector<double> kept = without_nan(values);
  if (kept.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const Eigen::Map<const Eigen::ArrayXd> all(kept.data(), static_cast<Eigen::Index>(kept.size()));
  return std::sqrt((all - all.mean()).square().sum() / static_cast<double>(kept.size() - 1));
}

double standard_error_of_mean(std::span<const double> values) {
  return standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

DrawnCoefficients drawn_coefficients(std::span<const double> x,
                                     const Eigen::Ref<const Eigen::MatrixXd>& estimates) {
  ALLOMETER_EXPECT(static_cast<Eigen::Index>(x.size()) == estimates.cols());
  const Eigen::Index num_draws = estimates.rows();
  DrawnCoefficients drawn;
  for (auto* values : {&drawn.pearson, &drawn.spearman, &drawn.kendall, &drawn.slope}) {
    values->resize(num_draws);
  }
  const Axis axis(x);
  constexpr std::size_t kHandful = 16;
  detail::Ranker ranker;
  detail::PairScore pair_score(axis.tie_begin);
  // Blocks whose intermediate arrays stay in the cache.
  const Eigen::Index block_size =
      std::clamp<Eigen::Index>(8192 / std::max<Eigen::Index>(1, estimates.cols()), 8, 256);
  for (Eigen::Index first = 0; first < num_draws; first += block_size) {
    const Eigen::Index size = std::min(block_size, num_draws - first);
    const auto rows = estimates.middleRows(first, size);
    const RankSums ranks = axis.order.size() <= kHandful
                               ? rank_sums_by_pairs(axis, rows)
                               : rank_sums_by_sorting(axis, ranker, pair_score, rows);
    const DrawnCoefficients block = coefficients_of_block(axis, ranks, rows);
    drawn.pearson.segment(first, size) = block.pearson;
    drawn.spearman.segment(first, size) = block.spearman;
    drawn.kendall.segment(first, size) = block.kendall;
    drawn.slope.segment(first, size) = block.slope;
  }
  return drawn;
}

}  // namespace allometer::stats
