#include <cmath>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "exchange/export.hpp"
#include "io/atomic_file.hpp"

namespace allometer::exchange {
namespace {

namespace fs = std::filesystem;
using results::PlannedCell;
using results::PlannedModel;
using results::PlannedTask;
using results::PlannedVariant;
using results::ResultsFile;

/// A field of RFC 4180.
std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

/// The shortest text that reads as the same number; nothing where there is none.
std::string number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

/// What is not known of a model is 0.
std::string count(std::int64_t value) {
  return value > 0 ? fmt::format("{}", value) : std::string();
}

/// A file whose rows are written one by one; there whole or not at all.
void write_rows(const fs::path& path, const std::function<void(std::ostream&)>& write) {
  io::replace_file(path, [&](const fs::path& temporary) {
    std::ofstream stream(temporary, std::ios::binary);
    write(stream);
    stream.flush();
    if (!stream) throw IoError(fmt::format("cannot write {}: is the disk full?", path.string()));
  });
}

class Exporter {
 public:
  explicit Exporter(const ResultsFile& file) : file_(file), plan_(file.plan()) {
    for (const PlannedModel& model : plan_.models) {
      for (const auto& [lever, value] : model.levers) levers_.insert(lever);
    }
  }

  void write_estimates(const std::vector<ResultsFile::Estimate>& estimates,
                       std::ostream& out) const {
    out << "model,variant,precision,family,num_parameters,num_parameters_without_embeddings,"
           "training_tokens,training_flops";
    for (const std::string& lever : levers_) out << "," << field("lever_" + lever);
    out << ",task,ability,num_fewshot,seed,metric,higher_is_better,chance,value,standard_error,ci_"
           "low,"
           "ci_high,num_questions,status\r\n";
    for (const auto& estimate : estimates) write_estimate(estimate, out);
  }

  /// Returns the number of answers.
  std::int64_t write_records(std::ostream& out) const {
    out << "variant,task,num_fewshot,seed,question,metric,value,weight\r\n";
    std::int64_t num_records = 0;
    for (std::size_t i = 0; i < file_.cells().size(); ++i) {
      const PlannedCell& cell = file_.cells()[i].cell;
      const PlannedTask& task = task_of(cell);
      const std::string beginning = fmt::format("{},{},{},{}", field(variant_of(cell).name),
                                                field(task.name), cell.num_fewshot, cell.seed);
      for (std::size_t m = 0; m < task.metrics.size(); ++m) {
        if (file_.cells()[i].questions_done == 0) break;
        const auto column =
            file_.metric(static_cast<std::int32_t>(i), static_cast<std::int32_t>(m));
        for (std::size_t q = 0; q < column.question.size(); ++q) {
          const auto question = static_cast<std::size_t>(column.question[q]);
          out << beginning << ',' << field(task.question_ids.at(question)) << ','
              << field(task.metrics[m].name) << ',' << number(column.value[q]) << ','
              << number(column.weight[q]) << "\r\n";
        }
      }
      num_records += file_.cells()[i].questions_done;
    }
    return num_records;
  }

 private:
  const PlannedVariant& variant_of(const PlannedCell& cell) const {
    return plan_.variants[static_cast<std::size_t>(cell.variant)];
  }
  const PlannedTask& task_of(const PlannedCell& cell) const {
    return plan_.tasks[static_cast<std::size_t>(cell.task)];
  }

  void write_model(const PlannedVariant& variant, std::ostream& out) const {
    const PlannedModel& model = plan_.models[static_cast<std::size_t>(variant.model)];
    out << field(model.name) << ',' << field(variant.name) << ',' << field(variant.precision) << ','
        << field(model.family) << ',' << count(model.num_parameters) << ','
        << count(model.num_parameters_without_embeddings) << ',' << number(model.training_tokens)
        << ',' << number(model.training_flops);
    for (const std::string& lever : levers_) {
      const auto found = model.levers.find(lever);
      out << ',' << (found == model.levers.end() ? std::string() : field(found->second));
    }
  }

  void write_estimate(const ResultsFile::Estimate& estimate, std::ostream& out) const {
    const auto& row = file_.cells()[static_cast<std::size_t>(estimate.cell)];
    const PlannedTask& task = task_of(row.cell);
    write_model(variant_of(row.cell), out);
    out << fmt::format(",{},{},{},{},{}", field(task.name), field(task.ability),
                       row.cell.num_fewshot, row.cell.seed, field(estimate.metric));
    for (const auto& metric : task.metrics) {
      if (metric.name != estimate.metric) continue;
      out << ',' << (metric.higher_is_better ? "true" : "false") << ',' << number(metric.chance);
    }
    out << fmt::format(",{},{},{},{},{},{}\r\n", number(estimate.estimate),
                       number(estimate.standard_error), number(estimate.ci_low),
                       number(estimate.ci_high), count(estimate.num_questions),
                       name_of(row.status));
  }

  const ResultsFile& file_;
  const results::PlanRecord& plan_;
  std::set<std::string> levers_;
};

}  // namespace

ExportSummary export_csv(const ResultsFile& file,
                         const std::vector<ResultsFile::Estimate>& estimates,
                         const fs::path& directory) {
  fs::create_directories(directory);
  const Exporter exporter(file);
  ExportSummary summary;
  summary.files = {directory / "estimates.csv", directory / "records.csv"};
  write_rows(summary.files[0],
             [&](std::ostream& out) { exporter.write_estimates(estimates, out); });
  write_rows(summary.files[1],
             [&](std::ostream& out) { summary.num_records = exporter.write_records(out); });
  return summary;
}

}  // namespace allometer::exchange
