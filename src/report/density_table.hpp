#pragma once
/// The capacity density of every model: how large a reference model of equal score would be.

#include <span>

#include "report/report.hpp"

namespace allometer::report {

/// On request (Settings::density); the report says why where it cannot be told. The laws are fitted
/// to the models of the reference family, each at its first precision, with loss and score at the
/// fewest shots that the tasks were asked with, seeds meaned. A perplexity counts by its logarithm.
/// N is that of the size axis, without embeddings where that is not of parameters.
Density density_of(const Source& source, std::span<const results::ResultsFile::Estimate> estimates,
                   const Settings& settings);

}  // namespace allometer::report
