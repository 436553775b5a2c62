#include "core/utf8.hpp"

#include <cstdint>

namespace allometer {
namespace {

/// What a first byte says of its sequence: how many bytes follow, and the bounds of the first of
/// them. Those bounds are what keeps overlong forms (E0, F0), surrogates (ED) and code points above
/// U+10FFFF (F4) out.
struct Sequence {
  std::size_t following;
  std::uint8_t least = 0x80;
  std::uint8_t most = 0xBF;
};

constexpr std::size_t kInvalid = 4;

Sequence sequence_of(std::uint8_t first) {
  if (first < 0x80) return {0};
  if (first >= 0xC2 && first <= 0xDF) return {1};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {2};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {3};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {kInvalid};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto [following, least, most] = sequence_of(static_cast<std::uint8_t>(text[at]));
    if (following == kInvalid || following >= text.size() - at) return false;
    for (; following > 0; --following) {
      const auto byte = static_cast<std::uint8_t>(text[++at]);
      if (byte < least || byte > most) return false;
      least = 0x80;
      most = 0xBF;
    }
  }
  return true;
}

}  // namespace allometer
