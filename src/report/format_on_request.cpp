#include <cmath>
#include <string>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/numbers.hpp"
#include "report/text_table.hpp"

namespace allometer::report {

using Align = TextTable::Align;

void append_fewer_questions(std::string& out, const Report& report) {
  if (!report.settings.item_response) return;
  out += "How few questions would do\n\n";
  if (report.anchor_rows.empty()) {
    append_wrapped(out,
                   "No task can tell: it takes more than ten questions, each right or wrong, that "
                   "several models answered all.\n");
    return;
  }
  TextTable table;
  table.add_column("task", Align::left, true);
  for (const char* header : {"shots", "models", "questions", "anchors", "error", "largest",
                             "weighted\nmean", "p-IRT", "at\nrandom"})
    table.add_column(header, Align::right);
  for (const AnchorRow& row : report.anchor_rows) {
    table.add_row({report.plan.tasks[static_cast<std::size_t>(row.task)].name,
                   std::to_string(row.num_fewshot), std::to_string(row.num_models),
                   std::to_string(row.num_questions), std::to_string(row.questions.size()),
                   short_number(row.error), short_number(row.largest_error),
                   short_number(row.error_of_weighted_mean), short_number(row.error_of_p_irt),
                   short_number(row.error_of_random)});
  }
  out += table.format() + "\n";
  append_wrapped(
      out,
      "error: mean absolute difference between a model's share of right answers over all questions "
      "and its estimate (gp-IRT) from the anchors alone, for models that neither the anchors nor "
      "the "
      "two-parameter logistic fit have seen; largest: over those models. weighted "
      "mean, p-IRT: the same for the two estimates that gp-IRT combines. at random: for as many "
      "questions drawn at random. Too few models leave gp-IRT without an error. The results file "
      "names the anchors (analysis_anchors).\n");
}

void append_density(std::string& out, const Report& report) {
  if (!report.settings.density) return;
  const Density& density = report.density;
  const Settings::Density& asked = *report.settings.density;
  out += "Capacity density\n\n";
  if (!density.problem.empty()) {
    append_wrapped(out, "Cannot be told: " + density.problem + ".\n");
    return;
  }
  TextTable table;
  table.add_column("variant", Align::left, true);
  for (const char* header : {"N", "score", "N of equal\nreference", "density"})
    table.add_column(header, Align::right);
  table.add_column(confidence_text(report) + " CI", Align::right);
  table.add_column("", Align::left);
  for (const DensityRow& row : density.rows) {
    table.add_row({report.plan.variants[static_cast<std::size_t>(row.variant)].name,
                   count_text(row.parameters), short_number(row.score),
                   count_text(row.effective_parameters), short_number(row.density),
                   interval_text(row.low, row.high),
                   row.at_ceiling     ? "at least"
                   : row.at_floor     ? "at most"
                   : row.is_reference ? "reference"
                                      : ""});
  }
  out += table.format() + "\n";
  append_wrapped(
      out, fmt::format(
               "Density: parameters of a reference model of family {} with the same {}, over the "
               "model's own. Laws: {} falls as a N^-{:.3g}{}, the score rises with it as a "
               "sigmoid, fitted to {} models. at least, at most: the score lies beyond those of "
               "the law. The interval carries the errors of both fits and of the score.\n",
               asked.family, asked.score, asked.loss, density.alpha,
               density.has_tokens ? " + b D^-beta, read at 10^12 training tokens D" : "",
               density.num_reference));
}

}  // namespace allometer::report
