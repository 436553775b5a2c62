#pragma once
/// Python's arithmetic on bool, int and float.

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "template/value.hpp"

namespace allometer::jinja {

std::string text_of_int(Int value);
/// repr(float): the shortest digits that read back, an exponent below 1e-4 and from 1e16 on.
std::string repr_of_float(double value);

/// The integer that a float is, if it is one that fits.
std::optional<Int> whole_number(double value);
/// The value of a number as a float.
double float_of(const Value& number);

/// Exact, also between an int and a float; unordered with a NaN.
std::partial_ordering compare_numbers(const Value& a, const Value& b);

/// One of + - * / // % **. Throws Failure for a division by zero, a result beyond 128 bits or a
/// complex one.
Value number_arithmetic(std::string_view symbol, const Value& a, const Value& b);
Value negated_number(const Value& number);
Value absolute_number(const Value& number);

/// round(number, digits): halves to even.
Value rounded_number(const Value& number, Int digits);

/// int(text, base) and float(text); nothing where Python raises a ValueError.
std::optional<Int> parse_int(std::string_view text, int base);
std::optional<double> parse_float(std::string_view text);

}  // namespace allometer::jinja
