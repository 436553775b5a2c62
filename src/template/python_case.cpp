#include "template/python_case.hpp"

#include <algorithm>
#include <array>

#include <utf8proc.h>

namespace allometer::jinja {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// A mapping to more than one code point.
struct LongCase {
  char32_t from;
  std::u32string_view to;
};

// Unicode 14, PropList.txt: Other_Lowercase and Other_Uppercase.
constexpr std::array<Range, 24> kOtherLower{
    {{0xAA, 0xAA},       {0xBA, 0xBA},       {0x2B0, 0x2B8},     {0x2C0, 0x2C1},
     {0x2E0, 0x2E4},     {0x345, 0x345},     {0x37A, 0x37A},     {0x1D2C, 0x1D6A},
     {0x1D78, 0x1D78},   {0x1D9B, 0x1DBF},   {0x2071, 0x2071},   {0x207F, 0x207F},
     {0x2090, 0x209C},   {0x2170, 0x217F},   {0x24D0, 0x24E9},   {0x2C7C, 0x2C7D},
     {0xA69C, 0xA69D},   {0xA770, 0xA770},   {0xA7F8, 0xA7F9},   {0xAB5C, 0xAB5F},
     {0x10780, 0x10780}, {0x10783, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BA}}};

constexpr std::array<Range, 5> kOtherUpper{{{0x2160, 0x216F},
                                            {0x24B6, 0x24CF},
                                            {0x1F130, 0x1F149},
                                            {0x1F150, 0x1F169},
                                            {0x1F170, 0x1F189}}};

// Unicode 14, UnicodeData.txt: Numeric_Type=Digit (the decimal digits are a category).
constexpr std::array<Range, 20> kOtherDigit{
    {{0xB2, 0xB3},       {0xB9, 0xB9},       {0x1369, 0x1371},   {0x19DA, 0x19DA},
     {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
     {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
     {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
     {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A}}};

// Unicode 14, SpecialCasing.txt, without conditions.
constexpr std::array<LongCase, 102> kLongUpper{
    {{0xDF, U"\u0053\u0053"},         {0x149, U"\u02bc\u004e"},
     {0x1F0, U"\u004a\u030c"},        {0x390, U"\u0399\u0308\u0301"},
     {0x3B0, U"\u03a5\u0308\u0301"},  {0x587, U"\u0535\u0552"},
     {0x1E96, U"\u0048\u0331"},       {0x1E97, U"\u0054\u0308"},
     {0x1E98, U"\u0057\u030a"},       {0x1E99, U"\u0059\u030a"},
     {0x1E9A, U"\u0041\u02be"},       {0x1F50, U"\u03a5\u0313"},
     {0x1F52, U"\u03a5\u0313\u0300"}, {0x1F54, U"\u03a5\u0313\u0301"},
     {0x1F56, U"\u03a5\u0313\u0342"}, {0x1F80, U"\u1f08\u0399"},
     {0x1F81, U"\u1f09\u0399"},       {0x1F82, U"\u1f0a\u0399"},
     {0x1F83, U"\u1f0b\u0399"},       {0x1F84, U"\u1f0c\u0399"},
     {0x1F85, U"\u1f0d\u0399"},       {0x1F86, U"\u1f0e\u0399"},
     {0x1F87, U"\u1f0f\u0399"},       {0x1F88, U"\u1f08\u0399"},
     {0x1F89, U"\u1f09\u0399"},       {0x1F8A, U"\u1f0a\u0399"},
     {0x1F8B, U"\u1f0b\u0399"},       {0x1F8C, U"\u1f0c\u0399"},
     {0x1F8D, U"\u1f0d\u0399"},       {0x1F8E, U"\u1f0e\u0399"},
     {0x1F8F, U"\u1f0f\u0399"},       {0x1F90, U"\u1f28\u0399"},
     {0x1F91, U"\u1f29\u0399"},       {0x1F92, U"\u1f2a\u0399"},
     {0x1F93, U"\u1f2b\u0399"},       {0x1F94, U"\u1f2c\u0399"},
     {0x1F95, U"\u1f2d\u0399"},       {0x1F96, U"\u1f2e\u0399"},
     {0x1F97, U"\u1f2f\u0399"},       {0x1F98, U"\u1f28\u0399"},
     {0x1F99, U"\u1f29\u0399"},       {0x1F9A, U"\u1f2a\u0399"},
     {0x1F9B, U"\u1f2b\u0399"},       {0x1F9C, U"\u1f2c\u0399"},
     {0x1F9D, U"\u1f2d\u0399"},       {0x1F9E, U"\u1f2e\u0399"},
     {0x1F9F, U"\u1f2f\u0399"},       {0x1FA0, U"\u1f68\u0399"},
     {0x1FA1, U"\u1f69\u0399"},       {0x1FA2, U"\u1f6a\u0399"},
     {0x1FA3, U"\u1f6b\u0399"},       {0x1FA4, U"\u1f6c\u0399"},
     {0x1FA5, U"\u1f6d\u0399"},       {0x1FA6, U"\u1f6e\u0399"},
     {0x1FA7, U"\u1f6f\u0399"},       {0x1FA8, U"\u1f68\u0399"},
     {0x1FA9, U"\u1f69\u0399"},       {0x1FAA, U"\u1f6a\u0399"},
     {0x1FAB, U"\u1f6b\u0399"},       {0x1FAC, U"\u1f6c\u0399"},
     {0x1FAD, U"\u1f6d\u0399"},       {0x1FAE, U"\u1f6e\u0399"},
     {0x1FAF, U"\u1f6f\u0399"},       {0x1FB2, U"\u1fba\u0399"},
     {0x1FB3, U"\u0391\u0399"},       {0x1FB4, U"\u0386\u0399"},
     {0x1FB6, U"\u0391\u0342"},       {0x1FB7, U"\u0391\u0342\u0399"},
     {0x1FBC, U"\u0391\u0399"},       {0x1FC2, U"\u1fca\u0399"},
     {0x1FC3, U"\u0397\u0399"},       {0x1FC4, U"\u0389\u0399"},
     {0x1FC6, U"\u0397\u0342"},       {0x1FC7, U"\u0397\u0342\u0399"},
     {0x1FCC, U"\u0397\u0399"},       {0x1FD2, U"\u0399\u0308\u0300"},
     {0x1FD3, U"\u0399\u0308\u0301"}, {0x1FD6, U"\u0399\u0342"},
     {0x1FD7, U"\u0399\u0308\u0342"}, {0x1FE2, U"\u03a5\u0308\u0300"},
     {0x1FE3, U"\u03a5\u0308\u0301"}, {0x1FE4, U"\u03a1\u0313"},
     {0x1FE6, U"\u03a5\u0342"},       {0x1FE7, U"\u03a5\u0308\u0342"},
     {0x1FF2, U"\u1ffa\u0399"},       {0x1FF3, U"\u03a9\u0399"},
     {0x1FF4, U"\u038f\u0399"},       {0x1FF6, U"\u03a9\u0342"},
     {0x1FF7, U"\u03a9\u0342\u0399"}, {0x1FFC, U"\u03a9\u0399"},
     {0xFB00, U"\u0046\u0046"},       {0xFB01, U"\u0046\u0049"},
     {0xFB02, U"\u0046\u004c"},       {0xFB03, U"\u0046\u0046\u0049"},
     {0xFB04, U"\u0046\u0046\u004c"}, {0xFB05, U"\u0053\u0054"},
     {0xFB06, U"\u0053\u0054"},       {0xFB13, U"\u0544\u0546"},
     {0xFB14, U"\u0544\u0535"},       {0xFB15, U"\u0544\u053b"},
     {0xFB16, U"\u054e\u0546"},       {0xFB17, U"\u0544\u053d"}}};

constexpr std::array<LongCase, 48> kLongTitle{
    {{0xDF, U"\u0053\u0073"},         {0x149, U"\u02bc\u004e"},
     {0x1F0, U"\u004a\u030c"},        {0x390, U"\u0399\u0308\u0301"},
     {0x3B0, U"\u03a5\u0308\u0301"},  {0x587, U"\u0535\u0582"},
     {0x1E96, U"\u0048\u0331"},       {0x1E97, U"\u0054\u0308"},
     {0x1E98, U"\u0057\u030a"},       {0x1E99, U"\u0059\u030a"},
     {0x1E9A, U"\u0041\u02be"},       {0x1F50, U"\u03a5\u0313"},
     {0x1F52, U"\u03a5\u0313\u0300"}, {0x1F54, U"\u03a5\u0313\u0301"},
     {0x1F56, U"\u03a5\u0313\u0342"}, {0x1FB2, U"\u1fba\u0345"},
     {0x1FB4, U"\u0386\u0345"},       {0x1FB6, U"\u0391\u0342"},
     {0x1FB7, U"\u0391\u0342\u0345"}, {0x1FC2, U"\u1fca\u0345"},
     {0x1FC4, U"\u0389\u0345"},       {0x1FC6, U"\u0397\u0342"},
     {0x1FC7, U"\u0397\u0342\u0345"}, {0x1FD2, U"\u0399\u0308\u0300"},
     {0x1FD3, U"\u0399\u0308\u0301"}, {0x1FD6, U"\u0399\u0342"},
     {0x1FD7, U"\u0399\u0308\u0342"}, {0x1FE2, U"\u03a5\u0308\u0300"},
     {0x1FE3, U"\u03a5\u0308\u0301"}, {0x1FE4, U"\u03a1\u0313"},
     {0x1FE6, U"\u03a5\u0342"},       {0x1FE7, U"\u03a5\u0308\u0342"},
     {0x1FF2, U"\u1ffa\u0345"},       {0x1FF4, U"\u038f\u0345"},
     {0x1FF6, U"\u03a9\u0342"},       {0x1FF7, U"\u03a9\u0342\u0345"},
     {0xFB00, U"\u0046\u0066"},       {0xFB01, U"\u0046\u0069"},
     {0xFB02, U"\u0046\u006c"},       {0xFB03, U"\u0046\u0066\u0069"},
     {0xFB04, U"\u0046\u0066\u006c"}, {0xFB05, U"\u0053\u0074"},
     {0xFB06, U"\u0053\u0074"},       {0xFB13, U"\u0544\u0576"},
     {0xFB14, U"\u0544\u0565"},       {0xFB15, U"\u0544\u056b"},
     {0xFB16, U"\u054e\u0576"},       {0xFB17, U"\u0544\u056d"}}};

template <std::size_t size>
bool is_in(char32_t c, const std::array<Range, size>& ranges) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t value, Range range) { return value < range.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

template <std::size_t size>
bool append_long(std::u32string& out, char32_t c, const std::array<LongCase, size>& cases) {
  const auto found =
      std::lower_bound(cases.begin(), cases.end(), c,
                       [](const LongCase& entry, char32_t value) { return entry.from < value; });
  if (found == cases.end() || found->from != c) return false;
  out += found->to;
  return true;
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

}  // namespace

bool is_lower(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LL || is_in(c, kOtherLower);
}

bool is_upper(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU || is_in(c, kOtherUpper);
}

bool is_title(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LT;
}

bool is_other_digit(char32_t c) {
  return is_in(c, kOtherDigit);
}

void append_lower(std::u32string& out, char32_t c) {
  constexpr char32_t kCapitalDottedI = 0x130;
  if (c == kCapitalDottedI) {
    out += U"i\u0307";
  } else {
    out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  }
}

void append_upper(std::u32string& out, char32_t c) {
  if (append_long(out, c, kLongUpper)) return;
  out += static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}

void append_title(std::u32string& out, char32_t c) {
  if (append_long(out, c, kLongTitle)) return;
  out += static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c)));
}

}  // namespace allometer::jinja
