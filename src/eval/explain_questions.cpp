#include "eval/explain_questions.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "eval/encode_requests.hpp"
#include "eval/question_error.hpp"
#include "eval/text_units.hpp"
#include "explain/explanation.hpp"

namespace allometer::eval {
namespace {

/// Perturbed texts of one question that are made into requests together.
constexpr std::size_t kMasksTogether = 256;
/// Masks of questions that are explained together: they are held until their round is over.
constexpr std::size_t kMasksOfGroup = 100'000;
/// Tokens of one trie.
constexpr std::size_t kTokensTogether = std::size_t{1} << 23;
/// What an estimate looks at.
constexpr int kEstimatedQuestions = 4;
constexpr std::size_t kEstimatedMasks = 128;

explain::MethodSettings method_settings(const tasks::ExplanationSettings& settings) {
  using explain::Method;
  using explain::Selection;
  static const std::map<std::string, Method> methods{{"lime", Method::lime},
                                                     {"shap", Method::kernel_shap},
                                                     {"exact_shapley", Method::exact_shapley},
                                                     {"occlusion", Method::occlusion},
                                                     {"random", Method::random}};
  static const std::map<std::string, Selection> selections{
      {"none", Selection::none},
      {"highest_weights", Selection::highest_weights},
      {"forward_selection", Selection::forward_selection},
      {"auto", Selection::automatic}};
  return {methods.at(settings.method), settings.num_samples, selections.at(settings.selection),
          settings.num_features};
}

/// A question under explanation.
struct Explained {
  results::QuestionRecord* record = nullptr;
  int question = 0;
  TextUnits units;
  explain::Explanation explanation;
  Eigen::MatrixXd answers;  ///< [masks of the round x classes], log-likelihoods
};

Explained start(const ExplanationContext& context, int question) {
  const tasks::Task& task = context.task;
  const tasks::ExplanationSettings& settings = *task.explanation();
  TextUnits units(task.explained_texts(question), settings, context.tokenizer);
  const int num_features = units.num_features();
  const std::string key = fmt::format("explanation/{}/{}/{}/{}", task.name(), settings.seed,
                                      context.settings.seed, task.question_id(question));
  return {nullptr,
          question,
          std::move(units),
          explain::Explanation(method_settings(settings), num_features, settings.repeats, key),
          {}};
}

std::vector<std::vector<tasks::Request>> requests_of(const ExplanationContext& context,
                                                     const Explained& explained,
                                                     std::span<const explain::Mask> masks) {
  std::vector<std::vector<std::string>> texts;
  for (const explain::Mask& mask : masks) texts.push_back(explained.units.perturbed(mask));
  return context.task.perturbed_requests(explained.question, texts, context.settings);
}

EncodedRequest encode(const ExplanationContext& context, const tasks::Request& request) {
  return encode_loglikelihood(request.context, request.continuation, context.tokenizer,
                              context.config, context.task.add_bos_token());
}

/// A field that no template reads would give explanations of nothing.
void require_effect(const ExplanationContext& context, const Explained& explained) {
  const int features = explained.units.num_features();
  const std::vector<explain::Mask> masks{explain::full_mask(features),
                                         explain::empty_mask(features)};
  const auto requests = requests_of(context, explained, masks);
  const auto same = [](const tasks::Request& a, const tasks::Request& b) {
    return a.context == b.context && a.continuation == b.continuation;
  };
  if (!std::equal(requests[0].begin(), requests[0].end(), requests[1].begin(), requests[1].end(),
                  same)) {
    return;
  }
  throw ConfigError(
      "explanation: the prompt stays the same without the explained field; doc_to_text must read "
      "that field");
}

/// One round of several questions: their masks become requests, and answers when a trie is full.
class Round {
 public:
  Round(const ExplanationContext& context, Engine& engine) : context_(context), engine_(engine) {}

  void add(Explained& explained) {
    const std::vector<explain::Mask>& masks = explained.explanation.next_masks();
    for (std::size_t begin = 0; begin < masks.size(); begin += kMasksTogether) {
      const std::size_t count = std::min(kMasksTogether, masks.size() - begin);
      const auto requests =
          requests_of(context_, explained, std::span(masks).subspan(begin, count));
      for (std::size_t i = 0; i < count; ++i)
        add(explained, static_cast<Eigen::Index>(begin + i), requests[i]);
    }
  }

