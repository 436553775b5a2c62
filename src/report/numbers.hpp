#pragma once
/// Numbers as short text for tables; "-" where there is none.

#include <string>

namespace allometer::report {

/// Three significant digits, a sign if asked for: 0.251, 12.3, 1204, 1.2e-05.
std::string short_number(double value, bool with_sign = false);
/// Half of an interval, two significant digits: 0.042, 0.10, 4.1, 410.
std::string margin_text(double value);
/// A coefficient: +0.90.
std::string coefficient_text(double value);
/// A probability: 0.083, <.001.
std::string probability_text(double value);
/// A count with k, M, G or T: 14.0k, 227k, 7.24G.
std::string count_text(double value);
/// "0.21..0.30"
std::string interval_text(double low, double high);

}  // namespace allometer::report
