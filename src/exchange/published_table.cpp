#include "exchange/published_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/utf8.hpp"
#include "job/map_reader.hpp"
#include "job/mistakes.hpp"
#include "tasks/csv.hpp"

namespace allometer::exchange {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 6> kWords = {"", "NA", "N/A", "nan", "NaN", "-"};
  return std::find(kWords.begin(), kWords.end(), cell) != kWords.end();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

class Table {
 public:
  Table(std::string_view text, const std::filesystem::path& file,
        const std::filesystem::path& sidecar)
      : file_(file), sidecar_(sidecar) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (!is_utf8(text))
      throw FormatError(fmt::format("{}: not UTF-8: save it as UTF-8", file.string()));
    rows_ = tasks::parse_csv(text, file);
    if (rows_.size() < 2) {
      throw FormatError(
          fmt::format("{}: holds {}; a table has a row of headings and a row for each model",
                      file.string(), rows_.empty() ? "nothing" : "one row"));
    }
    for (const std::string& heading : rows_[0].fields) headings_.emplace_back(trimmed(heading));
    for (const auto& row : rows_) {
      if (row.fields.size() == headings_.size()) continue;
      throw FormatError(fmt::format("{}:{}: has {} fields, but there are {} headings",
                                    file.string(), row.line, row.fields.size(), headings_.size()));
    }
  }

  std::size_t num_rows() const { return rows_.size() - 1; }
  std::string where(std::size_t row) const {
    return fmt::format("{}:{}", file_.string(), rows_[row + 1].line);
  }

  /// Throws ConfigError naming `line` of the sidecar if there is no such heading, or more than one.
  std::size_t column(const std::string& heading, int line) const {
    const auto count = std::count(headings_.begin(), headings_.end(), heading);
    if (count == 1) {
      return static_cast<std::size_t>(std::find(headings_.begin(), headings_.end(), heading) -
                                      headings_.begin());
    }
    const std::vector<std::string_view> known(headings_.begin(), headings_.end());
    throw ConfigError(fmt::format(
        "{}:{}: {} column '{}' in {}{}", sidecar_.string(), line,
        count == 0 ? "there is no" : "there is more than one", heading, file_.string(),
        count == 0 ? job::suggestion(heading, known) +
                         "; its headings are: " + fmt::format("{}", fmt::join(headings_, " | "))
                   : "; give the columns different headings"));
  }

  std::string_view text(std::size_t row, std::size_t column) const {
    return trimmed(rows_[row + 1].fields[column]);
  }

  /// Nothing where the cell is missing. Throws FormatError for a cell that is no number.
  std::optional<double> number(std::size_t row, std::size_t column, double times) const {
    const std::string_view cell = text(row, column);
    if (is_missing(cell)) return std::nullopt;
    const auto value = job::parse_real(cell);
    if (value && std::isfinite(*value * times)) return *value * times;
    throw FormatError(
        fmt::format("{}: column '{}' holds '{}', which is no number; leave it empty if "
                    "there is none",
                    where(row), headings_[column], cell));
  }

 private:
  const std::filesystem::path& file_;
  const std::filesystem::path& sidecar_;
  std::vector<tasks::CsvRow> rows_;
  std::vector<std::string> headings_;
};

/// A column of the map with its place in the table.
struct BoundNumber {
  std::size_t column = 0;
  double times = 1;
};

class Reader {
 public:
  Reader(const Table& table, const TableMap& map, const std::filesystem::path& file)
      : table_(table), map_(map), file_(file), model_(table.column(map.model, map.line)) {
    if (map.family) family_ = table.column(*map.family, map.line);
    for (const auto& [lever, heading] : map.levers)
      levers_[lever] = table.column(heading, map.line);
    parameters_ = bind(map.num_parameters);
    without_ = bind(map.num_parameters_without_embeddings);
    tokens_ = bind(map.training_tokens);
    flops_ = bind(map.training_flops);
    for (const ScoreColumn& score : map.scores) {
      scores_.push_back(table.column(score.column, score.line));
      errors_.push_back(score.standard_error
                            ? std::optional(table.column(*score.standard_error, score.line))
                            : std::nullopt);
    }
  }

