#include "exchange/import.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "exchange/assemble.hpp"
#include "exchange/lm_eval_results.hpp"
#include "exchange/lm_eval_samples.hpp"
#include "exchange/published_table.hpp"
#include "exchange/write_job.hpp"
#include "io/atomic_file.hpp"
#include "job/glob.hpp"

namespace allometer::exchange {
namespace {

namespace fs = std::filesystem;

bool is_input(const fs::path& path) {
  const fs::path extension = path.extension();
  return extension == ".json" || extension == ".jsonl" || extension == ".csv";
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error) && is_input(entry->path())) files.push_back(entry->path());
  }
  if (error) throw IoError(fmt::format("{}: {}", directory.string(), error.message()));
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return job::natural_less(a.string(), b.string());
  });
  if (files.empty()) {
    throw ConfigError(fmt::format("{}: holds no .json, .jsonl or .csv file", directory.string()));
  }
  return files;
}

/// A results file and its samples are of one run if they stand in one directory and their names,
/// results_DATE.json and samples_TASK_DATE.jsonl, have one date.
using RunKey = std::pair<fs::path, std::string>;

std::optional<RunKey> results_key(const fs::path& file) {
  constexpr std::string_view kBeginning = "results_";
  const std::string stem = file.stem().string();
  if (!stem.starts_with(kBeginning)) return std::nullopt;
  return RunKey{file.parent_path(), stem.substr(kBeginning.size())};
}

/// "EleutherAI__pythia-70m", as the harness names the directory of a model.
std::string model_of_directory(const fs::path& file) {
  std::string name = fs::absolute(file).parent_path().filename().string();
  for (std::size_t at = 0; (at = name.find("__", at)) != std::string::npos; ++at) {
    name.replace(at, 2, "/");
  }
  return name;
}

class Importer {
 public:
  explicit Importer(const Sidecar& sidecar) : sidecar_(sidecar) {}

  void read(const fs::path& file) {
    std::string text = io::read_text(file);
    sources_ += fmt::format("# {}  {}\n", sha256(text).hex(), file.string());
    if (file.extension() == ".json") {
      if (const auto key = results_key(file)) results_[*key] = runs_.size();
      runs_.push_back(parse_lm_eval_results(text, file));
    } else if (file.extension() == ".jsonl") {
      samples_.emplace_back(file, std::move(text));
    } else if (file.extension() == ".csv") {
      read_table(text, file);
    } else {
      throw ConfigError(
          fmt::format("{}: must be results (.json) or samples (.jsonl) of "
                      "lm-evaluation-harness, or a table (.csv)",
                      file.string()));
    }
  }

  /// Samples wait until every results file is read, which tells their model and demonstrations.
  std::vector<ReportedRun> finish() {
    for (const auto& [file, text] : samples_) read_samples(file, text);
    return std::move(runs_);
  }

  /// A comment line for each file: SHA-256 and path.
  const std::string& sources() const { return sources_; }

 private:
  void read_table(const std::string& text, const fs::path& file) {
    if (!sidecar_.table) {
      throw ConfigError(fmt::format(
          "{}: what its columns mean must be said in a sidecar, under 'table' (--models FILE.yaml, "
          "docs/importing.md)",
          file.string()));
    }
    auto runs = parse_published_table(text, file, *sidecar_.table, sidecar_.file);
    std::move(runs.begin(), runs.end(), std::back_inserter(runs_));
  }

  void read_samples(const fs::path& file, const std::string& text) {
    const SamplesName name = parse_samples_name(file);
    if (name.task.empty()) {
      throw ConfigError(
          fmt::format("{}: samples are named samples_TASK_DATE.jsonl, which tells their "
                      "task; rename the file",
                      file.string()));
    }
    ReportedRun run;
    run.file = file;
    ReportedCell cell{file.string(), name.task};
    cell.answers = parse_lm_eval_samples(text, file, run.left_out);
    if (const ReportedRun* results = find_results({file.parent_path(), name.date})) {
      run.model = results->model;
      run.facts = results->facts;
      copy_settings(*results, cell);
    } else {
      run.model = model_of_directory(file);
    }
    run.cells.push_back(std::move(cell));
    runs_.push_back(std::move(run));
  }

  const ReportedRun* find_results(const RunKey& key) const {
    const auto found = results_.find(key);
    return found == results_.end() ? nullptr : &runs_[found->second];
  }

  static void copy_settings(const ReportedRun& results, ReportedCell& cell) {
    for (const ReportedCell& other : results.cells) {
      if (other.task != cell.task) continue;
      cell.num_fewshot = other.num_fewshot;
      cell.num_questions = other.num_questions;
      cell.seed = other.seed;
      cell.version = other.version;
      cell.output_type = other.output_type;
    }
  }

  const Sidecar& sidecar_;
  std::vector<ReportedRun> runs_;
  std::map<RunKey, std::size_t> results_;  ///< index into runs_
  std::vector<std::pair<fs::path, std::string>> samples_;
  std::string sources_;
};

ImportSummary summarize(const Assembled& assembled, std::size_t num_files) {
  ImportSummary summary;
  const results::PlanRecord& plan = assembled.plan;
  std::set<std::string> families;
  for (const auto& model : plan.models) families.insert(model.family);
  summary.num_files = num_files;
  summary.num_models = plan.models.size();
  summary.num_families = families.size();
  summary.num_tasks = plan.tasks.size();
  summary.num_cells = plan.cells.size();
  for (const auto& shard : assembled.shards) summary.num_records += shard.records.size();
  summary.left_out = assembled.left_out;
  summary.notes = assembled.notes;
  return summary;
}

}  // namespace

std::vector<fs::path> expand_inputs(const std::vector<std::string>& inputs) {
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  for (const std::string& input : inputs) {
    std::vector<fs::path> found =
        fs::exists(input) ? std::vector<fs::path>{input} : job::expand_pattern(input);
    if (found.empty()) {
      throw ConfigError(job::is_pattern(input) ? fmt::format("no file matches '{}'", input)
                                               : fmt::format("'{}' does not exist", input));
    }
    for (const fs::path& path : found) {
      const auto parts = fs::is_directory(path) ? files_below(path) : std::vector<fs::path>{path};
      for (const fs::path& file : parts) {
        if (seen.insert(fs::weakly_canonical(file)).second) files.push_back(file);
      }
    }
  }
  return files;
}

ImportSummary import_results(const ImportRequest& request) {
  const Sidecar sidecar = request.sidecar ? load_sidecar(*request.sidecar) : Sidecar{};
  const std::vector<fs::path> files = expand_inputs(request.inputs);
  Importer importer(sidecar);
  for (const fs::path& file : files) importer.read(file);
  Assembled assembled = assemble(importer.finish(), sidecar);
  results::PlanRecord& plan = assembled.plan;
  plan.job_name = sidecar.name.empty() ? request.output.stem().string() : sidecar.name;
  plan.job_text = fmt::format(
      "{}{}# Imported by allometer import, SHA-256 and path of each file:\n{}", sidecar.text,
      sidecar.text.empty() || sidecar.text.ends_with('\n') ? "" : "\n", importer.sources());
  plan.job_digest = sha256(plan.job_text);
  plan.numerics = "published by others";
  write_job(assembled, request.argv, request.output);
  return summarize(assembled, files.size());
}

}  // namespace allometer::exchange
