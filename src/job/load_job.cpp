#include <algorithm>
#include <iterator>
#include <string_view>
#include <system_error>

#include "core/error.hpp"
#include "core/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/gguf.hpp"
#include "job/glob.hpp"
#include "job/job.hpp"
#include "job/read_job.hpp"

namespace allometer::job {
namespace fs = std::filesystem;
namespace {

/// A directory with a config.json, or a GGUF file; of a GGUF model in parts the first.
bool is_checkpoint(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path / "config.json", error)) return true;
  return io::is_gguf_name(path) && !io::is_later_gguf_part(path) &&
         fs::is_regular_file(path, error);
}

/// The last component that is one: "" in "DIR/" does not count.
std::string last_name(const fs::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

/// The directory's name, or that of the GGUF file without "-00001-of-00003.gguf" or ".gguf".
std::string checkpoint_name(const fs::path& path) {
  return io::is_gguf_name(path) ? io::gguf_model_name(path) : last_name(path);
}

/// The checkpoints of one entry; what is wrong with it goes to `mistakes`.
std::vector<fs::path> find_checkpoints(const ModelEntry& entry, Mistakes& mistakes) {
  const std::string pattern = entry.pattern.string();
  std::vector<fs::path> matches = expand_pattern(entry.pattern);
  if (matches.empty()) {
    mistakes.add(entry.line, is_pattern(pattern)
                                 ? "'" + pattern +
                                       "' matches nothing: check the pattern and the "
                                       "directories it names"
                                 : "'" + pattern + "' does not exist");
    return {};
  }
  const std::size_t num_matches = matches.size();
  std::erase_if(matches, [](const fs::path& path) { return !is_checkpoint(path); });
  if (!matches.empty()) return matches;
  mistakes.add(entry.line,
               (num_matches == 1 ? "'" + pattern + "' is no checkpoint"
                                 : "none of the " + std::to_string(num_matches) + " matches of '" +
                                       pattern + "' is a checkpoint") +
                   " (a directory with a config.json, or a GGUF file; of a GGUF model in parts the "
                   "first, as NAME-00001-of-00003.gguf)");
  return {};
}

void expand_entry(const ModelEntry& entry, Job& job, Mistakes& mistakes) {
  if (entry.pattern.empty()) return;
  const std::vector<fs::path> paths = find_checkpoints(entry, mistakes);
  if (entry.name && paths.size() > 1) {
    mistakes.add(entry.line, "'" + entry.pattern.string() + "' matches " +
                                 std::to_string(paths.size()) +
                                 " checkpoints, which cannot all be "
                                 "named '" +
                                 *entry.name + "': leave 'name' out");
    return;
  }
  for (const fs::path& path : paths) {
    if (!is_utf8(path.string())) {
      mistakes.add(entry.line,
                   "'" + entry.pattern.string() + "' matches a name that is not UTF-8: rename it");
      continue;
    }
    Model model;
    model.path = path;
    model.name = entry.name.value_or(checkpoint_name(path));
    model.family = entry.family.value_or(
        last_name((path.has_filename() ? path : path.parent_path()).parent_path()));
    model.random_weights = entry.random_weights;
    model.levers = entry.levers;
    model.training_tokens = entry.training_tokens;
    model.line = entry.line;
    job.models.push_back(std::move(model));
  }
}

void check_names(const std::vector<Model>& models, Mistakes& mistakes) {
  std::map<std::string, const Model*> first;
  for (const Model& model : models) {
    const auto [seen, is_new] = first.emplace(model.name, &model);
    if (is_new) continue;
    mistakes.add(model.line, "two models are named '" + model.name +
                                 "': " + seen->second->path.string() + " (line " +
                                 std::to_string(seen->second->line) + ") and " +
                                 model.path.string() + "; give one of them another 'name'");
  }
}

void check_tasks(const Job& job, Mistakes& mistakes) {
  for (const TaskRef& task : job.tasks) {
    std::error_code error;
    if (!task.file.empty() && !fs::is_regular_file(task.file, error)) {
      mistakes.add(task.line, "task file '" + task.file.string() + "' does not exist");
    }
  }
  const bool any_by_name = std::any_of(job.tasks.begin(), job.tasks.end(),
                                       [](const TaskRef& task) { return task.file.empty(); });
  if (!any_by_name) return;
  for (const fs::path& directory : job.task_directories) {
    std::error_code error;
    if (!fs::is_directory(directory, error)) {
      mistakes.add(1, "task directory '" + directory.string() +
                          "' does not exist: name the directories of your tasks in "
                          "'task_directories'");
    }
  }
}

class RuleCheck {
 public:
  RuleCheck(const Job& job, Mistakes& mistakes) : job_(job), mistakes_(mistakes) {}

  void check(const Rule& rule) const {
    for (const auto& [key, values] : rule.match) {
      for (const std::string& value : values) {
        if (!is_known(key, value)) {
          mistakes_.add(rule.line,
                        "a rule's " + key + " '" + value + "' matches nothing in this job");
        }
      }
    }
  }

  /// Levers and levels of `analysis: reference`.
  void check_reference() const {
    static constexpr std::string_view kNoLevers[] = {"model", "family", "task", "seed"};
    for (const auto& [lever, level] : job_.analysis.reference) {
      if (std::ranges::find(kNoLevers, lever) == std::end(kNoLevers) && is_known(lever, level))
        continue;
      mistakes_.add(1,
                    "'analysis.reference' says " + lever + ": " + level +
                        ", but no model of this job has that: name a lever and one of its levels");
    }
  }

 private:
  bool is_known(const std::string& key, const std::string& value) const {
    if (key == "task") return is_known_task(value);
    if (key == "shots") return is_known_shots(value);
    if (key == "seed") return is_known_seed(value);
    if (key == "precision") {
      return std::any_of(job_.variants.begin(), job_.variants.end(), [&](const Variant& variant) {
        return name_of(variant.precision) == value;
      });
    }
    return std::any_of(job_.models.begin(), job_.models.end(), [&](const Model& model) {
      if (key == "model") return glob_match(value, model.name);
      if (key == "family") return model.family == value;
      const auto lever = model.levers.find(key);
      return lever != model.levers.end() && lever->second == value;
    });
  }

  /// What a task file names its task is not known here.
  bool is_known_task(const std::string& value) const {
    return std::any_of(job_.tasks.begin(), job_.tasks.end(), [&](const TaskRef& task) {
      return task.name.empty() || glob_match(value, task.name);
    });
  }

  bool is_known_seed(const std::string& value) const {
    return std::any_of(job_.tasks.begin(), job_.tasks.end(), [&](const TaskRef& task) {
      const std::vector<std::uint64_t>& seeds = task.seeds ? *task.seeds : job_.seeds;
      return std::any_of(seeds.begin(), seeds.end(),
                         [&](std::uint64_t seed) { return std::to_string(seed) == value; });
    });
  }

  bool is_known_shots(const std::string& value) const {
    const auto holds = [&](const std::vector<int>& shots) {
      return std::any_of(shots.begin(), shots.end(),
                         [&](int n) { return std::to_string(n) == value; });
    };
    // Without any 'shots' the task's own number counts, which is not known here.
    return std::any_of(job_.tasks.begin(), job_.tasks.end(), [&](const TaskRef& task) {
      if (task.shots) return holds(*task.shots);
      return !job_.shots || holds(*job_.shots);
    });
  }

  const Job& job_;
  Mistakes& mistakes_;
};

}  // namespace

Job load_job(const fs::path& file) {
  Mistakes mistakes(file);
  JobText read = read_job(io::read_text(file), file, mistakes);
  Job job = std::move(read.job);
  for (const ModelEntry& entry : read.models) expand_entry(entry, job, mistakes);
  check_names(job.models, mistakes);
  check_tasks(job, mistakes);
  mistakes.throw_if_any();
  return job;
}

void check_rules(const Job& job) {
  Mistakes mistakes(job.file);
  const RuleCheck rules(job, mistakes);
  for (const Rule& rule : job.exclude) rules.check(rule);
  for (const Rule& rule : job.include) rules.check(rule);
  rules.check_reference();
  mistakes.throw_if_any();
}

}  // namespace allometer::job
