#include "exchange/merge_rows.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::exchange {
namespace {

using results::CellStatus;
using results::PlannedCell;
using results::PlannedModel;
using results::PlannedTask;
using results::PlannedVariant;
using results::PlanRecord;

template <class T>
const T& at(const std::vector<T>& list, std::int32_t index) {
  return list[static_cast<std::size_t>(index)];
}

bool same_number(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

bool same_metric(const results::PlannedMetric& a, const results::PlannedMetric& b) {
  return a.name == b.name && a.aggregation == b.aggregation &&
         a.higher_is_better == b.higher_is_better && same_number(a.chance, b.chance) &&
         same_number(a.best, b.best);
}

/// What two models of one name do not share, where they lay aside; empty if nothing.
std::string difference(const PlannedModel& a, const PlannedModel& b) {
  if (a.family != b.family) return "families";
  if (a.levers != b.levers) return "levers";
  if (a.num_parameters != b.num_parameters ||
      a.num_parameters_without_embeddings != b.num_parameters_without_embeddings) {
    return "numbers of parameters";
  }
  if (!same_number(a.training_tokens, b.training_tokens) ||
      !same_number(a.training_flops, b.training_flops)) {
    return "training tokens or FLOPs";
  }
  return a.digest != b.digest ? "weights (model_digest)" : "";
}

/// The same of two tasks of one name. Equal tasks under different limits have more or fewer of the
/// same questions.
std::string difference(const PlannedTask& a, const PlannedTask& b) {
  if (a.digest != b.digest) return "text or data (task_digest)";
  if (a.ability != b.ability) return "abilities";
  if (a.metrics.size() != b.metrics.size() ||
      !std::equal(a.metrics.begin(), a.metrics.end(), b.metrics.begin(), same_metric)) {
    return "metrics";
  }
  const std::size_t common = std::min(a.question_ids.size(), b.question_ids.size());
  const auto count = static_cast<std::ptrdiff_t>(common);
  const bool same =
      std::equal(a.question_ids.begin(), a.question_ids.begin() + count, b.question_ids.begin());
  return same ? "" : "questions (question_id)";
}

/// Models and tasks that only cells of former versions of a job use do not clash by their names.
struct InUse {
  std::set<std::int32_t> models, tasks;

  explicit InUse(const PlanRecord& plan) {
    for (const PlannedCell& cell : plan.cells) {
      if (!cell.in_job) continue;
      models.insert(at(plan.variants, cell.variant).model);
      tasks.insert(cell.task);
    }
  }
};

class Planner {
 public:
  explicit Planner(const std::vector<MergeInput>& inputs) : inputs_(inputs) {}

  MergePlan plan() {
    for (const char* dimension :
         {"model", "variant", "task", "metric", "question", "cell", "record", "request",
          "generation", "published", "start", "machine"}) {
      rows(dimension);  // also of what no file has
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) in_use_.emplace_back(plan_of(i));
    plan_models();
    plan_variants();
    plan_tasks();
    plan_cells();
    plan_answers();
    plan_provenance();
    return std::move(out_);
  }

 private:
  const PlanRecord& plan_of(std::size_t file) const { return inputs_[file].results.plan(); }
  MergedRows& rows(const char* dimension) { return out_.dimensions[dimension]; }

  /// One row of one file.
  struct Source {
    std::size_t file = 0;
    std::int32_t row = 0;
  };

  [[noreturn]] void fail_on_name(const char* kind, const std::string& name, Source a, Source b,
                                 const std::string& what) const {
    throw ConfigError(fmt::format(
        "{} and {} both have a {} '{}', but with different {}: rename it in one of the jobs and "
        "run "
        "or import that again, or merge without one of the files",
        inputs_[a.file].path.string(), inputs_[b.file].path.string(), kind, name, what));
  }

  void plan_models() {
    std::vector<Source> known;
    MergedRows& models = rows("model");
    for (std::size_t file = 0; file < inputs_.size(); ++file) {
      const auto& list = plan_of(file).models;
      for (std::int32_t row = 0; row < static_cast<std::int32_t>(list.size()); ++row) {
        const auto same = std::find_if(known.begin(), known.end(), [&](Source other) {
          const PlannedModel& model = at(plan_of(other.file).models, other.row);
          if (model.name != at(list, row).name) return false;
          const std::string what = difference(model, at(list, row));
          const bool clash = !what.empty() && other.file != file &&
                             in_use_[other.file].models.contains(other.row) &&
                             in_use_[file].models.contains(row);
          if (clash) fail_on_name("model", model.name, other, {file, row}, what);
          return what.empty();
        });
        place(models, file, row, same == known.end() ? -1 : same - known.begin());
        if (same == known.end()) known.push_back({file, row});
      }
    }
  }

  static void place(MergedRows& rows, std::size_t file, std::int32_t row, std::ptrdiff_t known) {
    rows.set_place(file, row, known < 0 ? rows.add(file, row, 1) : known);
  }

  void plan_variants() {
    std::map<std::tuple<std::string, std::int32_t, std::string>, std::ptrdiff_t> known;
    for (std::size_t file = 0; file < inputs_.size(); ++file) {
      const auto& list = plan_of(file).variants;
      for (std::int32_t row = 0; row < static_cast<std::int32_t>(list.size()); ++row) {
        const PlannedVariant& variant = at(list, row);
        const std::int32_t model = rows("model").place(file, variant.model);
        const auto [found, is_new] =
            known.try_emplace({variant.name, model, variant.precision}, known.size());
        place(rows("variant"), file, row, is_new ? -1 : found->second);
      }
    }
  }

  void plan_tasks() {
    for (std::size_t file = 0; file < inputs_.size(); ++file) {
      const auto& list = plan_of(file).tasks;
      for (std::int32_t row = 0; row < static_cast<std::int32_t>(list.size()); ++row) {
        add_task({file, row});
      }
    }
    MergedRows& tasks = rows("task");
    for (Task& task : tasks_) {
      tasks.add(task.longest.file, task.longest.row, 1);
      add_parts(task);
    }
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      for (const Source& other : tasks_[i].all) set_places(static_cast<std::int32_t>(i), other);
    }
  }

  /// The same task of several files.
  struct Task {
    Source longest;  ///< with the most questions
    std::vector<Source> all;
    std::int64_t first_question = 0;  ///< in the merged file
  };

  void add_task(Source source) {
    const PlannedTask& task = at(plan_of(source.file).tasks, source.row);
    for (Task& known : tasks_) {
      const PlannedTask& other = at(plan_of(known.longest.file).tasks, known.longest.row);
      if (other.name != task.name) continue;
      std::string what = difference(other, task);
      if (what.empty() && known.longest.file != source.file &&
          texts_differ(known.longest, source)) {
        what = "texts of questions";
      }
      const bool clash = !what.empty() && known.longest.file != source.file &&
                         in_use_[known.longest.file].tasks.contains(known.longest.row) &&
                         in_use_[source.file].tasks.contains(source.row);
      if (clash) fail_on_name("task", task.name, known.longest, source, what);
      if (!what.empty()) continue;
      known.all.push_back(source);
      if (task.question_ids.size() > other.question_ids.size()) known.longest = source;
      return;
    }
    tasks_.push_back({source, {source}});
  }

  bool texts_differ(Source a, Source b) const {
    const auto differ = [&](auto read) {
      const std::vector<std::string> one = read(a);
      const std::vector<std::string> other = read(b);
      const auto common = static_cast<std::ptrdiff_t>(std::min(one.size(), other.size()));
      return !std::equal(one.begin(), one.begin() + common, other.begin());
    };
    return differ([&](Source s) { return inputs_[s.file].results.question_texts(s.row); }) ||
           differ([&](Source s) { return inputs_[s.file].results.question_targets(s.row); });
  }

  /// Where the metrics or questions of a task begin in its file.
  std::int64_t first(const char* column, Source task) const {
    return inputs_[task.file].job.read_rows<std::int64_t>(column, task.row, 1)[0];
  }

  void add_parts(Task& task) {
    const Source source = task.longest;
    const PlannedTask& planned = at(plan_of(source.file).tasks, source.row);
    rows("metric").add(source.file, first("metric_row_start", source),
                       static_cast<std::int64_t>(planned.metrics.size()));
    task.first_question = rows("question")
                              .add(source.file, first("question_row_start", source),
                                   static_cast<std::int64_t>(planned.question_ids.size()));
  }

  void set_places(std::int32_t task, Source other) {
    rows("task").set_place(other.file, other.row, task);
    const Task& merged = tasks_[static_cast<std::size_t>(task)];
    const std::int64_t begin = first("question_row_start", other);
    const std::size_t count = at(plan_of(other.file).tasks, other.row).question_ids.size();
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i) {
      rows("question").set_place(other.file, begin + i, merged.first_question + i);
    }
  }