  ReportedRun read(std::size_t row) {
    ReportedRun run;
    run.file = file_;
    run.one_of_many = true;
    run.model = table_.text(row, model_);
    if (run.model.empty()) {
      throw FormatError(fmt::format("{}: column '{}' is empty; every row is of a model",
                                    table_.where(row), map_.model));
    }
    if (!seen_.insert(run.model).second) {
      throw FormatError(fmt::format("{}: model '{}' stands further up too; keep one of the rows",
                                    table_.where(row), run.model));
    }
    read_facts(row, run.facts);
    for (std::size_t i = 0; i < scores_.size(); ++i) read_score(row, i, run);
    return run;
  }

 private:
  std::optional<BoundNumber> bind(const std::optional<NumberColumn>& number) const {
    if (!number) return std::nullopt;
    return BoundNumber{table_.column(number->column, map_.line), number->times};
  }

  /// A number above 0, or nothing where it is missing.
  std::optional<double> positive(std::size_t row, const std::optional<BoundNumber>& number) const {
    if (!number) return std::nullopt;
    const auto value = table_.number(row, number->column, number->times);
    if (value && (!(*value > 0) || *value > 1e40)) {
      throw FormatError(fmt::format("{}: '{}' is no size: it must be above 0", table_.where(row),
                                    table_.text(row, number->column)));
    }
    return value;
  }

  std::optional<std::int64_t> count(std::size_t row,
                                    const std::optional<BoundNumber>& number) const {
    const auto value = positive(row, number);
    if (!value) return std::nullopt;
    if (*value > 1e18 || *value < 0.5) {
      throw FormatError(fmt::format("{}: {} parameters; is 'times' in the sidecar right?",
                                    table_.where(row), *value));
    }
    return std::llround(*value);
  }

  void read_facts(std::size_t row, ModelFacts& facts) const {
    if (family_ && !is_missing(table_.text(row, *family_))) {
      facts.family = table_.text(row, *family_);
    }
    for (const auto& [lever, column] : levers_) {
      if (!is_missing(table_.text(row, column))) facts.levers[lever] = table_.text(row, column);
    }
    facts.num_parameters = count(row, parameters_);
    facts.num_parameters_without_embeddings = count(row, without_);
    facts.training_tokens = positive(row, tokens_);
    facts.training_flops = positive(row, flops_);
  }

  void read_score(std::size_t row, std::size_t index, ReportedRun& run) const {
    const ScoreColumn& score = map_.scores[index];
    const auto value = table_.number(row, scores_[index], score.times);
    if (!value) return;
    ReportedMetric metric{score.metric, *value};
    if (errors_[index]) {
      const auto error = table_.number(row, *errors_[index], score.times);
      if (error && *error < 0) {
        throw FormatError(fmt::format("{}: column '{}' holds {}; a standard error is 0 or more",
                                      table_.where(row), *score.standard_error, *error));
      }
      if (error) metric.standard_error = *error;
    }
    const auto same =
        std::find_if(run.cells.begin(), run.cells.end(),
                     [&](const ReportedCell& cell) { return cell.task == score.task; });
    if (same != run.cells.end()) {
      same->metrics.push_back(std::move(metric));
      return;
    }
    ReportedCell cell{table_.where(row), score.task};
    cell.metrics.push_back(std::move(metric));
    run.cells.push_back(std::move(cell));
  }

  const Table& table_;
  const TableMap& map_;
  const std::filesystem::path& file_;
  std::size_t model_ = 0;
  std::optional<std::size_t> family_;
  std::map<std::string, std::size_t> levers_;
  std::optional<BoundNumber> parameters_, without_, tokens_, flops_;
  std::vector<std::size_t> scores_;                 ///< [score]
  std::vector<std::optional<std::size_t>> errors_;  ///< [score]
  std::set<std::string> seen_;
};

}  // namespace

std::vector<ReportedRun> parse_published_table(std::string_view text,
                                               const std::filesystem::path& file,
                                               const TableMap& map,
                                               const std::filesystem::path& sidecar) {
  const Table table(text, file, sidecar);
  Reader reader(table, map, file);
  std::vector<ReportedRun> runs;
  for (std::size_t row = 0; row < table.num_rows(); ++row) runs.push_back(reader.read(row));
  return runs;
}

}  // namespace allometer::exchange
