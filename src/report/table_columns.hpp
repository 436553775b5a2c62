#pragma once
/// Columns of a table of the results file, one value from each row.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "results/results_file.hpp"

namespace allometer::report {

/// What a column takes of a row is a member of it, or a function.
template <class Row>
class Columns {
 public:
  Columns(results::AnalysisTable& table, const std::vector<Row>& rows)
      : table_(table), rows_(rows) {}

  template <class Text>
  void text(std::string name, Text of_row) {
    std::vector<std::string> values;
    for (const Row& row : rows_) values.emplace_back(std::invoke(of_row, row));
    table_.text_columns.emplace_back(std::move(name), std::move(values));
  }
  template <class Number>
  void number(std::string name, std::string unit, std::string long_name, Number of_row) {
    std::vector<double> values;
    for (const Row& row : rows_) values.push_back(static_cast<double>(std::invoke(of_row, row)));
    table_.number_columns.push_back(
        {std::move(name), std::move(unit), std::move(long_name), std::move(values)});
  }

 private:
  results::AnalysisTable& table_;
  const std::vector<Row>& rows_;
};

}  // namespace allometer::report