  // --- cells

  /// What makes two cells the same; former ones are what their digest says.
  std::string key_of(Source source) const {
    const PlanRecord& plan = plan_of(source.file);
    const PlannedCell& cell = at(plan.cells, source.row);
    if (!cell.in_job) return "former " + cell.digest.hex();
    return name_of(source) + "\n" + cell.sampler;
  }

  std::string name_of(Source source) const {
    const PlanRecord& plan = plan_of(source.file);
    const PlannedCell& cell = at(plan.cells, source.row);
    return fmt::format("{} {}, {} shots, seed {}", at(plan.variants, cell.variant).name,
                       at(plan.tasks, cell.task).name, cell.num_fewshot, cell.seed);
  }

  const results::CellRow& row_of(Source source) const {
    return at(inputs_[source.file].results.cells(), source.row);
  }

  /// How much a cell tells.
  static int rank(CellStatus status) {
    switch (status) {
      case CellStatus::planned:
        return 0;
      case CellStatus::failed:
        return 1;
      case CellStatus::partial:
        return 2;
      case CellStatus::done:
        return 3;
    }
    return 0;
  }

  void plan_cells() {
    std::map<std::string, std::size_t> known;
    std::vector<std::vector<Source>> cells;
    for (std::size_t file = 0; file < inputs_.size(); ++file) {
      const auto count = static_cast<std::int32_t>(plan_of(file).cells.size());
      for (std::int32_t row = 0; row < count; ++row) {
        const auto [found, is_new] = known.try_emplace(key_of({file, row}), cells.size());
        if (is_new) cells.emplace_back();
        cells[found->second].push_back({file, row});
      }
    }
    for (const std::vector<Source>& same : cells) {
      const Source best = choose(same);
      const std::int64_t place = rows("cell").add(best.file, best.row, 1);
      for (const Source& other : same) rows("cell").set_place(other.file, other.row, place);
      chosen_.push_back(best);
    }
  }

