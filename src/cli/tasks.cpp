/// allometer tasks: which tasks there are, and what a model is asked.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/task_cards.hpp"
#include "core/log.hpp"
#include "io/atomic_file.hpp"
#include "sweep/plan.hpp"
#include "tasks/task.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options("tasks",
                  "Lists the batteries, and the tasks with the ability that each measures. They "
                  "are looked for in "
                  "$ALLOMETER_TASKS, beside "
                  "the program, and in the directories given; later ones win.");
  options.list("directory,d", "DIR", "also look in DIR (may be given several times)")
      .option("show", "NAME",
              "print everything about one task (its card, metrics and file) or battery")
      .option("cards", "DIR", "write the cards of all tasks as Markdown, a file for each ability")
      .option("sample", "NAME", "print questions of one task exactly as a model sees them")
      .option("number,n", "N", "how many questions --sample prints", "3")
      .option("shots", "N", "demonstrations in front of each question (default: the task's)")
      .option("seed", "N", "seed of the demonstrations' draw", "0")
      .example("allometer tasks -d my/tasks", "what can I put under 'tasks' in a job file?")
      .example("allometer tasks --sample story_cloze -n 2 --shots 1",
               "is the prompt what I mean it to be?");
  return options;
}

tasks::TaskLibrary library_of(const Options& options) {
  std::vector<std::filesystem::path> directories = sweep::default_task_directories();
  for (const std::string& directory : options.texts("directory")) {
    if (!std::filesystem::is_directory(directory)) {
      options.fail(fmt::format("--directory '{}' is not a directory", directory));
    }
    directories.emplace_back(directory);
  }
  return tasks::TaskLibrary(directories);
}

/// Ends the program with a usage error for a name that is not known.
const tasks::TaskLibrary::Entry& find_entry(const Options& options,
                                            const tasks::TaskLibrary& library,
                                            const std::string& name) {
  if (const auto* entry = library.find(name)) return *entry;
  std::string hint;
  for (const std::string& other : library.suggestions(name))
    hint += (hint.empty() ? "; did you mean " : " or ") + other;
  options.fail(fmt::format("there is no task '{}'{}", name, hint));
}

/// A task whose data are not there can still be listed.
void list_tasks(const tasks::TaskLibrary& library) {
  for (const tasks::Battery& battery : library.batteries()) {
    fmt::print("battery {}: {} ({} entries)\n", battery.name, battery.description,
               battery.entries.size());
  }
  if (!library.batteries().empty()) fmt::print("\n");
  std::size_t name_width = 4, ability_width = 7;
  for (const auto& entry : library.entries()) {
    name_width = std::max(name_width, entry.name.size());
    ability_width = std::max(ability_width, entry.ability.size());
  }
  constexpr std::string_view kRow = "{:<{}}  {:<{}}  {:<21}  {:>9}  {}\n";
  fmt::print(kRow, "task", name_width, "ability", ability_width, "output type", "questions",
             "description");
  for (const auto& entry : library.entries()) {
    std::string type = "?", questions = "?";
    try {
      const auto task = tasks::load_task(entry.file);
      type = tasks::name_of(task->output_type());
      questions = std::to_string(task->num_questions());
    } catch (const Error& error) {
      log::warning(fmt::format("task {} cannot be used: {}", entry.name, error.what()));
    }
    fmt::print(kRow, entry.name, name_width, entry.ability, ability_width, type, questions,
               entry.description);
  }
}

/// "; chance 0.25", or nothing where there is none.
std::string level(std::string_view name, double value) {
  return std::isnan(value) ? std::string() : fmt::format("; {} {:.3g}", name, value);
}

void show_battery(const tasks::Battery& battery) {
  fmt::print("battery      {}\ndescription  {}\nfile         {}\n\n{}", battery.name,
             battery.description, battery.file.string(), io::read_text(battery.file));
}

void show_task(const tasks::TaskLibrary::Entry& entry) {
  fmt::print("{}\n", card_text(entry));
  const auto loaded = tasks::load_task(entry.file);
  const tasks::Task& task = *loaded;
  fmt::print(
      "task         {}\nability      {}\ndescription  {}\noutput type  {}\nquestions    {}\nshots  "
      "      {} ({})\n",
      task.name(), task.ability(), task.description(), tasks::name_of(task.output_type()),
      task.num_questions(), task.default_num_fewshot(), tasks::name_of(task.default_sampler()));
  for (const tasks::Metric& metric : task.metrics()) {
    fmt::print("metric       {} ({} is better{}{}): {}\n", metric.name,
               metric.higher_is_better ? "higher" : "lower", level("chance", metric.chance),
               level("commonest answer", metric.majority), metric.long_name);
  }
  fmt::print("digest       {}\nfile         {}\n\n{}", task.digest().hex(), entry.file.string(),
             io::read_text(entry.file));
}

void print_request(const tasks::Request& request) {
  switch (request.kind) {
    case tasks::Request::Kind::loglikelihood:
      fmt::print("[context]\n{}\n[continuation to score]\n{}\n", request.context,
                 request.continuation);
      return;
    case tasks::Request::Kind::rolling:
      fmt::print("[text to score]\n{}\n", request.continuation);
      return;
    case tasks::Request::Kind::generate:
      fmt::print("[prompt to continue, {} tokens at most]\n{}\n", request.max_gen_toks,
                 request.context);
      for (const std::string& stop : request.until) fmt::print("[until]\n{}\n", stop);
      return;
  }
}

/// Choices mostly share one context, which is printed once.
void print_question(const tasks::Task& task, int question, const tasks::PromptSettings& settings) {
  fmt::print("=== {} question {}, answer: {}\n", task.name(), task.question_id(question),
             task.question_target(question));
  const std::vector<tasks::Request> requests = task.requests(question, settings);
  const auto same_context = [&](const tasks::Request& request) {
    return request.context == requests[0].context;
  };
  if (task.output_type() != tasks::OutputType::multiple_choice ||
      !std::all_of(requests.begin(), requests.end(), same_context)) {
    for (const tasks::Request& request : requests) print_request(request);
    return;
  }
  fmt::print("[context]\n{}\n", requests[0].context);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    fmt::print("[choice {}]\n{}\n", i, requests[i].continuation);
  }
}

void sample_questions(const Options& options, const tasks::Task& task) {
  tasks::PromptSettings settings;
  settings.num_fewshot = options.given("shots")
                             ? static_cast<int>(options.integer("shots", 0, 1000))
                             : task.default_num_fewshot();
  settings.sampler = task.default_sampler();
  settings.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  const int count = static_cast<int>(options.integer("number", 1, 1'000'000));
  for (int question = 0; question < std::min(count, task.num_questions()); ++question) {
    print_question(task, question, settings);
  }
}

}  // namespace

int run_tasks(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  if (options.given("show") + options.given("sample") + options.given("cards") > 1)
    options.fail("give either --show or --sample or --cards");
  const tasks::TaskLibrary library = library_of(options);
  if (options.given("show")) {
    const std::string name = options.text("show");
    if (const auto* battery = library.find_battery(name)) {
      show_battery(*battery);
    } else {
      show_task(find_entry(options, library, name));
    }
  } else if (options.given("sample")) {
    const auto& entry = find_entry(options, library, options.text("sample"));
    sample_questions(options, *tasks::load_task(entry.file));
  } else if (options.given("cards")) {
    write_cards(library, options.text("cards"));
  } else {
    if (library.entries().empty())
      options.fail("no tasks were found: set ALLOMETER_TASKS or give --directory");
    list_tasks(library);
  }
  return kDone;
}

}  // namespace allometer::cli
