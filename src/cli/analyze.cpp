/// `allometer analyze`: the statistics of a results file, once more and otherwise.

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "report/report.hpp"
#include "sweep/share_analysis.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options(
      "analyze",
      "Works out what a results file shows: which abilities grow with size, which hardly do and "
      "where the data cannot tell; levers next to size; what answers cost. Prints the tables and "
      "replaces those in FILE. Settings are those of the job unless options say otherwise. FILE "
      "comes from 'run', 'collect', 'import' or 'merge'. docs/statistics.md explains every "
      "number.");
  options.argument("FILE", Options::Presence::required, "a results file")
      .list(
          "task", "NAME",
          "only these tasks; * and ? stand for any text; may be repeated. FILE is then left alone")
      .option("contrast", "NAME", "ability or task that every other one is compared with")
      .list("reference", "LEVER=LEVEL",
            "the level of a lever that its other levels are compared with; may be repeated")
      .option(
          "smallest-effect", "X",
          "change of the rescaled score (0 guessing, 1 perfect) per ten-fold size that is worth "
          "speaking of; what surely changes less is flat")
      .option("size", "AXIS",
              "what size is: without_embeddings, total, training_flops or training_tokens")
      .option("confidence", "X", "confidence of all intervals, as 0.95")
      .option("draws", "N", "bootstrap draws over questions")
      .option("seed", "N", "seed of everything that is drawn")
      .flag("hierarchical", "also resample families and models, with the coverage that this has")
      .flag("mixed-model", "also fit a mixed logistic model to each task's answers")
      .flag("item-response", "also tell how few questions would do: an item-response fit, anchors")
      .option("density", "FAMILY,LOSS,SCORE",
              "also give the capacity density of each model against reference models of FAMILY; "
              "LOSS and SCORE are TASK/METRIC")
      .flag("json", "print one JSON object instead of tables")
      .example("allometer analyze stories.h5", "all tables; FILE keeps them too")
      .example("allometer analyze stories.h5 --task 'story_*' --contrast story_lm",
               "some tasks against another")
      .example("allometer analyze pythia.h5 --reference data=plain --json > pythia.json",
               "for a program to read");
  return options;
}

/// One JSON object of what was given; its keys are those of a job's `analysis`.
class SettingsFromOptions {
 public:
  explicit SettingsFromOptions(const Options& options) : options_(options) {}

  std::string json() {
    text("contrast", "contrast");
    text("size", "size");
    check_axis();
    real("smallest-effect", "smallest_effect", 1e-12, 1e12);
    real("confidence", "confidence", 1e-9, 1 - 1e-9);
    integer("draws", "bootstrap_draws", 1, 100'000'000);
    integer("seed", "seed", 0, INT64_MAX);
    flag("hierarchical", "hierarchical");
    flag("mixed-model", "mixed_model");
    flag("item-response", "item_response");
    references();
    density();
    return settings_.dump();
  }

 private:
  void text(const char* option, const char* key) {
    if (options_.given(option)) settings_[key] = options_.text(option);
  }
  void real(const char* option, const char* key, double low, double high) {
    if (options_.given(option)) settings_[key] = options_.number(option, low, high);
  }
  void integer(const char* option, const char* key, std::int64_t low, std::int64_t high) {
    if (options_.given(option)) settings_[key] = options_.integer(option, low, high);
  }
  void flag(const char* option, const char* key) {
    if (options_.given(option)) settings_[key] = true;
  }
  void check_axis() const {
    if (!options_.given("size")) return;
    try {
      report::parse_size_axis(options_.text("size"));
    } catch (const FormatError& error) {
      options_.fail(fmt::format("--size: {}", error.what()));
    }
  }
  void references() {
    for (const std::string& given : options_.texts("reference")) {
      const std::size_t equals = given.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == given.size()) {
        options_.fail(fmt::format("--reference '{}' is not LEVER=LEVEL, as tuning=base", given));
      }
      settings_["reference"][given.substr(0, equals)] = given.substr(equals + 1);
    }
  }
  void density() {
    if (!options_.given("density")) return;
    const std::string given = options_.text("density");
    const std::size_t first = given.find(',');
    const std::size_t second = first == std::string::npos ? first : given.find(',', first + 1);
    if (second == std::string::npos) {
      options_.fail(fmt::format(
          "--density '{}' is not FAMILY,LOSS,SCORE, as pythia,lambada/perplexity,piqa/acc", given));
    }
    settings_["density"] = {{"family", given.substr(0, first)},
                            {"loss", given.substr(first + 1, second - first - 1)},
                            {"score", given.substr(second + 1)}};
  }

  const Options& options_;
  nlohmann::json settings_ = nlohmann::json::object();
};

}  // namespace

int run_analyze(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  report::AnalysisRequest request;
  request.settings = SettingsFromOptions(options).json();
  request.tasks = options.texts("task");
  request.as_json = options.given("json");
  if (const auto text = sweep::analyse_with_ranks(options.existing_path("FILE"), request))
    fmt::print("{}", *text);
  return kDone;
}

}  // namespace allometer::cli
