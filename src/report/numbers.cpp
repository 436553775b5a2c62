#include "report/numbers.hpp"

#include <cmath>

#include <fmt/format.h>

namespace allometer::report {
namespace {

/// Digits behind the point so that three are significant.
int decimals_for(double size) {
  if (size >= 99.95) return 0;
  if (size >= 9.995) return 1;
  if (size >= 0.9995) return 2;
  return size >= 0.0995 ? 3 : 4;
}

}  // namespace

std::string short_number(double value, bool with_sign) {
  if (std::isnan(value)) return "-";
  const double size = std::abs(value);
  std::string text;
  if (size != 0 && (size < 0.001 || size >= 99999.5)) {
    text = fmt::format("{:.1e}", value);
  } else {
    text = fmt::format("{:.{}f}", value, size == 0 ? 0 : decimals_for(size));
  }
  return with_sign && value > 0 ? "+" + text : text;
}

std::string margin_text(double value) {
  if (std::isnan(value)) return "-";
  if (value != 0 && (value < 0.001 || value >= 99999.5)) return fmt::format("{:.1e}", value);
  if (value == 0 || value >= 9.95) return fmt::format("{:.0f}", value);
  return fmt::format("{:#.2g}", value);
}

std::string coefficient_text(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:+.2f}", value);
}

std::string probability_text(double value) {
  if (std::isnan(value)) return "-";
  return value < 0.0005 ? "<.001" : fmt::format("{:.3f}", value);
}

std::string count_text(double value) {
  if (std::isnan(value)) return "-";
  constexpr const char* kSuffixes[] = {"", "k", "M", "G", "T"};
  int step = 0;
  for (; value >= 999.5 && step < 4; ++step) value /= 1000;
  if (step == 0) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}{}", value,
                     value >= 99.95   ? 0
                     : value >= 9.995 ? 1
                                      : 2,
                     kSuffixes[step]);
}

std::string interval_text(double low, double high) {
  if (std::isnan(low)) return "-";
  return short_number(low) + ".." + short_number(high);
}

}  // namespace allometer::report