  void finish() {
    const std::vector<Score> scores = engine_.score(to_score_);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const Owner& owner = owners_[i];
      owner.explained->answers(owner.row, owner.column) = scores[i].log_likelihood;
    }
    to_score_.clear();
    owners_.clear();
    tokens_ = 0;
  }

 private:
  struct Owner {
    Explained* explained = nullptr;
    Eigen::Index row = 0;
    Eigen::Index column = 0;
  };

  void add(Explained& explained, Eigen::Index row, const std::vector<tasks::Request>& requests) {
    const auto classes = static_cast<Eigen::Index>(requests.size());
    if (row == 0) {
      const auto rows = static_cast<Eigen::Index>(explained.explanation.next_masks().size());
      explained.answers.resize(rows, classes);
    }
    if (explained.answers.cols() != classes) {
      throw ConfigError(
          "explanation: the number of choices changes with the explained text, so that there is no "
          "probability to follow");
    }
    for (Eigen::Index column = 0; column < classes; ++column) {
      EncodedRequest encoded = encode(context_, requests[static_cast<std::size_t>(column)]);
      if (encoded.truncated) explained.record->truncated = 1;
      tokens_ += encoded.request.tokens.size();
      to_score_.push_back(std::move(encoded.request));
      owners_.push_back({&explained, row, column});
    }
    if (tokens_ > kTokensTogether) finish();
  }

  const ExplanationContext& context_;
  Engine& engine_;
  std::vector<ScoreRequest> to_score_;
  std::vector<Owner> owners_;  ///< one per entry of to_score_
  std::size_t tokens_ = 0;
};

/// Softmax of every row.
Eigen::MatrixXd probabilities(const Eigen::MatrixXd& log_likelihoods) {
  const Eigen::VectorXd largest = log_likelihoods.rowwise().maxCoeff();
  Eigen::MatrixXd result = (log_likelihoods.colwise() - largest).array().exp();
  for (auto row : result.rowwise()) row /= row.sum();
  return result;
}

double faithfulness_of(tasks::ExplanationMetricId id, const explain::Faithfulness& values) {
  using enum tasks::ExplanationMetricId;
  switch (id) {
    case comprehensiveness:
      return values.comprehensiveness;
    case sufficiency:
      return values.sufficiency;
    case aopc_comprehensiveness:
      return values.aopc_comprehensiveness;
    default:
      return values.aopc_sufficiency;
  }
}

double value_of(const tasks::ExplanationMetric& metric, const explain::Outcome& outcome,
                const explain::Plausibility& plausibility) {
  using enum tasks::ExplanationMetricId;
  switch (metric.id) {
    case tau_leave_one_out:
      return outcome.tau_leave_one_out;
    case local_r2:
      return outcome.attribution.r2;
    case token_iou:
      return plausibility.token_iou;
    case token_f1:
      return plausibility.token_f1;
    case auprc:
      return plausibility.auprc;
    case vsi:
      return outcome.stability.vsi;
    case csi:
      return outcome.stability.csi;
    case comprehensiveness:
    case sufficiency:
    case aopc_comprehensiveness:
    case aopc_sufficiency:
      break;
  }
  const double value = faithfulness_of(metric.id, outcome.faithfulness);
  switch (metric.relative_to) {
    case tasks::RelativeTo::probability:
      return value / outcome.probability();
    case tasks::RelativeTo::random:
      return value - faithfulness_of(metric.id, outcome.random);
    case tasks::RelativeTo::nothing:
      break;
  }
  return value;
}

std::string to_json(const Explained& explained, const explain::Rationale& rationale) {
  const explain::Outcome& outcome = explained.explanation.outcome();
  std::vector<int> gold;
  for (std::size_t i = 0; i < rationale.is_gold.size(); ++i) {
    if (rationale.is_gold[i] != 0) gold.push_back(static_cast<int>(i));
  }
  const auto list = [](const Eigen::VectorXd& values) {
    return std::vector<double>(values.begin(), values.end());
  };
  const nlohmann::ordered_json json{{"units", explained.units.units()},
                                    {"features", explained.units.features()},
                                    {"weights", list(outcome.attribution.weights)},
                                    {"class", outcome.explained_class},
                                    {"probabilities", list(outcome.probabilities)},
                                    {"gold", gold}};
  return json.dump();
}

void write_outcome(const ExplanationContext& context, const Explained& explained) {
  const tasks::ExplanationSettings& settings = *context.task.explanation();
  const explain::Outcome& outcome = explained.explanation.outcome();
  const explain::Rationale rationale = explained.units.rationale(settings);
  const explain::Plausibility plausibility =
      explain::plausibility(outcome.attribution.weights, rationale);
  results::QuestionRecord& record = *explained.record;
  for (const tasks::ExplanationMetric& metric : settings.metrics()) {
    record.metric_value.push_back(value_of(metric, outcome, plausibility));
    record.metric_weight.push_back(1);
  }
  record.generated.push_back(to_json(explained, rationale));
}

/// Rounds until every question of the group has its outcome.
void explain_group(const ExplanationContext& context, Engine& engine,
                   std::vector<Explained>& group) {
  bool is_done = group.empty();
  while (!is_done) {
    Round round(context, engine);
    for (Explained& explained : group)
      with_question_named(context.task, explained.question, [&] { round.add(explained); });
    round.finish();
    is_done = true;
    for (Explained& explained : group) {
      if (explained.explanation.next_masks().empty()) continue;
      explained.explanation.absorb(probabilities(explained.answers));
      is_done = is_done && explained.explanation.next_masks().empty();
    }
  }
  for (const Explained& explained : group) write_outcome(context, explained);
}

}  // namespace

