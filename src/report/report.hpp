#pragma once
/// What a sweep says: estimates of every cell, which measure follows model size and how closely,
/// what each answer cost. docs/statistics.md explains every number.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/results_file.hpp"

namespace allometer::report {

/// What the axis "size" is the logarithm of.
enum class SizeAxis { without_embeddings, total, training_flops, training_tokens };
/// "N without embeddings", as titles of tables name it.
std::string_view name_of(SizeAxis axis);
/// From the words of the job file; throws FormatError for any other.
SizeAxis parse_size_axis(std::string_view name);

/// The job's `analysis` settings.
struct Settings {
  double confidence = 0.95;
  int bootstrap_draws = 10000;
  std::uint64_t seed = 0;
  SizeAxis size = SizeAxis::without_embeddings;
  /// Slope of the rescaled score (0 guessing, 1 perfect) per ten-fold size that is worth speaking
  /// of.
  double smallest_effect = 0.05;
  std::string contrast = "contrast";             ///< ability or task that others are compared with
  std::map<std::string, std::string> reference;  ///< level of a lever that others are compared with
  bool hierarchical = false;                     ///< bootstrap over families, models and questions
  bool mixed_model = false;                      ///< logistic model of every question's answers
  bool item_response = false;                    ///< how few questions would do
  struct Density {
    std::string family;  ///< of the reference models
    std::string loss;    ///< TASK/METRIC
    std::string score;   ///< TASK/METRIC
  };
  std::optional<Density> density;  ///< capacity density of every model

