#pragma once
/// What each lever does to a task or an ability, beside what ten-fold size does.

#include <map>
#include <vector>

#include "report/headline_scores.hpp"
#include "report/levers.hpp"
#include "report/report.hpp"

namespace allometer::report {

/// One row per level that is not the reference, of every lever that takes two levels or more among
/// the models of an ability or a task: abilities of several tasks first, then tasks in the order of
/// the plan. Errors are clustered (CR2): by family where there are eight or more, else by models
/// that share family and size, the families being given. An ability's score of a model is the mean
/// over its tasks; only models that answered all of them count. Of tasks that were not all asked
/// with the same numbers of shots only those count that were asked with each; if there is none, a
/// model's score is the mean over whatever shots, and these are no lever of the ability.
std::vector<LeverRow> lever_rows(const std::map<Measure, ScoreOfVariant>& scores,
                                 const Source& source, const Levers& levers,
                                 const Settings& settings);

}  // namespace allometer::report
