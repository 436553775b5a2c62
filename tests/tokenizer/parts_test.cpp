// Normalizers, pre-tokenizers and decoders, each on its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/byte_level.hpp"
#include "tokenizer/charsmap.hpp"
#include "tokenizer/decoder.hpp"
#include "tokenizer/error_text.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/normalizer.hpp"
#include "tokenizer/oniguruma.hpp"
#include "tokenizer/pattern.hpp"
#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

std::string normalized(const json& part, std::string text) {
  return read_normalizer(JsonNode(part, "t.json"))->normalized(std::move(text));
}

Texts split(const json& part, const std::string& text, bool at_start = true) {
  Pieces pieces{text, {{0, text.size()}}, at_start ? std::size_t{1} : 0};
  read_pre_tokenizer(JsonNode(part, "t.json"))->apply(pieces);
  Texts result;
  for (const Range& range : pieces.ranges) result.emplace_back(pieces.piece(range));
  return result;
}

Texts decoded(const json& part, Texts pieces) {
  read_decoder(JsonNode(part, "t.json"))->apply(pieces);
  return pieces;
}

TEST(Unicode, ReplacesInvalidBytesByMaximalParts) {
  EXPECT_EQ(to_valid_utf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(to_valid_utf8("\xE2\x82"), "\uFFFD");  // cut short
  EXPECT_EQ(to_valid_utf8("\xF0\x9F\x99z"), "\uFFFDz");
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\u00e9\u6f22\U0001f642"), "\u00e9\u6f22\U0001f642");
  EXPECT_TRUE(is_valid_utf8("a\u00e9\U0001f642"));
  EXPECT_FALSE(is_valid_utf8("a\xE2\x82"));
}

TEST(Normalizer, AppliesUnicodeForms) {
  EXPECT_EQ(normalized({{"type", "NFC"}}, "e\u0301 \uFB01"), "\u00e9 \uFB01");
  EXPECT_EQ(normalized({{"type", "NFD"}}, "\u00e9 \uFB01"), "e\u0301 \uFB01");
  EXPECT_EQ(normalized({{"type", "NFKC"}}, "e\u0301 \uFB01"), "\u00e9 fi");
  EXPECT_EQ(normalized({{"type", "NFKD"}}, "\u00e9 \uFB01"), "e\u0301 fi");
  // Below U+0340 and yet not NFC: a combining mark, and a singleton.
  EXPECT_EQ(normalized({{"type", "NFC"}}, "\u0344\u212b"), "\u0308\u0301\u00c5");
  EXPECT_EQ(normalized({{"type", "NFC"}}, std::string("a\0\r\n\x1f", 5)),
            std::string("a\0\r\n\x1f", 5));
}

TEST(Normalizer, TakesNoTextForNfcThatIsNot) {
  // Behind each code point one that may be joined to it: the short way must not be taken then.
  for (std::int32_t c = 0x80; c <= 0x2FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_code_point(text, c);
    for (const char* before : {"", "a", "\u0915", "\u1100"}) {
      if (!is_trivially(NormalForm::nfc, before + text)) continue;
      // A singleton or a composition would differ in its decomposition as well.
      const std::string decomposed = to_normal_form(before + text, NormalForm::nfd);
      ASSERT_EQ(to_normal_form(decomposed, NormalForm::nfc), before + text) << std::hex << c;
    }
  }
  EXPECT_TRUE(is_trivially(NormalForm::nfc, "\u2019\u6f22\uac00\u1ebf\U0001f642"));
  EXPECT_FALSE(is_trivially(NormalForm::nfc, "e\u0301"));
  EXPECT_FALSE(is_trivially(NormalForm::nfc, "\uac00\u11a8"));
  EXPECT_FALSE(is_trivially(NormalForm::nfc, "\u212b"));
}

TEST(Normalizer, ChangesCaseAccentsAndEnds) {
  EXPECT_EQ(normalized({{"type", "Lowercase"}}, "AB\u00c9\u0130\u03a3"), "ab\u00e9i\u0307\u03c3");
  EXPECT_EQ(normalized({{"type", "StripAccents"}}, "e\u0301a\u0903"), "ea");
  const json strip = {{"type", "Strip"}, {"strip_left", true}, {"strip_right", false}};
  EXPECT_EQ(normalized(strip, "\u3000 \ta b "), "a b ");
  EXPECT_EQ(normalized({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}}, " \u00a0"),
            "");
}

