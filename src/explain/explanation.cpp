#include "explain/explanation.hpp"

#include <span>

#include "core/contract.hpp"
#include "stats/correlation.hpp"

namespace allometer::explain {
namespace {

std::span<const double> as_span(const Eigen::VectorXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

}  // namespace

Explanation::Explanation(const MethodSettings& settings, int num_features, int runs,
                         const std::string& key)
    : settings_(settings),
      leave_one_out_(make_attributor({.method = Method::occlusion}, num_features, SplitMix64(0))) {
  ALLOMETER_EXPECT(num_features >= 1 && runs >= 1);
  const auto random = [&](const std::string& what) {
    return SplitMix64(seed_from(key + "/" + what));
  };
  ask({full_mask(num_features)});
  for (int run = 0; run < runs; ++run) {
    runs_.push_back(make_attributor(settings, num_features, random(std::to_string(run))));
    ask(runs_.back()->masks());
  }
  ask(leave_one_out_->masks());
  const auto floor = make_attributor({.method = Method::random}, num_features, random("floor"));
  random_ranking_ = ranking_of(floor->attribute({}).weights);
  ask(faithfulness_masks(random_ranking_));
}

void Explanation::ask(const std::vector<Mask>& masks) {
  for (const Mask& mask : masks) {
    if (answers_.try_emplace(mask).second) pending_.push_back(mask);
  }
}

double Explanation::response(const Mask& mask) const {
  return answers_.at(mask)[outcome_.explained_class];
}

Eigen::VectorXd Explanation::responses(const std::vector<Mask>& masks) const {
  Eigen::VectorXd values(static_cast<Eigen::Index>(masks.size()));
  for (Eigen::Index i = 0; i < values.size(); ++i)
    values[i] = response(masks[static_cast<std::size_t>(i)]);
  return values;
}

void Explanation::absorb(const Eigen::Ref<const Eigen::MatrixXd>& probabilities) {
  ALLOMETER_EXPECT(state_ != State::done &&
                   probabilities.rows() == static_cast<Eigen::Index>(pending_.size()));
  for (std::size_t i = 0; i < pending_.size(); ++i)
    answers_.at(pending_[i]) = probabilities.row(static_cast<Eigen::Index>(i));
  pending_.clear();
  if (state_ == State::attributing) explain();
  if (pending_.empty()) finish();
}

void Explanation::explain() {
  state_ = State::ranked;
  const auto num_features = static_cast<int>(random_ranking_.size());
  outcome_.probabilities = answers_.at(full_mask(num_features));
  Eigen::Index likeliest = 0;
  outcome_.probabilities.maxCoeff(&likeliest);
  outcome_.explained_class = static_cast<int>(likeliest);
  for (const auto& run : runs_) attributions_.push_back(run->attribute(responses(run->masks())));
  ask(faithfulness_masks(ranking_of(attributions_.front().weights)));
}

void Explanation::finish() {
  state_ = State::done;
  outcome_.attribution = attributions_.front();
  const auto probability = [this](const Mask& mask) { return response(mask); };
  outcome_.faithfulness = faithfulness(ranking_of(outcome_.attribution.weights), probability);
  outcome_.random = faithfulness(random_ranking_, probability);
  const Attribution left_out = leave_one_out_->attribute(responses(leave_one_out_->masks()));
  outcome_.tau_leave_one_out =
      stats::kendall_tau_b(as_span(outcome_.attribution.weights), as_span(left_out.weights)).value;
  outcome_.stability = stability(attributions_, settings_.num_features);
  // Only the outcome is wanted from here on.
  answers_.clear();
  runs_.clear();
}

const Outcome& Explanation::outcome() const {
  ALLOMETER_EXPECT(state_ == State::done);
  return outcome_;
}

}  // namespace allometer::explain
