#include <cmath>

#include <nlohmann/json.hpp>

#include "report/report.hpp"

namespace allometer::report {
namespace {

using Json = nlohmann::ordered_json;  // columns as in the results file

/// JSON has no NaN and no infinity.
Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json rows_of(const results::AnalysisTable& table) {
  Json rows = Json::array();
  const auto row = [&](std::size_t i) -> Json& {
    while (rows.size() <= i) rows.push_back(Json::object());
    return rows[i];
  };
  for (const auto& [name, values] : table.text_columns) {
    for (std::size_t i = 0; i < values.size(); ++i) row(i)[name] = values[i];
  }
  for (const auto& column : table.number_columns) {
    for (std::size_t i = 0; i < column.values.size(); ++i) {
      row(i)[column.name] = number_or_null(column.values[i]);
    }
  }
  return rows;
}

Json rows_of_estimates(const Report& report) {
  Json rows = Json::array();
  for (const auto& estimate : report.estimates) {
    const auto& cell = report.plan.cells[static_cast<std::size_t>(estimate.cell)];
    rows.push_back({{"variant", report.plan.variants[static_cast<std::size_t>(cell.variant)].name},
                    {"task", report.plan.tasks[static_cast<std::size_t>(cell.task)].name},
                    {"metric", estimate.metric},
                    {"num_fewshot", cell.num_fewshot},
                    {"seed", cell.seed},
                    {"value", number_or_null(estimate.estimate)},
                    {"standard_error", number_or_null(estimate.standard_error)},
                    {"ci_low", number_or_null(estimate.ci_low)},
                    {"ci_high", number_or_null(estimate.ci_high)},
                    {"num_questions", estimate.num_questions}});
  }
  return rows;
}

}  // namespace

std::string format_json(const Report& report) {
  Json all{{"job", report.plan.job_name},
           {"settings", Json::parse(report.plan.analysis.empty() ? "{}" : report.plan.analysis)},
           {"estimates", rows_of_estimates(report)}};
  for (const auto& table : tables_of(report)) all[table.name] = rows_of(table);
  // Names may hold bytes that are no UTF-8.
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace allometer::report
