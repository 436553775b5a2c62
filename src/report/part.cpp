#include "report/part.hpp"

#include <concepts>
#include <cstring>
#include <type_traits>

#include "core/error.hpp"

namespace allometer::report {
namespace {

/// T is Row or const Row: one list of members serves both ways.
template <class T, class Row>
concept Some = std::same_as<std::remove_const_t<T>, Row>;

template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

// --- the members of each struct

template <class Bytes, Some<results::ResultsFile::Estimate> T>
void members(Bytes& bytes, T& row) {
  bytes(row.cell, row.metric, row.estimate, row.standard_error, row.ci_low, row.ci_high,
        row.num_questions);
}

template <class Bytes, Some<Correlation> T>
void members(Bytes& bytes, T& row) {
  bytes(row.value, row.ci_low, row.ci_high, row.p, row.smallest_p);
}

template <class Bytes, Some<Point> T>
void members(Bytes& bytes, T& row) {
  bytes(row.model, row.parameters, row.estimate, row.ci_low, row.ci_high);
}

template <class Bytes, Some<SlopeEstimate> T>
void members(Bytes& bytes, T& slope) {
  bytes(slope.value, slope.standard_error, slope.degrees_of_freedom, slope.t_low, slope.t_high,
        slope.p, slope.errors, slope.num_models, slope.num_families, slope.ci_low, slope.ci_high,
        slope.question_error, slope.coverage);
}

template <class Bytes, Some<TestedCorrelation> T>
void members(Bytes& bytes, T& correlation) {
  bytes(correlation.value, correlation.degrees_of_freedom, correlation.p);
}

template <class Bytes, Some<HierarchicalSlope> T>
void members(Bytes& bytes, T& slope) {
  bytes(slope.low, slope.high, slope.coverage, slope.num_draws, slope.num_degenerate);
}

template <class Bytes, Some<MixedSlope> T>
void members(Bytes& bytes, T& slope) {
  bytes(slope.value, slope.low, slope.high, slope.p, slope.question_deviation,
        slope.family_deviation, slope.undefined);
}

template <class Bytes, Some<Shape::Parameter> T>
void members(Bytes& bytes, T& parameter) {
  bytes(parameter.name, parameter.value, parameter.low, parameter.high);
}

template <class Bytes, Some<Shape> T>
void members(Bytes& bytes, T& shape) {
  bytes(shape.curve, shape.parameters, shape.r_squared, shape.aicc, shape.line_aicc,
        shape.quadratic_p, shape.turn_p, shape.turn_at, shape.falls_first, shape.is_inverse);
}

template <class Bytes, Some<SizeRelation> T>
void members(Bytes& bytes, T& row) {
  bytes(row.num_sizes, row.pearson, row.spearman, row.kendall, row.slope, row.within_slope,
        row.within_pearson, row.within_spearman, row.partial, row.hierarchical, row.exact);
}

template <class Bytes, Some<SizeRow> T>
void members(Bytes& bytes, T& row) {
  using Base = std::conditional_t<std::is_const_v<T>, const SizeRelation, SizeRelation>;
  members(bytes, static_cast<Base&>(row));
  bytes(row.task, row.metric, row.num_fewshot, row.precision, row.models, row.random_weights,
        row.within_family, row.all_levers, row.points, row.logit, row.spearman_q, row.shape,
        row.mixed, row.trend, row.notes, row.footnotes);
}

/// What rescaled rungs have.
template <class Bytes, Some<Rung> T>
void members(Bytes& bytes, T& rung) {
  bytes(rung.point, rung.family, rung.levers, rung.draws, rung.halves);
}

template <class Bytes, Some<AbilityMeasure> T>
void members(Bytes& bytes, T& row) {
  bytes(row.ability, row.precision, row.random_weights, row.task, row.num_fewshot,
        row.num_questions, row.unit, row.models);
}

template <class Bytes, Some<HeadlineScore> T>
void members(Bytes& bytes, T& row) {
  bytes(row.variant, row.task, row.metric, row.num_fewshot, row.estimate, row.num_right);
}

template <class Bytes, Some<PairRow> T>
void members(Bytes& bytes, T& row) {
  bytes(row.task, row.metric, row.lever, row.from, row.to, row.variant_from, row.variant_to,
        row.shots_from, row.shots_to, row.method, row.difference, row.ci_low, row.ci_high,
        row.only_from_right, row.only_to_right, row.mcnemar_exact_p, row.mcnemar_mid_p, row.p,
        row.p_adjusted);
}

template <class Bytes, Some<AnchorRow> T>
void members(Bytes& bytes, T& row) {
  bytes(row.task, row.num_fewshot, row.num_models, row.num_questions, row.error, row.largest_error,
        row.error_of_weighted_mean, row.error_of_p_irt, row.error_of_random, row.questions,
        row.weights, row.discriminations, row.difficulties);
}

template <class Bytes, Some<Compared> T>
void members(Bytes& bytes, T& part) {
  bytes(part.scores, part.pairs, part.anchors);
}

template <class Bytes, Some<Judged> T>
void members(Bytes& bytes, T& judged) {
  bytes(judged.is_ability, judged.name, judged.metric, judged.task, judged.num_fewshot,
        judged.precision, judged.models, judged.all_levers, judged.unit, judged.model,
        judged.log_size, judged.score, judged.family, judged.slopes, judged.reliability,
        judged.permutation_p, judged.smallest_permutation_p, judged.shape, judged.remarks);
}

template <class Bytes, Some<Part> T>
void members(Bytes& bytes, T& part) {
  bytes(part.estimates, part.size_rows, part.measures, part.judged, part.compared);
}

// --- to bytes and back

class Writer {
 public:
  explicit Writer(std::string& bytes) : bytes_(bytes) {}

