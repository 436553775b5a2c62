#include "template/number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "template/python_text.hpp"

namespace allometer::jinja {
namespace {

constexpr double kTwoTo126 = 0x1p126;

[[noreturn]] void fail_too_large() {
  throw Failure("an integer grows beyond 128 bits");
}

[[noreturn]] void fail_zero_division() {
  throw Failure("division by zero");
}

Int checked_product(Int a, Int b) {
  Int result = 0;
  if (__builtin_mul_overflow(a, b, &result)) fail_too_large();
  return result;
}

/// Rounded towards minus infinity, as Python does.
Int floor_quotient(Int a, Int b) {
  if (b == 0) fail_zero_division();
  if (b == -1) return checked_product(a, -1);
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

/// Has the sign of the divisor.
Int floor_remainder(Int a, Int b) {
  if (b == 0) fail_zero_division();
  if (b == -1) return 0;
  const Int rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double floor_remainder(double a, double b) {
  if (b == 0) fail_zero_division();
  double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  if ((rest < 0) != (b < 0)) rest += b;
  return rest;
}

/// CPython's float_floor_div: from the exact remainder, not from the rounded quotient.
double floor_quotient(double a, double b) {
  if (b == 0) fail_zero_division();
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double down = std::floor(quotient);
  return quotient - down > 0.5 ? down + 1 : down;
}

Value power(Int base, Int exponent) {
  if (exponent < 0) {
    if (base == 0) throw Failure("0.0 cannot be raised to a negative power");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  if (base == 0 || base == 1) return Value(exponent == 0 ? Int{1} : base);
  if (base == -1) return Value(exponent % 2 == 0 ? Int{1} : Int{-1});
  Int result = 1;
  for (; exponent > 0; --exponent) result = checked_product(result, base);
  return Value(result);
}

Value power(double base, double exponent) {
  if (base == 0 && exponent < 0) throw Failure("0.0 cannot be raised to a negative power");
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) &&
      exponent != std::floor(exponent)) {
    throw Failure("a negative number has no real power with a fraction");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent)) {
    throw Failure("a power is too large for a float");
  }
  return Value(result);
}

Value int_arithmetic(std::string_view symbol, Int a, Int b) {
  Int result = 0;
  if (symbol == "+") {
    if (__builtin_add_overflow(a, b, &result)) fail_too_large();
    return Value(result);
  }
  if (symbol == "-") {
    if (__builtin_sub_overflow(a, b, &result)) fail_too_large();
    return Value(result);
  }
  if (symbol == "*") return Value(checked_product(a, b));
  if (symbol == "//") return Value(floor_quotient(a, b));
  if (symbol == "%") return Value(floor_remainder(a, b));
  if (symbol == "**") return power(a, b);
  if (b == 0) fail_zero_division();
  return Value(static_cast<double>(a) / static_cast<double>(b));
}

Value float_arithmetic(std::string_view symbol, double a, double b) {
  if (symbol == "+") return Value(a + b);
  if (symbol == "-") return Value(a - b);
  if (symbol == "*") return Value(a * b);
  if (symbol == "//") return Value(floor_quotient(a, b));
  if (symbol == "%") return Value(floor_remainder(a, b));
  if (symbol == "**") return power(a, b);
  if (b == 0) fail_zero_division();
  return Value(a / b);
}

/// Without the underscores between digits; nothing where one stands elsewhere.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
      continue;
    }
    const auto is_inner = [&](std::size_t at) {
      return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
    };
    if (i == 0 || !is_inner(i - 1) || !is_inner(i + 1)) return std::nullopt;
  }
  return out;
}

/// The base that a prefix names, or 0.
int base_of_prefix(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 0;
  switch (digits[1] | 0x20) {
    case 'x':
      return 16;
    case 'o':
      return 8;
    case 'b':
      return 2;
    default:
      return 0;
  }
}

/// Decimal digits of any script become ASCII's, as int() and float() read them.
std::string with_ascii_digits(std::string_view text) {
  std::string out;
  for (const char32_t c : code_points_of(text)) {
    if (c >= 0x80 && is_decimal(c)) {
      // Unicode keeps the ten digits of a script together, from zero on.
      char32_t zero = c;
      while (c - zero < 9 && is_decimal(zero - 1)) --zero;
      out += static_cast<char>('0' + (c - zero));
    } else {
      append_utf8(out, c);
    }
  }
  return out;
}

/// Half to even at a power of ten left of the point.
double rounded_to_tens(double value, int tens) {
  const double unit = std::pow(10.0, tens);
  return std::isinf(unit) ? std::copysign(0.0, value) : std::nearbyint(value / unit) * unit;
}

}  // namespace

std::string text_of_int(Int value) {
  return fmt::format("{}", value);
}

