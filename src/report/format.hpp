#pragma once
/// The parts of format_tables(), and what they share.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "report/report.hpp"

namespace allometer::report {

/// What the data show: sentences on abilities and a table of verdicts; nothing without any.
void append_verdict_rows(std::string& out, const Report& report);

/// What the hierarchical bootstrap and the mixed logistic model say; nothing unless the job asks.
void append_second_opinions(std::string& out, const Report& report);

/// What grows with size: verdicts by task, the table of all rows, and one of the rows within
/// families that have sizes enough for a p.
/// Nothing where no cell is finished.
void append_abilities(std::string& out, const Report& report);
void append_size_tables(std::string& out, const Report& report);

/// Every model's score, a column per model in order of N; in blocks where the models are many.
void append_scores(std::string& out, const Report& report);

/// Level and gain of tasks that were asked with several numbers of shots; nothing without any.
void append_shots_table(std::string& out, const Report& report);

/// What levers do beside size, and which pairs of models that differ in one lever can be told
/// apart; nothing without levers.
void append_levers(std::string& out, const Report& report);
void append_pairs(std::string& out, const Report& report);

/// What each variant and each of its answers cost, and which variants are not dominated; where no
/// cost is known, that.
void append_efficiency(std::string& out, const Report& report);

/// On request: how few questions would do; the capacity density of each model.
void append_fewer_questions(std::string& out, const Report& report);
void append_density(std::string& out, const Report& report);

/// The confidence as text: "95%".
std::string confidence_text(const Report& report);

const results::PlannedTask& task_of(const Report& report, const SizeRow& row);
const results::PlannedMetric& metric_of(const Report& report, const SizeRow& row);

/// A paragraph of lines that fit the terminal; later ones are indented by two more.
void append_wrapped(std::string& out, const std::string& text, std::size_t first_indent = 0);

using SizeRows = std::vector<const SizeRow*>;

/// Is `part` of a row the same in every one, so that it need not be a column? Not for no rows.
template <class Part>
bool same_in_all(const SizeRows& rows, Part part) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](const SizeRow* row) { return part(*row) == part(*rows.front()); });
}

}  // namespace allometer::report
