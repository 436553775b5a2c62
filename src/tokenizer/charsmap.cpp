#include "tokenizer/charsmap.hpp"

#include <array>

#include <fmt/format.h>

#include "core/error.hpp"
#include "tokenizer/double_array_unit.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

/// Longer clusters are replaced code point by code point.
constexpr std::size_t kLongestCluster = 5;  // bytes

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::optional<std::string> bytes_of_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string bytes;
  std::uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes += static_cast<char>(bits >> num_bits & 0xFF);
    }
  }
  return bytes;
}

}  // namespace

Charsmap::Charsmap(std::string_view blob, const std::string& where) {
  const std::size_t size = blob.size() < 4 ? 0 : little_endian(blob);
  if (blob.size() < 4 || size > blob.size() - 4 || size == 0 || size % 4 != 0) {
    throw FormatError(fmt::format("{}: a character map of {} bytes whose trie is said to have {}",
                                  where, blob.size(), size));
  }
  for (std::size_t i = 4; i < size + 4; i += 4) units_.push_back(little_endian(blob.substr(i)));
  replacements_ = blob.substr(size + 4);
  if (!is_valid_utf8(replacements_)) {
    throw FormatError(fmt::format("{}: the replacements of the character map are no UTF-8", where));
  }
}

Charsmap Charsmap::from_base64(std::string_view text, const std::string& where) {
  const auto blob = bytes_of_base64(text);
  if (!blob) throw FormatError(fmt::format("{}: not base64", where));
  return Charsmap(*blob, where);
}

std::optional<std::string_view> Charsmap::replacement_of(std::string_view text) const {
  // A damaged trie may point anywhere: nothing is there.
  const auto unit_at = [&](std::size_t position) {
    return position < units_.size() ? units_[position] : 0;
  };
  std::size_t position = offset_of(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    position ^= byte;
    const std::uint32_t unit = unit_at(position);
    if (byte == 0 || label_of(unit) != byte) return std::nullopt;
    position ^= offset_of(unit);
    if (has_leaf(unit)) {
      const std::size_t begin = value_of(unit_at(position));
      if (begin > replacements_.size() ||
          begins_inside_code_point(std::string_view(replacements_).substr(begin)))
        return std::nullopt;
      return std::string_view(replacements_).substr(begin, replacements_.find('\0', begin) - begin);
    }
  }
  return std::nullopt;
}

std::string Charsmap::normalize(std::string_view text) const {
  std::string result;
  result.reserve(text.size());
  for_each_grapheme_cluster(text, [&](std::string_view cluster) {
    if (cluster.size() <= kLongestCluster) {
      if (const auto replacement = replacement_of(cluster)) {
        result += *replacement;
        return;
      }
    }
    for (std::size_t i = 0; i < cluster.size();) {
      const std::string_view code_point = cluster.substr(i, code_point_length(cluster, i));
      result += replacement_of(code_point).value_or(code_point);
      i += code_point.size();
    }
  });
  return result;
}

}  // namespace allometer::tokenizer