  template <class... Ts>
  void operator()(const Ts&... values) {
    (put(values), ...);
  }

 private:
  void put(const void* data, std::size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }
  template <Plain T>
  void put(const T& value) {
    put(&value, sizeof value);
  }
  void put(const std::string& text) {
    put(text.size());
    put(text.data(), text.size());
  }
  void put(const Eigen::ArrayXd& values) {
    put(values.size());
    put(values.data(), static_cast<std::size_t>(values.size()) * sizeof(double));
  }
  template <class T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const T& value : values) put(value);
  }
  template <class T>
  requires std::is_class_v<T>
  void put(const T& row) { members(*this, row); }

  std::string& bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class... Ts>
  void operator()(Ts&... values) {
    (get(values), ...);
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  void get(void* data, std::size_t size) {
    if (size > bytes_.size()) throw FormatError("a part of an analysis is damaged: it ends early");
    std::memcpy(data, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  template <Plain T>
  void get(T& value) {
    get(&value, sizeof value);
  }
  /// Of what takes at least `least` bytes each.
  std::size_t get_size(std::size_t least) {
    std::size_t size = 0;
    get(size);
    if (size > bytes_.size() / least)
      throw FormatError("a part of an analysis is damaged: it ends early");
    return size;
  }
  void get(std::string& text) {
    text.resize(get_size(1));
    get(text.data(), text.size());
  }
  void get(Eigen::ArrayXd& values) {
    const std::size_t size = get_size(sizeof(double));
    values.resize(static_cast<Eigen::Index>(size));
    get(values.data(), size * sizeof(double));
  }
  template <class T>
  void get(std::vector<T>& values) {
    values.resize(get_size(1));
    for (T& value : values) get(value);
  }
  template <class T>
  requires std::is_class_v<T>
  void get(T& row) { members(*this, row); }

  std::string_view bytes_;
};

}  // namespace

std::string encode(const Part& part) {
  std::string bytes;
  Writer writer(bytes);
  writer(part);
  return bytes;
}

Part decode_part(std::string_view bytes) {
  Part part;
  Reader reader(bytes);
  reader(part);
  if (!reader.at_end()) throw FormatError("a part of an analysis is damaged: it goes on too long");
  return part;
}

}  // namespace allometer::report
