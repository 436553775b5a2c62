/// From the names in a job to loaded tasks: batteries give way to their tasks.

#include <algorithm>
#include <cstdlib>
#include <set>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "sweep/plan.hpp"

namespace allometer::sweep {
namespace {

/// Batteries may hold batteries; a chain longer than this is a circle.
constexpr int kMaxDepth = 16;

/// What stands where.
std::string where(const job::Job& job, const job::TaskRef& ref) {
  return fmt::format("{}:{}: ", job.file.string(), ref.line);
}

std::string unknown_task(const job::Job& job, const job::TaskRef& ref,
                         const tasks::TaskLibrary& library) {
  std::string message =
      fmt::format("{}there is no task '{}' in the task directories", where(job, ref), ref.name);
  const auto suggestions = library.suggestions(ref.name);
  if (!suggestions.empty())
    message += fmt::format("; did you mean {}?", fmt::join(suggestions, ", "));
  return message + " (`allometer tasks` lists them; the key task_directories adds some)";
}

/// Fills a list of tasks, one after the other, and gathers what is wrong with them.
class TaskLoader {
 public:
  TaskLoader(const job::Job& job, const tasks::TaskLibrary& library)
      : job_(job), library_(library) {}

  void add(const job::TaskRef& ref) {
    try {
      if (const auto* battery = ref.file.empty() ? library_.find_battery(ref.name) : nullptr) {
        add_battery(*battery, ref, 0);
      } else {
        add_task(ref);
      }
    } catch (const Error& error) {
      mistakes_ += (mistakes_.empty() ? "" : "\n") + std::string(error.what());
    }
  }

  const std::string& mistakes() const { return mistakes_; }
  std::vector<job::TaskRef> refs;        ///< of what was loaded
  std::vector<PlannedTaskInput> inputs;  ///< in the same order

 private:
  void add_task(job::TaskRef ref) {
    if (ref.file.empty()) {
      const auto* entry = library_.find(ref.name);
      if (entry == nullptr) throw ConfigError(unknown_task(job_, ref, library_));
      ref.file = entry->file;
    }
    PlannedTaskInput input;
    input.file = ref.file;
    input.task = tasks::load_task(ref.file);
    ref.name = input.task->name();
    if (names_.contains(ref.name)) {
      throw ConfigError(
          fmt::format("{}task '{}' is in the job twice; give all its shots in one entry",
                      where(job_, ref), ref.name));
    }
    names_.insert(ref.name);
    inputs.push_back(std::move(input));
    refs.push_back(std::move(ref));
  }

  /// `ref` is the job's entry, whose settings go before those of the battery.
  void add_battery(const tasks::Battery& battery, const job::TaskRef& ref, int depth) {
    if (depth > kMaxDepth) {
      throw ConfigError(
          fmt::format("{}: battery '{}' holds itself", battery.file.string(), battery.name));
    }
    for (const tasks::BatteryEntry& entry : battery.entries) {
      const job::TaskRef member = member_of(entry, ref);
      if (const auto* inner = library_.find_battery(entry.name)) {
        add_battery(*inner, member, depth + 1);
      } else if (!is_listed(entry.name)) {
        add_member(battery, entry, member);
      }
    }
  }

  job::TaskRef member_of(const tasks::BatteryEntry& entry, const job::TaskRef& ref) const {
    job::TaskRef member = ref;
    member.name = entry.name;
    if (!member.shots) member.shots = entry.shots;
    if (!member.seeds) member.seeds = entry.seeds;
    if (!member.limit && entry.limit)
      member.limit = std::min(*entry.limit, job_.limit.value_or(*entry.limit));
    return member;
  }

  /// A task that the job names itself, or that was added already, is left to that entry.
  bool is_listed(const std::string& name) const {
    return names_.contains(name) ||
           std::any_of(job_.tasks.begin(), job_.tasks.end(),
                       [&](const job::TaskRef& ref) { return ref.name == name; });
  }

  void add_member(const tasks::Battery& battery, const tasks::BatteryEntry& entry,
                  const job::TaskRef& member) {
    if (library_.find(entry.name) == nullptr) {
      throw ConfigError(fmt::format("{}there is no task '{}' for the battery '{}'", entry.where,
                                    entry.name, battery.name));
    }
    if (!entry.optional) return add_task(member);
    try {
      add_task(member);
    } catch (const Error& error) {
      log::warning(
          fmt::format("battery {}: {} is left out: {}", battery.name, entry.name, error.what()));
    }
  }

  const job::Job& job_;
  const tasks::TaskLibrary& library_;
  std::set<std::string> names_;
  std::string mistakes_;
};

}  // namespace

std::vector<std::filesystem::path> default_task_directories() {
  std::vector<std::filesystem::path> candidates;
  if (const char* directory = std::getenv("ALLOMETER_TASKS")) candidates.emplace_back(directory);
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!ignored) {
    // build/PRESET/allometer in a source tree; PREFIX/bin/allometer once installed.
    candidates.push_back(program.parent_path() / "../../jobs/tasks");
    candidates.push_back(program.parent_path() / "../share/allometer/jobs/tasks");
  }
  for (const auto& candidate : candidates) {
    if (std::filesystem::is_directory(candidate, ignored))
      return {std::filesystem::canonical(candidate)};
  }
  return {};
}

std::vector<PlannedTaskInput> load_tasks(job::Job& job) {
  std::vector<std::filesystem::path> directories = default_task_directories();
  directories.insert(directories.end(), job.task_directories.begin(), job.task_directories.end());
  const tasks::TaskLibrary library(directories);
  TaskLoader loader(job, library);
  for (const job::TaskRef& ref : job.tasks) loader.add(ref);
  if (!loader.mistakes().empty()) throw ConfigError(loader.mistakes());
  job.tasks = std::move(loader.refs);
  check_rules(job);
  return std::move(loader.inputs);
}

}  // namespace allometer::sweep
