#include "stats/answered.hpp"

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

std::vector<Eigen::Index> where(const Eigen::Array<bool, Eigen::Dynamic, 1>& wanted) {
  std::vector<Eigen::Index> indices;
  for (Eigen::Index i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) indices.push_back(i);
  }
  return indices;
}

}  // namespace

Undefined Answered::undefined() const {
  if (questions.empty()) return Undefined::too_few;
  const double share = share_right();
  return share == 0 || share == 1 ? Undefined::constant : Undefined::no;
}

Answered answered(const Eigen::Ref<const Eigen::MatrixXd>& right) {
  const Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic> asked = !right.array().isNaN();
  ALLOMETER_EXPECT((!asked || right.array() == 0 || right.array() == 1).all());
  Answered answers{where(asked.rowwise().any()), where(asked.colwise().any().transpose()), {}, {}};
  const Eigen::ArrayXXd kept = right(answers.questions, answers.models).array();
  answers.asked = (!kept.isNaN()).cast<double>();
  answers.right = kept.isNaN().select(0.0, kept);
  return answers;
}

}  // namespace allometer::stats
