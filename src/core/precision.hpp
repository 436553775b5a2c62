#pragma once
/// The number format in which a variant computes its matrix products.

#include <optional>
#include <string_view>

namespace allometer {

enum class Precision { f32, bf16 };

constexpr std::string_view name_of(Precision precision) {
  return precision == Precision::f32 ? "f32" : "bf16";
}

/// Nothing for a name that is not a precision.
constexpr std::optional<Precision> parse_precision(std::string_view name) {
  if (name == "f32") return Precision::f32;
  if (name == "bf16") return Precision::bf16;
  return std::nullopt;
}

}  // namespace allometer