  Source choose(const std::vector<Source>& same) {
    Source best = same.front();
    for (const Source& other : same) {
      if (other.file == best.file && other.row == best.row) continue;
      if (other.file == best.file) {
        throw FormatError(
            fmt::format("{}: holds the cell {} twice; build it anew with 'allometer collect'",
                        inputs_[other.file].path.string(), name_of(other)));
      }
      compare(best, other);
      if (rank(row_of(other).status) > rank(row_of(best).status)) best = other;
    }
    if (same.size() > 1) ++out_.num_same_cells;
    return best;
  }

  /// Throws ConfigError if both have results and they differ.
  void compare(Source a, Source b) const {
    const auto fail = [&](const std::string& what) {
      throw ConfigError(fmt::format(
          "{} and {} hold different results of the cell {} ({}): equal input gives equal results, "
          "so "
          "one of them is of other weights, another program or another machine; merge without it",
          inputs_[a.file].path.string(), inputs_[b.file].path.string(), name_of(a), what));
    };
    const auto one = inputs_[a.file].results.records(a.row);
    const auto other = inputs_[b.file].results.records(b.row);
    auto next = other.begin();
    for (const results::QuestionRecord& record : one) {
      while (next != other.end() && next->question < record.question) ++next;
      if (next == other.end()) break;
      if (next->question == record.question && !(*next == record)) {
        const PlannedTask& task = at(plan_of(a.file).tasks, row_of(a).cell.task);
        fail(fmt::format("question '{}'", at(task.question_ids, record.question)));
      }
    }
    compare_published(a, b, fail);
  }

  template <class Fail>
  void compare_published(Source a, Source b, Fail fail) const {
    const auto& metrics = at(plan_of(a.file).tasks, row_of(a).cell.task).metrics;
    for (std::int32_t m = 0; m < static_cast<std::int32_t>(metrics.size()); ++m) {
      const auto one = inputs_[a.file].results.published(a.row, m);
      const auto other = inputs_[b.file].results.published(b.row, m);
      if (one && other &&
          (one->value != other->value ||
           !same_number(one->standard_error, other->standard_error))) {
        fail(fmt::format("published {}: {} and {}", one->metric, one->value, other->value));
      }
    }
  }

  /// Records, requests, generations and published values of the chosen cells.
  void plan_answers() {
    std::vector<Ragged> files;
    for (const MergeInput& input : inputs_) files.emplace_back(input);
    for (const Source& cell : chosen_) {
      const Ragged& ragged = files[cell.file];
      const auto row = static_cast<std::size_t>(cell.row);
      const std::int64_t begin = ragged.record_start[row];
      const std::int64_t count = ragged.record_size[row];
      rows("record").add(cell.file, begin, count);
      add_parts_of_records("request", cell.file, ragged.request_start, ragged.request_size, begin,
                           count);
      add_parts_of_records("generation", cell.file, ragged.generation_start, ragged.generation_size,
                           begin, count);
      for (const std::int64_t published : ragged.published[row]) {
        rows("published").add(cell.file, published, 1);
      }
    }
  }

  /// The ragged dimensions of one file.
  struct Ragged {
    std::vector<std::int64_t> record_start, request_start, generation_start;
    std::vector<std::int32_t> record_size, request_size, generation_size;
    std::vector<std::vector<std::int64_t>> published;  ///< rows of each cell