TEST(Normalizer, PrependsAndReplaces) {
  EXPECT_EQ(normalized({{"type", "Prepend"}, {"prepend", "_"}}, "a"), "_a");
  EXPECT_EQ(normalized({{"type", "Prepend"}, {"prepend", "_"}}, ""), "");
  const json text = {{"type", "Replace"}, {"pattern", {{"String", "aa"}}}, {"content", "b"}};
  EXPECT_EQ(normalized(text, "aaaa."), "bb.");
  const json regex = {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", "$0"}};
  EXPECT_EQ(normalized(regex, "a   b c"), "a$0b c");
  const json sequence = {
      {"type", "Sequence"},
      {"normalizers", {{{"type", "Lowercase"}}, {{"type", "Prepend"}, {"prepend", "X"}}}}};
  EXPECT_EQ(normalized(sequence, "AB"), "Xab");
}

TEST(Normalizer, CleansAsBertDoes) {
  const auto bert = [](bool clean, bool chinese, const json& accents, bool lower) {
    return json{{"type", "BertNormalizer"},
                {"clean_text", clean},
                {"handle_chinese_chars", chinese},
                {"strip_accents", accents},
                {"lowercase", lower}};
  };
  const std::string text = std::string("A\u0300\u00c9\t\0\x01\u200bx\u3000\uFFFD", 20);
  EXPECT_EQ(normalized(bert(true, false, false, false), text), "A\u0300\u00c9 x ");
  EXPECT_EQ(normalized(bert(false, true, false, false), "a\u6f22b\U0002B820\u3042"),
            "a \u6f22 b\U0002B820\u3042");
  EXPECT_EQ(normalized(bert(false, false, true, false), "A\u0300\u00c9"), "AE");
  EXPECT_EQ(normalized(bert(false, false, false, true), "A\u0300\u00c9"), "a\u0300\u00e9");
  // Without a word on accents, lower case decides.
  EXPECT_EQ(normalized(bert(false, false, nullptr, true), "\u00c9"), "e");
  EXPECT_EQ(normalized(bert(false, false, nullptr, false), "\u00c9"), "\u00c9");
  EXPECT_EQ(normalized({{"type", "BertNormalizer"}}, "\u00c9\u6f22"), "e \u6f22 ");
}

TEST(Normalizer, DropsAndBlanksAsNmtDoes) {
  EXPECT_EQ(normalized({{"type", "Nmt"}}, "a\x01\u0009b\u200bc\u2581d\u007fe\u00a0"),
            "a b c de\u00a0");
}

TEST(Normalizer, SpellsBytes) {
  EXPECT_EQ(normalized({{"type", "ByteLevel"}}, "a \u00e9"), "a\u0120\u00c3\u00a9");
}

/// A map of two entries: "A" -> "bc", and the ligature U+FB01 -> "fi".
std::string small_charsmap() {
  // Units of darts-clone: an offset, a leaf mark (1 << 8), a label; a value has the highest bit.
  std::vector<std::uint32_t> units(1024, 0);
  const auto link = [&](std::uint32_t from, std::uint32_t offset) {
    units[from] |= offset << 10;
    return from ^ offset;
  };
  const auto enter = [&](std::uint32_t base, unsigned char byte) {
    units[base ^ byte] |= byte;
    return base ^ byte;
  };
  const std::uint32_t root = link(0, 0x100);
  const std::uint32_t letter = enter(root, 'A');
  units[letter] |= 1U << 8;
  units[link(letter, 0x001)] = 0x80000000U;
  const std::uint32_t first = enter(root, 0xEF);
  const std::uint32_t second = enter(link(first, 0x200), 0xAC);
  const std::uint32_t third = enter(link(second, 0x040), 0x81);
  units[third] |= 1U << 8;
  units[link(third, 0x011)] = 0x80000003U;
  std::string blob;
  const auto put = [&](std::uint32_t word) {
    for (int i = 0; i < 4; ++i) blob += static_cast<char>(word >> 8 * i & 0xFF);
  };
  put(static_cast<std::uint32_t>(4 * units.size()));
  for (const std::uint32_t unit : units) put(unit);
  return blob + std::string("bc\0fi\0", 6);
}

TEST(Normalizer, ReplacesByAPrecompiledMap) {
  const Charsmap map(small_charsmap(), "t");
  EXPECT_EQ(map.normalize("xAy\uFB01\uFB02"), "xbcyfi\uFB02");
  // A cluster of up to five bytes is looked up whole, and what it begins with is enough.
  EXPECT_EQ(map.normalize("A\u0301!"), "bc!");
  EXPECT_EQ(map.normalize("A\u0301\u0301\u0301!"), "bc\u0301\u0301\u0301!");
  EXPECT_EQ(map.normalize(std::string("A\0A", 3)), std::string("bc\0bc", 5));
}

TEST(Normalizer, RefusesDamagedMaps) {
  const auto error_of = [](const std::string& blob) {
    return format_error_of([&] { Charsmap(blob, "t.json: map").normalize("A\uFB01"); });
  };
  EXPECT_THAT(error_of(""), HasSubstr("t.json: map: a character map of 0 bytes"));
  EXPECT_THAT(error_of(small_charsmap().substr(0, 100)), HasSubstr("100 bytes whose trie"));
  EXPECT_THAT(error_of(std::string("\x03\0\0\0abc", 7)), HasSubstr("said to have 3"));
  EXPECT_THAT(error_of(small_charsmap() + "\xFF"), HasSubstr("no UTF-8"));
  EXPECT_THAT(format_error_of([] { Charsmap::from_base64("a*==", "t.json: map"); }),
              HasSubstr("t.json: map: not base64"));
  // A trie that points nowhere finds nothing.
  std::string wild = small_charsmap();
  for (std::size_t i = 4; i < wild.size() - 6; ++i) wild[i] = static_cast<char>(0xC1 + i % 3);
  EXPECT_EQ(error_of(wild), "no FormatError");
}

TEST(PreTokenizer, SplitsWithEveryBehavior) {
  const auto split_by = [](const char* behavior, bool invert = false) {
    return json{{"type", "Split"},
                {"pattern", {{"String", "-"}}},
                {"behavior", behavior},
                {"invert", invert}};
  };
  const std::string text = "the-final--countdown";
  EXPECT_THAT(split(split_by("Removed"), text), ElementsAre("the", "final", "countdown"));
  EXPECT_THAT(split(split_by("Isolated"), text),
              ElementsAre("the", "-", "final", "-", "-", "countdown"));
  EXPECT_THAT(split(split_by("MergedWithPrevious"), text),
              ElementsAre("the-", "final-", "-", "countdown"));
  EXPECT_THAT(split(split_by("MergedWithNext"), text),
              ElementsAre("the", "-final", "-", "-countdown"));
  EXPECT_THAT(split(split_by("Contiguous"), text),
              ElementsAre("the", "-", "final", "--", "countdown"));
  EXPECT_THAT(split(split_by("Removed", true), text), ElementsAre("-", "-", "-"));
}

TEST(PreTokenizer, SplitsByteLevelWords) {
  json part = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  EXPECT_THAT(split(part, "Hello  world's 42!"),
              ElementsAre("Hello", "\u0120", "\u0120world", "'s", "\u012042", "!"));
  // U+180E is no white space: it stays with the punctuation.
  EXPECT_EQ(split(part, "a!\u180e!").size(), 2U);
  EXPECT_THAT(split(part, "a!\u0085"), ElementsAre("a", "!", "\u00c2\u0127"));
  part["add_prefix_space"] = true;
  EXPECT_THAT(split(part, "a b"), ElementsAre("\u0120a", "\u0120b"));
  EXPECT_THAT(split(part, " a"), ElementsAre("\u0120a"));
  part["use_regex"] = false;
  EXPECT_THAT(split(part, "a b"), ElementsAre("\u0120a\u0120b"));
}

TEST(PreTokenizer, SplitsDigitsPunctuationAndSpace) {
  EXPECT_THAT(split({{"type", "Digits"}, {"individual_digits", true}}, "a12\u00bd"),
              ElementsAre("a", "1", "2", "\u00bd"));
  EXPECT_THAT(split({{"type", "Digits"}, {"individual_digits", false}}, "12ab3"),
              ElementsAre("12", "ab", "3"));
  EXPECT_THAT(split({{"type", "Punctuation"}}, "a+b\u3002"), ElementsAre("a", "+", "b", "\u3002"));
  EXPECT_THAT(split({{"type", "WhitespaceSplit"}}, " a\u3000b! "), ElementsAre("a", "b!"));
  EXPECT_THAT(split({{"type", "Whitespace"}}, " ab_e\u0301 c!? "),
              ElementsAre("ab_e\u0301", "c", "!?"));
  EXPECT_THAT(split({{"type", "WhitespaceSplit"}}, "  "), IsEmpty());
}

TEST(PreTokenizer, SplitsAsBertDoes) {
  EXPECT_THAT(split({{"type", "BertPreTokenizer"}}, "Hey friend!  How's\u3000it\u3002"),
              ElementsAre("Hey", "friend", "!", "How", "'", "s", "it", "\u3002"));
}

TEST(PreTokenizer, SplitsAtADelimiterAndByLength) {
  EXPECT_THAT(split({{"type", "CharDelimiterSplit"}, {"delimiter", "\u00e9"}}, "a\u00e9\u00e9b c"),
              ElementsAre("a", "b c"));
  EXPECT_THAT(split({{"type", "FixedLength"}, {"length", 2}}, "a\u00e9bcd"),
              ElementsAre("a\u00e9", "bc", "d"));
  EXPECT_THAT(split({{"type", "FixedLength"}}, "abcdef"), ElementsAre("abcde", "f"));
}

TEST(PreTokenizer, SplitsWhereTheScriptChanges) {
  const json part = {{"type", "UnicodeScripts"}};
  EXPECT_THAT(split(part, "\u3069\u3053\u3067\u751f\u308c\u3002Yes"),
              ElementsAre("\u3069\u3053\u3067\u751f\u308c", "\u3002", "Yes"));
  EXPECT_THAT(split(part, "Apples are \u308a\u3093\u3054 \u6797\u6a8e"),
              ElementsAre("Apples are ", "\u308a\u3093\u3054 \u6797\u6a8e"));
  EXPECT_THAT(split(part, "\u30e9\u30fc\u30e1\u30f3"), ElementsAre("\u30e9\u30fc\u30e1\u30f3"));
  EXPECT_THAT(split(part, "  ab\u0434"), ElementsAre("ab", "\u0434"));
  EXPECT_THAT(split(part, "  "), IsEmpty());
}

TEST(PreTokenizer, SplitsMetaspace) {
  json part = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "always"}};
  EXPECT_THAT(split(part, "a  b"), ElementsAre("_a", "_", "_b"));
  EXPECT_THAT(split(part, " a"), ElementsAre("_a"));
  EXPECT_THAT(split(part, "a", false), ElementsAre("_a"));
  part["prepend_scheme"] = "first";
  EXPECT_THAT(split(part, "a", true), ElementsAre("_a"));
  EXPECT_THAT(split(part, "a", false), ElementsAre("a"));
  part["prepend_scheme"] = "never";
  part["split"] = false;
  EXPECT_THAT(split(part, "a b"), ElementsAre("a_b"));
  const json old = {{"type", "Metaspace"}, {"replacement", "_"}, {"add_prefix_space", false}};
  EXPECT_THAT(split(old, "a b"), ElementsAre("a", "_b"));
  const json first_of_many = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "WhitespaceSplit"}},
        {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}}}}};
  EXPECT_THAT(split(first_of_many, "a b"), ElementsAre("_a", "b"));
  EXPECT_THAT(split(first_of_many, " a b"), ElementsAre("a", "b"));
}

