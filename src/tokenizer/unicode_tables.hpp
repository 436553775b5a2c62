#pragma once
/// Sets of code points: those that the reference's tables hold, which are older or newer than the
/// ones of the libraries here. Token ids depend on them.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tokenizer {

constexpr std::int32_t kLastCodePoint = 0x10FFFF;

class CodePointSet {
 public:
  void add(std::int32_t first, std::int32_t last) {
    for (std::int32_t c = first; c <= last; ++c) words_[word_of(c)] |= bit_of(c);
  }
  /// `code_point` is one: 0 ... kLastCodePoint.
  bool contains(std::int32_t code_point) const {
    return (words_[word_of(code_point)] & bit_of(code_point)) != 0;
  }

 private:
  static std::size_t word_of(std::int32_t c) { return static_cast<std::size_t>(c) / 64; }
  static std::uint64_t bit_of(std::int32_t c) { return std::uint64_t{1} << (c % 64); }
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(kLastCodePoint / 64 + 1);
};

/// visit(first, last) for ranges like "41-5A 61-7A AA" (hexadecimal).
void for_each_range(std::string_view ranges,
                    const std::function<void(std::int32_t, std::int32_t)>& visit);

/// What Unicode 15 and 16 assigned to a general category ("Lu") or a group of them ("L"), as
/// ranges: PCRE2 10.40 and utf8proc 2.7 know Unicode 14.
std::string newer_ranges(std::string_view category);

/// General categories L and N, and \w of UTS #18 (alphabetic, mark, decimal digit, connector
/// punctuation, join control), of Unicode 16.
const CodePointSet& letters();
const CodePointSet& numbers();
const CodePointSet& word_characters();

/// Beyond ASCII: the general categories P, M and C (without what is unassigned) as the reference's
/// BERT parts and StripAccents have them, and Mn without what NFD decomposes.
const CodePointSet& reference_punctuation();
const CodePointSet& reference_marks();
const CodePointSet& reference_nonspacing_marks();
const CodePointSet& reference_other();

}  // namespace allometer::tokenizer
