#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {
namespace {

using Align = TextTable::Align;

/// Names of tasks and metrics may be cut to this where it spares a block.
constexpr std::size_t kNameWidth = 24;

/// A model: a column.
struct Model {
  std::int32_t index = 0;  ///< into the plan's models
  double parameters = 0;
  bool random_weights = false;
  std::string header;
};

/// A row: task, metric and shots in the order of the plan, and the points of all models.
struct Line {
  const SizeRow* row = nullptr;
  std::map<std::int32_t, const Point*> points;  ///< by model
};

std::vector<Line> lines_of(const SizeRows& rows) {
  std::map<std::tuple<std::int32_t, std::int32_t, std::int32_t, std::string>, Line> lines;
  for (const SizeRow* row : rows) {
    Line& line = lines[{row->task, row->metric, row->num_fewshot, row->precision}];
    line.row = row;
    for (const Point& point : row->points) line.points[point.model] = &point;
  }
  std::vector<Line> sorted;
  sorted.reserve(lines.size());
  for (auto& [key, line] : lines) sorted.push_back(std::move(line));
  return sorted;
}

/// By N. Models whose N reads the same are told apart by a number: 10.0M/1, 10.0M/2.
std::vector<Model> models_of(const SizeRows& rows) {
  std::map<std::int32_t, Model> by_index;
  for (const SizeRow* row : rows) {
    for (const Point& point : row->points) {
      by_index[point.model] = {point.model, point.parameters, row->random_weights, ""};
    }
  }
  std::vector<Model> models;
  std::map<std::string, int> alike;
  for (const auto& [index, model] : by_index) {
    models.push_back(model);
    ++alike[count_text(model.parameters)];
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const Model& a, const Model& b) { return a.parameters < b.parameters; });
  std::map<std::string, int> seen;
  for (Model& model : models) {
    model.header = count_text(model.parameters);
    const int number = ++seen[model.header];
    if (alike[model.header] > 1) model.header += "/" + std::to_string(number);
  }
  return models;
}

class ScoreTable {
 public:
  ScoreTable(const Report& report, const SizeRows& rows)
      : report_(report), rows_(rows), lines_(lines_of(rows)), models_(models_of(rows)) {
    with_margins_ = blocks().size() == 1;
  }

  void append_to(std::string& out) const {
    out += "Scores: one column per model, by N";
    if (with_margins_)
      out += fmt::format("; +-: half the {} interval over questions", confidence_text(report_));
    out += "\n\n";
    for (const auto& [first, last] : blocks()) out += block(first, last) + "\n";
    append_names(out);
  }

 private:
  std::string text_of(const Line& line, const Model& model) const {
    const auto found = line.points.find(model.index);
    if (found == line.points.end()) return "-";
    const Point& point = *found->second;
    const std::string score = short_number(point.estimate);
    const double margin = 0.5 * (point.ci_high - point.ci_low);
    return with_margins_ && !std::isnan(margin) ? score + " +-" + margin_text(margin) : score;
  }

  std::string header_of(const Model& model) const {
    return (model.random_weights ? "random\n" : "") + model.header;
  }

  std::size_t width_of(const Model& model) const {
    std::size_t width = std::max(model.header.size(), model.random_weights ? 6ul : 0ul);
    for (const Line& line : lines_) width = std::max(width, display_width(text_of(line, model)));
    return width;
  }

  /// Ranges of models that fit the terminal side by side.
  std::vector<std::pair<std::size_t, std::size_t>> blocks() const {
    const std::size_t left = width_of_labels();
    std::vector<std::pair<std::size_t, std::size_t>> blocks;
    std::size_t used = kTextWidth + 1;
    for (std::size_t m = 0; m < models_.size(); ++m) {
      const std::size_t width = 1 + width_of(models_[m]);
      if (used + width > kTextWidth) {
        blocks.emplace_back(m, m);
        used = left;
      }
      used += width;
      blocks.back().second = m + 1;
    }
    return blocks;
  }

  bool has_shots() const {
    return !same_in_all(rows_, [](const SizeRow& row) { return row.num_fewshot; });
  }
  bool has_precisions() const {
    return !same_in_all(rows_, [](const SizeRow& row) { return row.precision; });
  }

  std::size_t width_of_labels() const {
    std::size_t task = std::string_view("task").size();
    std::size_t metric = std::string_view("metric").size();
    for (const Line& line : lines_) {
      task = std::max(task, display_width(task_of(report_, *line.row).name));
      metric = std::max(metric, display_width(metric_of(report_, *line.row).name));
    }
    constexpr std::size_t kFactorWidth = 6;  // "shots" or a precision
    return std::min(task, kNameWidth) + 1 + std::min(metric, kNameWidth) +
           kFactorWidth * (has_shots() + has_precisions());
  }

  std::string block(std::size_t first, std::size_t last) const {
    TextTable table;
    table.add_column("task", Align::left, true);
    table.add_column("metric", Align::left, true);
    if (has_shots()) table.add_column("shots", Align::right);
    if (has_precisions()) table.add_column("prec", Align::left);
    for (std::size_t m = first; m < last; ++m) {
      table.add_column(header_of(models_[m]), Align::right);
    }
    for (const Line& line : lines_) {
      std::vector<std::string> texts = {task_of(report_, *line.row).name,
                                        metric_of(report_, *line.row).name};
      if (has_shots()) texts.push_back(std::to_string(line.row->num_fewshot));
      if (has_precisions()) texts.push_back(line.row->precision);
      for (std::size_t m = first; m < last; ++m) texts.push_back(text_of(line, models_[m]));
      table.add_row(std::move(texts));
    }
    return table.format();
  }

  /// Which model a column is that N alone does not tell.
  void append_names(std::string& out) const {
    std::string names;
    for (const Model& model : models_) {
      if (model.header.find('/') == std::string::npos) continue;
      names += fmt::format("{}{}: {}", names.empty() ? "" : ", ", model.header,
                           report_.plan.models[static_cast<std::size_t>(model.index)].name);
    }
    if (!names.empty()) append_wrapped(out, names + "\n");
  }

  const Report& report_;
  const SizeRows& rows_;
  std::vector<Line> lines_;
  std::vector<Model> models_;
  bool with_margins_ = true;
};

}  // namespace

void append_scores(std::string& out, const Report& report) {
  // The rows within families hold no other points.
  SizeRows rows;
  for (const SizeRow& row : report.size_rows) {
    if (!row.within_family && !row.points.empty()) rows.push_back(&row);
  }
  if (!rows.empty()) ScoreTable(report, rows).append_to(out);
}

}  // namespace allometer::report