TEST(Pattern, FindsEmptyMatchesOnce) {
  const Pattern pattern = Pattern::regex("a*", "t");
  EXPECT_EQ(pattern.replace_all("baac", "-"), "-b-c-");
  EXPECT_EQ(Pattern::regex("(?=b)", "t").find_all("abb").size(), 2U);
}

TEST(Pattern, GivesUpOnCatastrophicExpressions) {
  const Pattern pattern = Pattern::regex("^(?:a|a|aa)+$", "t.json: pattern");
  const auto error = format_error_of([&] { pattern.find_all(std::string(5000, 'a') + "b"); });
  EXPECT_THAT(error, AllOf(HasSubstr("t.json: pattern"), HasSubstr("^(?:a|a|aa)+$")));
}

TEST(Pattern, MatchesLongRunsWithoutEndingTheStack) {
  const Pattern pattern = Pattern::regex(R"((?:\p{L}|\p{N})+)", "t");
  EXPECT_EQ(pattern.find_all(std::string(300'000, 'a')).size(), 1U);
}

TEST(Parts, RefuseToBlowTextsUp) {
  json parts = json::array();
  for (int i = 0; i < 40; ++i) {
    parts.push_back(
        {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aaaaaaaaaa"}});
  }
  const json normalizer = {{"type", "Sequence"}, {"normalizers", parts}};
  EXPECT_THAT(format_error_of([&] { normalized(normalizer, "aaa"); }), HasSubstr("grow like this"));
  const json long_content = {
      {"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", std::string(5000, 'b')}};
  EXPECT_THAT(format_error_of([&] { normalized(long_content, "aaa"); }),
              HasSubstr("t.json: pattern: 3 replacements"));
  json levels = json::array();
  for (int i = 0; i < 40; ++i) {
    levels.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}});
  }
  const json sequence = {{"type", "Sequence"}, {"pretokenizers", levels}};
  EXPECT_THAT(format_error_of([&] { split(sequence, "\u00e9"); }), HasSubstr("grow like this"));
}

Texts matches(const std::string& expression, const std::string& text) {
  Texts result;
  for (const Range& range : Pattern::regex(expression, "t").find_all(text)) {
    result.push_back(text.substr(range.begin, range.end - range.begin));
  }
  return result;
}

TEST(Oniguruma, KeepsWhatPcre2ReadsAlike) {
  const auto same = [](const char* text) { return pcre2_from_oniguruma(text) == text; };
  EXPECT_TRUE(same(R"([0-9\r]?a+|(?i:'s|'t)|(?!a)(?<=b)\\s{1,3}|[a-z\]]*+(?>x|y)$)"));
  EXPECT_EQ(pcre2_from_oniguruma(R"(\h{,3}\u00e9)"), R"([0-9a-fA-F]{0,3}\x{00e9})");
  EXPECT_EQ(pcre2_from_oniguruma("{}"), "\\{}");
  EXPECT_THAT(matches("^a$", "a\na\r"), ElementsAre("a"));
}

TEST(Oniguruma, HasItsOwnWordsSpacesAndDigits) {
  EXPECT_THAT(matches("\\w+", "e\u0301_\u24b6-"), ElementsAre("e\u0301_\u24b6"));
  // Its table of Latin-1 has these as words, but not inside of a class.
  EXPECT_THAT(matches("\\w", "\u00b2\u00bd\u00aa"), ElementsAre("\u00b2", "\u00bd", "\u00aa"));
  EXPECT_THAT(matches("[\\w]", "\u00b2\u00bd\u00aa"), ElementsAre("\u00aa"));
  EXPECT_THAT(matches("[^\\W]", "a-\u00e9"), ElementsAre("a", "\u00e9"));
  EXPECT_THAT(matches("\\s", "\u180e\u0085\u3000"), ElementsAre("\u0085", "\u3000"));
  EXPECT_THAT(matches("\\d+\\D", "12\u0663x\u00b2"), ElementsAre("12\u0663x"));
  EXPECT_THAT(matches("\\b\\w+\\b", "ab c\u0301-d"), ElementsAre("ab", "c\u0301", "d"));
  EXPECT_THAT(matches("a\\B.", "ab a!"), ElementsAre("ab"));
  // Scripts are not extensions of scripts: U+30FC is common to two.
  EXPECT_THAT(matches("\\p{Hiragana}", "\u3042\u30fc"), ElementsAre("\u3042"));
  EXPECT_THAT(matches("\\p{^Greek}|\\P{L}", "\u03b1a!"), ElementsAre("a", "!"));
}

TEST(Oniguruma, KnowsWhatUnicode16Assigned) {
  // A pink heart, a letter of Garay, an ideograph of extension H.
  EXPECT_THAT(matches("\\p{S}", "\U0001FA77a"), ElementsAre("\U0001FA77"));
  EXPECT_THAT(matches("[\\p{Ll}\\p{N}]+", "\U00010D70\U00010D40"),
              ElementsAre("\U00010D70\U00010D40"));
  EXPECT_THAT(matches("\\p{Han}", "\U00031350"), ElementsAre("\U00031350"));
  EXPECT_THAT(matches("[^\\p{L}]", "\U00031350!"), ElementsAre("!"));
}

TEST(Oniguruma, PutsCharacterClassesTogether) {
  EXPECT_THAT(matches("[^(\\s|[.,!])]+", "ab c.(d|"), ElementsAre("ab", "c", "d"));
  EXPECT_THAT(matches("[a[bc]&&[^b]]", "abcd"), ElementsAre("a", "c"));
  EXPECT_THAT(matches("[^a-z&&[^x]]", "ax-"), ElementsAre("x", "-"));
  EXPECT_THAT(matches("[a[^b-z]]", "abz-"), ElementsAre("a", "-"));
  EXPECT_THAT(matches("[]a]+", "a]b"), ElementsAre("a]"));
  EXPECT_THAT(matches("[x&&[x[^]y]]]", "xy]"), ElementsAre("x"));
  EXPECT_THAT(matches("[[:punct:][:digit:]]+", "a+1\u00bf"), ElementsAre("+1\u00bf"));
  EXPECT_THAT(matches("[a^]+", "a^"), ElementsAre("a^"));
  EXPECT_THAT(matches("[[\\^]^]", "^a"), ElementsAre("^"));
}

TEST(Oniguruma, RefusesWhatPcre2WouldReadOtherwise) {
  for (const char* bad : {"a{2}+", "(?m:a)", "\\", "[\\", "\\u00", "[a", "[a&&]", "[&&a]",
                          "[[:alpha:]]", "[[:a", "\\pL", "\\R", "\\K", "[\\R]"}) {
    EXPECT_THROW(pcre2_from_oniguruma(bad), ConfigError) << bad;
  }
  EXPECT_THROW(pcre2_from_oniguruma(std::string(1000, '[')), ConfigError);
}

TEST(ByteLevel, SpellsEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  std::string piece;
  append_byte_level(piece, bytes);
  EXPECT_TRUE(is_valid_utf8(piece));
  EXPECT_THAT(piece, HasSubstr("\u0100\u0101"));
  std::string back;
  append_bytes_of_piece(back, piece);
  EXPECT_EQ(back, bytes);
  back.clear();
  append_bytes_of_piece(back, "a b");  // the space stands for no byte
  EXPECT_EQ(back, "a b");
}

TEST(Decoder, TurnsPiecesIntoText) {
  EXPECT_THAT(decoded({{"type", "ByteLevel"}}, {"\u0120a", "\u00c3", "\u00a9", "\u00c3"}),
              ElementsAre(" a\u00e9\uFFFD"));
  const json metaspace = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}};
  EXPECT_THAT(decoded(metaspace, {"_a", "_b"}), ElementsAre("a", " b"));
  const json never = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "never"}};
  EXPECT_THAT(decoded(never, {"_a", "_b"}), ElementsAre(" a", " b"));
  EXPECT_THAT(
      decoded({{"type", "ByteFallback"}}, {"a", "<0xC3>", "<0xA9>", "b", "<0xC3>", "<0xg1>"}),
      ElementsAre("a", "\u00e9", "b", "\uFFFD", "<0xg1>"));
  EXPECT_THAT(decoded({{"type", "Fuse"}}, {"a", "b"}), ElementsAre("ab"));
  const json strip = {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 2}};
  EXPECT_THAT(decoded(strip, {"  a   ", " "}), ElementsAre(" a ", ""));
  const json replace = {{"type", "Replace"}, {"pattern", {{"String", "_"}}}, {"content", " "}};
  EXPECT_THAT(decoded({{"type", "Sequence"}, {"decoders", {replace, strip}}}, {"_a"}),
              ElementsAre("a"));
}

