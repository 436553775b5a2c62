#pragma once
/// Does a measure go with size less, or more, than the contrast battery does, over the same models?

#include "report/judged.hpp"
#include "report/report.hpp"

namespace allometer::report {

/// Correlations, Williams' t and Zou's interval as observed and corrected for attenuation; the
/// difference of slopes with a t interval over models (of the differences of scores) and a paired
/// bootstrap interval over questions. Within families where there are several: their means are
/// taken off, and count as lost points.
Comparison compare(const Judged& measure, const Judged& contrast, double confidence);

}  // namespace allometer::report