std::string repr_of_float(double value) {
  std::string text = fmt::format("{}", std::isnan(value) ? std::abs(value) : value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::optional<Int> whole_number(double value) {
  if (!(std::abs(value) < kTwoTo126) || value != std::floor(value)) return std::nullopt;
  return static_cast<Int>(value);
}

double float_of(const Value& number) {
  const auto index = number.as_index();
  return index ? static_cast<double>(*index) : number.floating();
}

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  const auto left = a.as_index();
  const auto right = b.as_index();
  if (left && right) return *left <=> *right;
  if (!left && !right) return a.floating() <=> b.floating();
  if (right) return 0 <=> compare_numbers(b, a);
  const double other = b.floating();
  if (std::isnan(other)) return std::partial_ordering::unordered;
  if (std::abs(other) >= kTwoTo126) return static_cast<double>(*left) <=> other;
  const auto down = static_cast<Int>(std::floor(other));
  if (*left != down) return *left <=> down;
  return other > std::floor(other) ? std::partial_ordering::less
                                   : std::partial_ordering::equivalent;
}

Value number_arithmetic(std::string_view symbol, const Value& a, const Value& b) {
  const auto left = a.as_index();
  const auto right = b.as_index();
  if (left && right) return int_arithmetic(symbol, *left, *right);
  return float_arithmetic(symbol, float_of(a), float_of(b));
}

Value negated_number(const Value& number) {
  if (const auto index = number.as_index()) return Value(checked_product(*index, -1));
  return Value(-number.floating());
}

Value absolute_number(const Value& number) {
  if (const auto index = number.as_index())
    return *index < 0 ? negated_number(number) : Value(*index);
  return Value(std::abs(number.floating()));
}

Value rounded_number(const Value& number, Int digits) {
  constexpr Int kMostDigits = 400;
  const auto places = static_cast<int>(std::clamp(digits, -kMostDigits, kMostDigits));
  if (const auto index = number.as_index()) {
    if (places >= 0) return Value(*index);
    if (places < -38) return Value(Int{0});
    Int unit = 1;
    for (int i = 0; i < -places; ++i) unit *= 10;
    const Int down = floor_quotient(*index, unit);
    const Int twice = (*index - down * unit) * 2;
    const bool is_up = twice > unit || (twice == unit && down % 2 != 0);
    return Value((down + (is_up ? 1 : 0)) * unit);
  }
  const double value = number.floating();
  if (!std::isfinite(value)) return number;
  if (places < 0) return Value(rounded_to_tens(value, -places));
  return Value(std::strtod(fmt::format("{:.{}f}", value, places).c_str(), nullptr));
}

std::optional<Int> parse_int(std::string_view text, int base) {
  std::string digits = with_ascii_digits(strip(text, std::nullopt, Ends::both));
  const bool negative = !digits.empty() && digits[0] == '-';
  if (negative || (!digits.empty() && digits[0] == '+')) digits.erase(0, 1);
  const int named = base_of_prefix(digits);
  if (named != 0 && (base == 0 || base == named)) {
    digits.erase(0, 2);
    if (!digits.empty() && digits[0] == '_') digits.erase(0, 1);
    base = named;
  } else if (base == 0) {
    base = 10;
    if (digits.size() > 1 && digits[0] == '0' &&
        digits.find_first_not_of("0_") != std::string::npos) {
      return std::nullopt;
    }
  }
  const auto plain = without_underscores(digits);
  if (!plain || plain->empty()) return std::nullopt;
  Int value = 0;
  for (const char c : *plain) {
    const auto lower = static_cast<unsigned char>(c | 0x20);
    const int digit = c >= '0' && c <= '9'           ? c - '0'
                      : lower >= 'a' && lower <= 'z' ? lower - 'a' + 10
                                                     : 99;
    if (digit >= base) return std::nullopt;
    if (__builtin_mul_overflow(value, static_cast<Int>(base), &value) ||
        __builtin_add_overflow(value, static_cast<Int>(digit), &value)) {
      fail_too_large();
    }
  }
  return negative ? -value : value;
}

std::optional<double> parse_float(std::string_view text) {
  const auto plain = without_underscores(with_ascii_digits(strip(text, std::nullopt, Ends::both)));
  if (!plain || plain->empty()) return std::nullopt;
  std::string_view digits = *plain;
  const bool negative = digits[0] == '-';
  if (negative || digits[0] == '+') digits.remove_prefix(1);
  std::string word(digits);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  double value = 0;
  if (word == "inf" || word == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (word == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (word.empty() || word.find_first_not_of("0123456789.e+-") != std::string::npos) {
      return std::nullopt;
    }
    const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
    if (result.ptr != word.data() + word.size()) return std::nullopt;
    if (result.ec == std::errc::result_out_of_range) value = std::strtod(word.c_str(), nullptr);
  }
  return negative ? -value : value;
}

}  // namespace allometer::jinja