  /// From PlanRecord::analysis, a JSON object; keys that are missing keep their default, an empty
  /// text is all defaults. Throws FormatError naming the key.
  static Settings parse(std::string_view json);
};

/// What the statistics read. A ResultsFile gives it; tests fill it by hand.
struct Source {
  results::PlanRecord plan;
  std::vector<results::CellRow> cells;
  /// (index into cells, index into the task's metrics)
  std::function<results::MetricColumn(std::int32_t, std::int32_t)> metric;
  /// What others reported of a cell whose questions are not known; may be empty.
  std::function<std::optional<results::PublishedValue>(std::int32_t, std::int32_t)> published;
  /// Why energy was not measured, for the efficiency table; empty if unknown.
  std::string energy_source;
};

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// A correlation of estimates with log10 N over the models of a row.
struct Correlation {
  double value = kUndefined;
  double ci_low = kUndefined;  ///< percentile interval over questions, these models given
  double ci_high = kUndefined;
  double p = kUndefined;           ///< two-sided permutation p over models
  double smallest_p = kUndefined;  ///< the smallest p that these sizes and ties can reach
};

/// What size does to a measure, for reading: a loss that falls is an ability that improves.
enum class Trend { improves, worsens, unclear, at_chance, at_ceiling, constant, unknown };
std::string_view name_of(Trend trend);

/// One model in a row: the questions of all its seeds pooled.
struct Point {
  std::int32_t model = 0;  ///< index into the plan's models
  double parameters = 0;   ///< N of the size axis
  double estimate = kUndefined;
  double ci_low = kUndefined;
  double ci_high = kUndefined;
};

/// A slope per ten-fold size: how it might differ for other models, and for other questions.
struct SlopeEstimate {
  double value = kUndefined;
  double standard_error = kUndefined;      ///< over models; NaN where they cannot show it
  double degrees_of_freedom = kUndefined;  ///< of its t distribution
  double t_low = kUndefined;               ///< small-sample t interval over models
  double t_high = kUndefined;
  double p = kUndefined;          ///< two-sided t
  std::string errors;             ///< the t interval is over "families", "models" of them, or
                                  ///< "models alike"
  std::int32_t num_models = 0;    ///< that bear on the slope
  std::int32_t num_families = 0;  ///< of those
  double ci_low = kUndefined;     ///< bootstrap over questions, these models given
  double ci_high = kUndefined;
  double question_error = kUndefined;  ///< standard deviation of the bootstrap's slopes
  double coverage = kUndefined;  ///< how often 95 % t intervals of so many families of so many
                                 ///< sizes hold the mean slope of all families, by simulation
};

/// A correlation with a t test.
struct TestedCorrelation {
  double value = kUndefined;
  double degrees_of_freedom = kUndefined;
  double p = kUndefined;
};

/// Interval of the slope over families, their models and the questions.
struct HierarchicalSlope {
  double low = kUndefined;
  double high = kUndefined;
  double coverage = kUndefined;  ///< of such 95 % intervals in simulations
  std::int64_t num_draws = 0;
  std::int64_t num_degenerate = 0;  ///< draws without a slope
};

/// Logistic regression of every answer with questions and families as random.
struct MixedSlope {
  double value = kUndefined;  ///< log odds per ten-fold size
  double low = kUndefined;    ///< Wald interval
  double high = kUndefined;
  double p = kUndefined;
  double question_deviation = kUndefined;  ///< log odds
  double family_deviation = kUndefined;
  std::string undefined;  ///< why there is none; empty if there is, or if it was not asked for
};

/// How estimates of several models go with log10 N. Within families: a family is models that differ
/// in size alone, those with other levers being another one; NaN where there is but one, or none
/// has a second size.
struct SizeRelation {
  std::int32_t num_sizes = 0;  ///< distinct N
  Correlation pearson;
  Correlation spearman;
  Correlation kendall;               ///< tau-b
  SlopeEstimate slope;               ///< of one line through all models
  SlopeEstimate within_slope;        ///< of a line per family with a common slope
  TestedCorrelation within_pearson;  ///< of what is left after taking off the means of families
  Correlation within_spearman;  ///< of the same; p permutes within families; no bootstrap interval
  TestedCorrelation partial;    ///< Pearson's r given levers; NaN for a single setting of them
  HierarchicalSlope hierarchical;  ///< of within_slope, else of slope; if the job asks for it
  bool exact = true;               ///< every permutation was counted; false: drawn at random
};

/// The curve of growth or decline that describes a row best, and whether it turns.
struct Shape {
  struct Parameter {
    std::string name;
    double value = kUndefined;
    double low = kUndefined;  ///< t interval
    double high = kUndefined;
  };
  std::string curve;  ///< "power law"...: of smallest AICc; empty if none can be fitted
  std::vector<Parameter> parameters;
  double r_squared = kUndefined;
  double aicc = kUndefined;
  double line_aicc = kUndefined;    ///< of a straight line in log10 N, for comparison
  double quadratic_p = kUndefined;  ///< Lind and Mehlum's test of a turn
  double turn_p = kUndefined;   ///< two-lines test: the larger p of its lines, if they differ in
                                ///< sign; 1 if not
  double turn_at = kUndefined;  ///< N at the break of the two lines
  bool falls_first = false;     ///< the score falls and then rises: U; else the other way round
  bool is_inverse = false;      ///< inverse scaling: no larger model of a family scores better
};

/// One task, metric, number of shots and precision over the models that share family and levers.
struct SizeRow : SizeRelation {
  std::int32_t task = 0;    ///< index into the plan's tasks
  std::int32_t metric = 0;  ///< index into the task's metrics
  std::int32_t num_fewshot = 0;
  std::string precision;
  std::string
      models;  ///< "family stories", "families a and b, tuning = base", "... (random weights)"
  bool random_weights = false;
  bool within_family = false;  ///< one of several families, which have a row together too
  bool all_levers = false;     ///< over several settings of the levers, each of which has its own
  std::vector<Point> points;   ///< smallest model first
  SlopeEstimate logit;         ///< slope on the logit scale, within families; NaN but for shares
  double spearman_q = kUndefined;  ///< p of spearman, adjusted over all rows (Benjamini, Hochberg)
  Shape shape;                     ///< of the rescaled headline metric
  MixedSlope mixed;                ///< of a headline that is right or wrong, if the job asks
  Trend trend = Trend::unknown;
  std::vector<std::string> notes;      ///< in words
  std::vector<std::string> footnotes;  ///< the notes without what stands in the row's columns
};

/// What 1 of a rescaled score is.
enum class ScoreUnit { range, mean, mixed };
/// "of the range from chance to perfect", "of the mean of the models", "of the rescaled score".
std::string_view name_of(ScoreUnit unit);

/// An ability over the models that share levers and precision. Its score of a model is the mean of
/// the rescaled headline metrics of its tasks (each number of shots counts by itself): 0 is
/// guessing and 1 perfect, more is better (rescale.hpp).
struct AbilityRow : SizeRelation {
  std::string ability;
  std::string precision;
  std::string models;
  bool random_weights = false;
  bool all_levers = false;  ///< over several settings of the levers, each of which has its own
  std::int32_t num_tasks = 0;
  std::int32_t num_rows = 0;      ///< tasks times numbers of shots
  std::int32_t num_left_out = 0;  ///< more of them, for want of a scale: a loss of nought
  ScoreUnit unit = ScoreUnit::range;
  std::vector<Point> points;  ///< smallest model first; estimates are rescaled scores
  Shape shape;
  Trend trend = Trend::unknown;
};

enum class Verdict { grows, flat, shrinks, u_shaped, cannot_tell };
/// "grows", "flat", "shrinks", "U-shaped", "cannot tell".
std::string_view name_of(Verdict verdict);

/// What a verdict rests on: numbers of the rescaled score, so that more is better.
struct Evidence {
  SlopeEstimate slope;         ///< within families where there are several, else of all models
  std::int32_t num_sizes = 0;  ///< distinct, of the models that bear on the slope
  double permutation_p = kUndefined;  ///< two-sided, of rho, within families
  double smallest_permutation_p = kUndefined;
  double residual_deviation = kUndefined;  ///< of scores about the line
  double size_deviation = kUndefined;      ///< of log10 size within families
  double turn_p = kUndefined;              ///< Shape::turn_p
};

/// p of the claims that make a verdict; by themselves, or adjusted over all rows that are judged
/// together.
struct Claims {
  double slope = kUndefined;  ///< against "the slope is nought"
  double flat = kUndefined;   ///< against "the slope is outside the margin"
  double turn = kUndefined;   ///< against "it does not turn"
};

/// What would do to tell.
struct Needs {
  std::int64_t sizes = 0;              ///< over all families; 0: unknown, or no number would do
  double questions = kUndefined;       ///< as many times those at hand; NaN: no number would do
  double question_share = kUndefined;  ///< of the squared error over models: 0 to 1
  std::string text;                    ///< "8 sizes like these would do"
};

/// How size, a measure and the contrast go together, over the models that have both.
struct Correlations {
  double measure = kUndefined;   ///< with log10 size
  double contrast = kUndefined;  ///< with log10 size
  double between = kUndefined;   ///< of measure and contrast
  double williams_t = kUndefined;
  double williams_df = kUndefined;
  double williams_p = kUndefined;
  double difference = kUndefined;      ///< measure - contrast
  double difference_low = kUndefined;  ///< Zou's interval
  double difference_high = kUndefined;
};

/// A measure against the contrast battery.
struct Comparison {
  std::string undefined;  ///< why there is none; empty if there is
  std::int32_t num_models = 0;
  Correlations observed;            ///< within families where there are several
  Correlations corrected;           ///< for attenuation: what questions without error would show
  double reliability = kUndefined;  ///< of the measure over models, from split halves
  double contrast_reliability = kUndefined;
  SlopeEstimate slope;  ///< of measure - contrast, model by model
};

/// One word on an ability, or a task at one number of shots, with its reasons.
struct VerdictRow {
  bool is_ability = false;
  std::string name;
  std::string metric;  ///< of a task
  std::int32_t num_fewshot = 0;
  std::string precision;
  std::string models;
  bool all_levers = false;  ///< over several settings of the levers
  ScoreUnit unit = ScoreUnit::range;
  Evidence evidence;
  Claims claims;
  Claims adjusted;  ///< by Holm, over the abilities or over the tasks
  Verdict verdict = Verdict::cannot_tell;
  Needs needs;  ///< where the verdict is cannot_tell
  Comparison comparison;
  double turn_at = kUndefined;  ///< N where a U-shaped one turns
  bool falls_first = false;
  std::vector<std::string> remarks;  ///< "at chance for every model"...
};

/// One model in a row of the table of shots.
struct ShotsPoint {
  std::int32_t model = 0;           ///< index into the plan's models
  double parameters = 0;            ///< N of the size axis
  std::vector<std::int32_t> shots;  ///< ascending
  std::vector<double> values;       ///< mean over draws for each of them
  std::int32_t num_draws = 0;       ///< that have all of them
  double level = kUndefined;        ///< a of value = a + b ln(1 + shots), least squares
  double gain = kUndefined;         ///< b
  double gain_t_low = kUndefined;   ///< Student t over shots; needs three of them
  double gain_t_high = kUndefined;
  double spread = kUndefined;       ///< SD over draws at the same shots, pooled over shots
  double gain_spread = kUndefined;  ///< SD over draws of each draw's own gain
};

/// One task, metric and precision over the models that share levers: what demonstrations add, and
/// how that follows size. Intervals are over draws of the demonstrations, these models given.
struct ShotsRow {
  std::int32_t task = 0;    ///< index into the plan's tasks
  std::int32_t metric = 0;  ///< index into the task's metrics
  std::string precision;
  std::string models;
  std::vector<ShotsPoint> points;  ///< smallest model first
  SizeRelation level;
  SizeRelation gain;
};

/// What one answer takes.
struct AnswerCost {
  double count = kUndefined;         ///< answers; NaN: none can be counted
  double seconds = kUndefined;       ///< of a busy rank
  double byte_seconds = kUndefined;  ///< largest resident set of a rank, held for those seconds
  double joules = kUndefined;        ///< NaN: unmeasured in at least one cell
};

/// What a variant cost over all its cells.
struct EfficiencyRow {
  std::int32_t variant = 0;
  bool random_weights = false;
  double parameters = 0;                  ///< N of the size axis
  std::int32_t cells = 0;                 ///< with any question answered
  results::Cost cost;                     ///< summed; peak memory is the maximum
  double tokens_per_second = kUndefined;  ///< computed tokens per second of a busy rank
  double mfu = kUndefined;           ///< model FLOPs utilisation: achieved / measured peak, 0 to 1
  double tokens_saved = kUndefined;  ///< share of requested tokens that the trie spared, 0 to 1
  std::optional<double> energy_joules;  ///< nothing: unmeasured in at least one cell
  AnswerCost per_answer;
  /// Over the finished cells whose headline metric counts right answers, all of what they cost.
  AnswerCost per_right_answer;
};

/// A variant among those that answered all of an ability's tasks, or all tasks there are: does any
/// other one score as well for less, or better for as much?
struct ParetoRow {
  std::string ability;  ///< empty: all tasks
  std::int32_t variant = 0;
  double score = kUndefined;  ///< mean of the rescaled headline metrics
  double seconds_per_answer = kUndefined;
  double peak_memory_bytes = kUndefined;
  double joules_per_answer = kUndefined;  ///< NaN: unmeasured
  bool is_best_for_time = false;          ///< not dominated; false where unmeasured
  bool is_best_for_memory = false;
  bool is_best_for_energy = false;
};

/// How two sides of a pair were compared.
enum class PairMethod {
  right_or_wrong,  ///< the same questions, each right or wrong: bootstrap interval, McNemar p
  questions,       ///< the same questions: bootstrap interval and p
  unpaired,        ///< published values: z interval and p of two standard errors
};
std::string_view name_of(PairMethod method);

/// Two models, or two settings of one, of the same family and size that differ in one lever alone,
/// asked the same questions.
struct PairRow {
  std::int32_t task = 0;
  std::int32_t metric = 0;
  std::string lever;
  std::string from, to;  ///< its levels; `from` stands first among the levels of the lever
  std::int32_t variant_from = 0, variant_to = 0;
  std::int32_t shots_from = 0, shots_to = 0;
  PairMethod method = PairMethod::questions;
  double difference = kUndefined;  ///< estimate of `to` less that of `from`
  double ci_low = kUndefined;
  double ci_high = kUndefined;
  double only_from_right = kUndefined;  ///< questions that one side alone has right
  double only_to_right = kUndefined;
  double mcnemar_exact_p = kUndefined;
  double mcnemar_mid_p = kUndefined;
  double p = kUndefined;           ///< of the method; mid-p of McNemar
  double p_adjusted = kUndefined;  ///< Benjamini and Hochberg over all pairs
};

/// An estimate with the interval of a t test over models.
struct Effect {
  double value = kUndefined;
  double low = kUndefined;
  double high = kUndefined;
  double p = kUndefined;
};

/// What Fieller's interval of a ratio looks like.
enum class ExchangeInterval {
  bounded,     ///< between low and high
  outside,     ///< all below low and all above high: the denominator may be 0
  everything,  ///< any value
  none,        ///< no standard errors, or fewer than three sizes
};
std::string_view name_of(ExchangeInterval interval);

/// What a level of a lever does to a task or an ability, beside what ten-fold size does: the linear
/// model rescaled score = family + b log10 N + c (level instead of reference), over the models that
/// were asked.
struct LeverRow {
  std::string ability;     ///< empty: of a task
  std::int32_t task = -1;  ///< -1: of an ability
  std::string lever;
  std::string level;
  std::string reference;
  std::int32_t num_points = 0;  ///< models and settings in the model
  std::int32_t num_sizes = 0;   ///< distinct N among them
  std::int32_t num_families = 0;
  Effect effect;                   ///< c
  double p_adjusted = kUndefined;  ///< of c, Benjamini and Hochberg over the abilities, or tasks
  Effect decade;                   ///< b
  Effect interaction;              ///< change of c per ten-fold N, in a model of its own
  /// c / b: decades of parameters that the level is worth, with Fieller's interval.
  double exchange = kUndefined;
  double exchange_low = kUndefined;
  double exchange_high = kUndefined;
  ExchangeInterval exchange_interval = ExchangeInterval::none;
  /// Cross-check without the model: mean over sizes of the differences between models that differ
  /// in this lever alone.
  Effect matched;
  std::int32_t num_matched = 0;  ///< sizes
};

/// So many questions of a task instead of all: anchors, and how far a model's score that was
/// estimated from them alone is off the share of all questions that it has right. Errors are mean
/// absolute ones over models that neither the anchors nor the item-response fit have seen.
struct AnchorRow {
  std::int32_t task = 0;
  std::int32_t num_fewshot = 0;
  std::int32_t num_models = 0;
  std::int32_t num_questions = 0;
  double error = kUndefined;          ///< of gp-IRT
  double largest_error = kUndefined;  ///< of gp-IRT, over models
  double error_of_weighted_mean = kUndefined;
  double error_of_p_irt = kUndefined;
  double error_of_random = kUndefined;  ///< of as many questions drawn at random
  std::vector<std::int32_t> questions;  ///< the anchors, among the task's questions
  std::vector<double> weights;          ///< shares of the questions that they stand for
  std::vector<double> discriminations;
  std::vector<double> difficulties;
};

/// Capacity density of a variant: parameters of a reference model of equal score over its own.
struct DensityRow {
  std::int32_t variant = 0;
  bool is_reference = false;
  double parameters = 0;
  double score = kUndefined;
  double effective_parameters = kUndefined;
  double density = kUndefined;
  double low = kUndefined;
  double high = kUndefined;
  bool at_ceiling = false;  ///< the score is beyond the law's: at least that dense
  bool at_floor = false;    ///< below it: at most
};

struct Density {
  std::vector<DensityRow> rows;
  std::int32_t num_reference = 0;  ///< models that the laws are fitted to
  double alpha = kUndefined;       ///< of loss = a N^-alpha + ...
  bool has_tokens = false;         ///< does the loss have a term of training tokens
  std::string problem;             ///< why there are no rows; empty: nobody asked, or there are
};

/// A cell of the job that has no complete result.
struct OpenCell {
  std::int32_t cell = 0;
  bool failed = false;
  std::string name;    ///< "stories-50k/bf16 story_cloze, 2 shots, seed 0"
  std::string reason;  ///< of a failure, or "12 of 100 questions answered"
};

struct Report {
  Settings settings;
  results::PlanRecord plan;
  std::vector<results::ResultsFile::Estimate> estimates;
  std::vector<VerdictRow> verdict_rows;  ///< abilities, then tasks in the order of the plan
  std::vector<AbilityRow> ability_rows;  ///< weakest correlation first
  std::vector<SizeRow> size_rows;        ///< weakest correlation first: |rho|, then |r|
  std::vector<ShotsRow> shots_rows;      ///< in the order of the plan's tasks
  std::vector<PairRow> pair_rows;        ///< task after task
  std::vector<LeverRow> lever_rows;      ///< abilities, then tasks
  std::vector<EfficiencyRow> efficiency_rows;
  std::vector<AnchorRow> anchor_rows;  ///< on request; task after task
  Density density;                     ///< on request
  std::vector<ParetoRow> pareto_rows;  ///< all tasks, then abilities; best score first
  std::vector<OpenCell> open_cells;    ///< failed ones first
  std::int32_t num_cells_done = 0;
  std::string energy_source;
};

/// The same report to the last bit for any number of threads.
Report analyse(const Source& source, int num_threads = 1);

/// How a results file is to be analysed once more.
struct AnalysisRequest {
  std::string settings;            ///< JSON object, laid over the job's own settings
  std::vector<std::string> tasks;  ///< patterns of names as of fnmatch(3); empty: all
  bool as_json = false;
};
/// Of a results file. Throws ConfigError where a chosen task is not there.
Report analyse(const std::filesystem::path& path, const AnalysisRequest& request,
               int num_threads = 1);

/// Plain text for a terminal of 120 columns, ending with a newline; ASCII unless names are not.
std::string format_tables(const Report& report);

/// The tables of the results file: analysis_verdict, analysis_ability, analysis_size,
/// analysis_points (its models), analysis_efficiency; where tasks were asked with several numbers
/// of shots, analysis_shots and analysis_shots_points (its models); and, each where it has rows,
/// analysis_lever, analysis_pairs, analysis_pareto, analysis_fewer_questions, analysis_anchors and
/// analysis_density.
std::vector<results::AnalysisTable> tables_of(const Report& report);

/// Adds estimates and tables to the results file.
void write(const std::filesystem::path& path, const Report& report);

/// The same as one JSON object: settings, and each table as a list of rows; a number that does not
/// exist is null.
std::string format_json(const Report& report);

/// Writes the report to its file, unless only some tasks were chosen; returns it as text, as the
/// request wants it.
std::string deliver(const std::filesystem::path& path, const AnalysisRequest& request,
                    const Report& report);

/// Analyses a results file and delivers the report.
std::string analyse_file(const std::filesystem::path& path, const AnalysisRequest& request = {},
                         int num_threads = 1);

}  // namespace allometer::report