TEST(Decoder, TurnsWordPiecesIntoText) {
  json part = {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", false}};
  EXPECT_THAT(decoded(part, {"##uel", "do", "n't", "##ed", "."}),
              ElementsAre("##uel", " do", " n't", "ed", " ."));
  part["cleanup"] = true;
  EXPECT_THAT(decoded(part, {"##uel", "do", "n't", "##ed", ".", "do not"}),
              ElementsAre("##uel", " do", "n't", "ed", ".", " don't"));
}

TEST(Decoder, TurnsSuffixesIntoSpaces) {
  EXPECT_THAT(decoded({{"type", "BPEDecoder"}, {"suffix", "</w>"}}, {"a</w>", "b", "c</w>"}),
              ElementsAre("a ", "b", "c"));
}

TEST(Decoder, CollapsesAsCtcDoes) {
  json part = {
      {"type", "CTC"}, {"pad_token", "<pad>"}, {"word_delimiter_token", "|"}, {"cleanup", true}};
  const Texts pieces{"<pad>", "h", "h", "e", "<pad>", "l", "<pad>", "l", "|", "|", "<pad>o"};
  EXPECT_THAT(decoded(part, pieces), ElementsAre("h", "e", "l", "l", " ", "o"));
  part["cleanup"] = false;
  EXPECT_THAT(decoded(part, pieces), ElementsAre("h", "e", "l", "l", "|", "o"));
}

TEST(Parts, RefuseByNameWhatTheyDoNotKnow) {
  const auto normalizer_error = [](const json& part) {
    return format_error_of([&] { normalized(part, "a"); });
  };
  EXPECT_THAT(normalizer_error({{"type", "Novelty"}}),
              AllOf(HasSubstr("t.json"), HasSubstr("normalizer 'Novelty'")));
  EXPECT_THAT(normalizer_error({{"type", "Sequence"}, {"normalizers", {{{"type", "Odd"}}}}}),
              HasSubstr("t.json: normalizers[0]: the normalizer 'Odd'"));
  EXPECT_THAT(normalizer_error({{"type", "NFC"}, {"form", 1}}), HasSubstr("'form'"));
  EXPECT_THAT(normalizer_error({{"type", 3}}), HasSubstr("t.json: type: expected a string"));
  EXPECT_THAT(
      normalizer_error({{"type", "Replace"}, {"content", ""}, {"pattern", {{"String", ""}}}}),
      HasSubstr("empty pattern"));
  EXPECT_THAT(
      normalizer_error({{"type", "Replace"}, {"content", ""}, {"pattern", {{"Regex", "(a"}}}}),
      HasSubstr("t.json: pattern.Regex: the regular expression '(a'"));
  const auto pre_tokenizer_error = [](const json& part) {
    return format_error_of([&] { split(part, "a"); });
  };
  EXPECT_THAT(pre_tokenizer_error({{"type", "Novelty"}}), HasSubstr("'Novelty'"));
  EXPECT_THAT(
      pre_tokenizer_error({{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Odd"}}),
      HasSubstr("behavior: 'Odd'"));
  EXPECT_THAT(pre_tokenizer_error({{"type", "Metaspace"}, {"replacement", "ab"}}),
              HasSubstr("single character"));
  EXPECT_THAT(format_error_of([] {
                decoded({{"type", "Novelty"}}, {});
              }),
              HasSubstr("decoder 'Novelty'"));
  EXPECT_THAT(format_error_of([] {
                decoded({{"type", "BPEDecoder"}, {"suffix", ""}}, {});
              }),
              HasSubstr("t.json: suffix: expected a text that is not empty"));
  json deep = {{"type", "NFC"}};
  for (int i = 0; i < 1000; ++i) deep = {{"type", "Sequence"}, {"normalizers", {deep}}};
  EXPECT_THAT(normalizer_error(deep), HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace allometer::tokenizer
