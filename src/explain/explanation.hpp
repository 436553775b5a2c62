#pragma once
/// One explained text as a step machine: rounds of masks to ask the model about, then an outcome.
/// Numbers only; nothing here knows texts, tokens or models.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "explain/attribution.hpp"
#include "explain/faithfulness.hpp"
#include "explain/mask.hpp"
#include "explain/stability.hpp"

namespace allometer::explain {

struct Outcome {
  Eigen::VectorXd probabilities;  ///< of the full text, one per class
  int explained_class = 0;        ///< the likeliest; the first of equals
  Attribution attribution;        ///< of the first run
  Faithfulness faithfulness;
  Faithfulness random;  ///< of a ranking that was drawn
  /// Kendall's tau-b of the weights with the drops of leaving one feature out each (ferret,
  /// Attanasio et al. 2023); NaN where one of them does not vary.
  double tau_leave_one_out = std::numeric_limits<double>::quiet_NaN();
  Stability stability;

  double probability() const { return probabilities[explained_class]; }
};

/// Two rounds: all that the runs of the method, the random ranking and leaving one out need, and
/// then what depends on the method's ranking. Equal masks are asked about once.
class Explanation {
 public:
  /// num_features >= 1; runs >= 1. Everything that is drawn depends on `key` alone. Throws as
  /// make_attributor.
  Explanation(const MethodSettings& settings, int num_features, int runs, const std::string& key);

  /// Masks that no earlier round asked about; empty when there is an outcome.
  const std::vector<Mask>& next_masks() const { return pending_; }
  /// probabilities: [next_masks() x classes].
  void absorb(const Eigen::Ref<const Eigen::MatrixXd>& probabilities);
  /// Once next_masks() is empty.
  const Outcome& outcome() const;

 private:
  void ask(const std::vector<Mask>& masks);
  double response(const Mask& mask) const;
  Eigen::VectorXd responses(const std::vector<Mask>& masks) const;
  void explain();
  void finish();

  MethodSettings settings_;
  std::vector<std::unique_ptr<Attributor>> runs_;
  std::unique_ptr<Attributor> leave_one_out_;
  std::vector<int> random_ranking_;
  std::map<Mask, Eigen::VectorXd> answers_;  ///< one per class; empty while it is pending
  std::vector<Mask> pending_;
  enum class State { attributing, ranked, done } state_ = State::attributing;
  std::vector<Attribution> attributions_;  ///< one per run
  Outcome outcome_;
};

}  // namespace allometer::explain
