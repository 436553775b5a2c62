#pragma once
/// The fields of a unit of a double array of Darts-clone (https://github.com/s-yata/darts-clone),
/// which SentencePiece keeps the rules of its normalizer in.

#include <cstddef>
#include <cstdint>

namespace allometer::tokenizer {

/// Does an entry end here?
inline bool has_leaf(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
/// Of the unit that holds what an entry stands for.
inline std::uint32_t value_of(std::uint32_t unit) {
  return unit & 0x7FFFFFFF;
}
/// The byte by which the unit is entered, with the bit that marks values: no byte equals it there.
inline std::uint32_t label_of(std::uint32_t unit) {
  return unit & 0x800000FF;
}
/// What the unit's index is to be XORed with to come to its children.
inline std::size_t offset_of(std::uint32_t unit) {
  return std::size_t{unit >> 10} << ((unit & 0x200) >> 6);
}

}  // namespace allometer::tokenizer