void add_explanations(const ExplanationContext& context, Engine& engine,
                      std::span<results::QuestionRecord> records) {
  ALLOMETER_EXPECT(context.task.explanation() != nullptr);
  std::vector<Explained> group;
  std::size_t masks = 0;
  for (results::QuestionRecord& record : records) {
    with_question_named(context.task, record.question, [&] {
      group.push_back(start(context, record.question));
      group.back().record = &record;
      require_effect(context, group.back());
    });
    masks += group.back().explanation.next_masks().size();
    if (masks < kMasksOfGroup) continue;
    explain_group(context, engine, group);
    group.clear();
    masks = 0;
  }
  explain_group(context, engine, group);
}

TokenEstimate estimate_explanations(const ExplanationContext& context, int begin, int end) {
  TokenEstimate estimate;
  const int questions = std::min(end - begin, kEstimatedQuestions);
  double requested = 0;
  double distinct = 0;
  double scored = 0;
  for (int i = 0; i < questions; ++i) {
    const int question = begin + static_cast<int>(std::int64_t{end - begin} * i / questions);
    with_question_named(context.task, question, [&] {
      Explained explained = start(context, question);
      std::vector<explain::Mask> all = explained.explanation.next_masks();
      // What the second round asks about depends on answers; their number hardly does.
      explained.explanation.absorb(
          Eigen::MatrixXd::Constant(static_cast<Eigen::Index>(all.size()), 1, 1));
      const std::vector<explain::Mask>& ranked = explained.explanation.next_masks();
      all.insert(all.end(), ranked.begin(), ranked.end());
      const std::size_t stride = (all.size() + kEstimatedMasks - 1) / kEstimatedMasks;
      std::vector<explain::Mask> masks;
      for (std::size_t at = 0; at < all.size(); at += stride) masks.push_back(all[at]);
      const double scale = static_cast<double>(all.size()) / static_cast<double>(masks.size());
      std::vector<ScoreRequest> to_score;
      for (const auto& requests : requests_of(context, explained, masks)) {
        for (const tasks::Request& request : requests)
          to_score.push_back(encode(context, request).request);
      }
      const TokenEstimate of_masks = estimate_scores(to_score);
      requested += scale * static_cast<double>(of_masks.requested);
      distinct += scale * static_cast<double>(of_masks.distinct);
      scored += scale * static_cast<double>(of_masks.scored);
      estimate.max_sequence = std::max(estimate.max_sequence, of_masks.max_sequence);
    });
  }
  const double all_questions = questions == 0 ? 0 : static_cast<double>(end - begin) / questions;
  estimate.requested = std::llround(requested * all_questions);
  estimate.distinct = std::llround(distinct * all_questions);
  estimate.scored = std::llround(scored * all_questions);
  return estimate;
}

}  // namespace allometer::eval