    explicit Ragged(const MergeInput& input)
        : record_start(input.job.read_column<std::int64_t>("record_row_start")),
          request_start(input.job.read_column<std::int64_t>("request_row_start")),
          generation_start(input.job.read_column<std::int64_t>("generation_row_start")),
          record_size(input.job.read_column<std::int32_t>("record_row_size")),
          request_size(input.job.read_column<std::int32_t>("request_row_size")),
          generation_size(input.job.read_column<std::int32_t>("generation_row_size")),
          published(input.results.cells().size()) {
      const auto cells = input.job.read_column<std::int32_t>("published_cell_index");
      for (std::size_t i = 0; i < cells.size(); ++i) {
        published[static_cast<std::size_t>(cells[i])].push_back(static_cast<std::int64_t>(i));
      }
    }
  };

  void add_parts_of_records(const char* dimension, std::size_t file,
                            const std::vector<std::int64_t>& starts,
                            const std::vector<std::int32_t>& sizes, std::int64_t begin,
                            std::int64_t count) {
    if (count == 0) return;
    const auto last = static_cast<std::size_t>(begin + count - 1);
    if (begin < 0 || last >= starts.size()) {
      throw FormatError(
          fmt::format("{}: record_row_start leads beyond the records; build it anew with "
                      "'allometer collect'",
                      inputs_[file].path.string()));
    }
    const std::int64_t first = starts[static_cast<std::size_t>(begin)];
    rows(dimension).add(file, first, starts[last] + sizes[last] - first);
  }

  // --- starts and machines

  /// The same start, or the same machine, in several files (parts of one job) is there once.
  void plan_provenance() {
    plan_distinct("start", [&](std::size_t file) {
      std::vector<std::string> texts(starts_in(file));
      for (const char* column : {"start_time", "start_argv", "start_hosts", "finish_time"}) {
        const auto values = inputs_[file].job.read_column<std::string>(column);
        for (std::size_t i = 0; i < texts.size(); ++i) texts[i] += values[i] + "\n";
      }
      return texts;
    });
    plan_distinct("machine", [&](std::size_t file) {
      std::vector<std::string> texts;
      for (const auto& machine : inputs_[file].results.machines())
        texts.push_back(machine.encode());
      return texts;
    });
  }

  std::size_t starts_in(std::size_t file) const {
    return static_cast<std::size_t>(inputs_[file].job.num_rows("start_number"));
  }

  template <class Texts>
  void plan_distinct(const char* dimension, Texts texts_of) {
    std::set<std::string> earlier;
    for (std::size_t file = 0; file < inputs_.size(); ++file) {
      const std::vector<std::string> texts = texts_of(file);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!earlier.contains(texts[i])) rows(dimension).add(file, static_cast<std::int64_t>(i), 1);
      }
      earlier.insert(texts.begin(), texts.end());
    }
  }

  const std::vector<MergeInput>& inputs_;
  MergePlan out_;
  std::vector<InUse> in_use_;  ///< [file]
  std::vector<Task> tasks_;
  std::vector<Source> chosen_;  ///< [merged cell]
};

std::vector<io::ColumnLayout> layouts_of(const io::Hdf5Group& job) {
  std::vector<io::ColumnLayout> layouts;
  for (const std::string& name : job.column_names()) layouts.push_back(job.column_layout(name));
  return layouts;
}

}  // namespace

MergeInput::MergeInput(const std::filesystem::path& path_of_file)
    : path(path_of_file),
      results(path_of_file),
      file(io::Hdf5File::open(path_of_file, io::Hdf5File::Mode::read)),
      job(file.root().open_group(file.root().group_names().front())),
      layouts(layouts_of(job)) {}

std::int64_t MergedRows::add(std::size_t file, std::int64_t begin, std::int64_t count) {
  const std::int64_t first = size_;
  if (count == 0) return first;
  if (!ranges_.empty() && ranges_.back().file == file &&
      ranges_.back().begin + ranges_.back().count == begin) {
    ranges_.back().count += count;
  } else {
    ranges_.push_back({file, begin, count});
  }
  size_ += count;
  return first;
}

void MergedRows::set_place(std::size_t file, std::int64_t row, std::int64_t place) {
  if (places_.size() <= file) places_.resize(file + 1);
  auto& places = places_[file];
  if (places.size() <= static_cast<std::size_t>(row)) {
    places.resize(std::max(static_cast<std::size_t>(row) + 1, 2 * places.size()), -1);
  }
  places[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(place);
}

std::int32_t MergedRows::place(std::size_t file, std::int64_t row) const {
  const bool known =
      file < places_.size() && row >= 0 && static_cast<std::size_t>(row) < places_[file].size();
  return known ? places_[file][static_cast<std::size_t>(row)] : -1;
}

MergePlan plan_merge(const std::vector<MergeInput>& inputs) {
  return Planner(inputs).plan();
}

}  // namespace allometer::exchange
