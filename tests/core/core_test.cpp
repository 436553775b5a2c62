// Errors, contracts, digests, random numbers, instruction sets.
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/instruction_set.hpp"
#include "core/precision.hpp"
#include "core/random.hpp"
#include "core/spelling.hpp"
#include "core/utf8.hpp"

namespace allometer {
namespace {

TEST(Digest, GivesTheVectorsOfFips180) {
  EXPECT_EQ(sha256("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 million;
  const std::string thousand(1000, 'a');
  for (int i = 0; i < 1000; ++i) million.update(thousand);
  EXPECT_EQ(million.finish().hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, DoesNotDependOnHowTheStreamIsCut) {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 stream;
    stream.update(text.substr(0, cut)).update(text.substr(cut));
    EXPECT_EQ(stream.finish(), sha256(text));
  }
}

TEST(Digest, ReadsBackItsHexadecimalFormOnly) {
  const Digest digest = sha256("abc");
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_EQ(digest.short_hex(), "ba7816bf8f01");
  EXPECT_THROW(Digest::from_hex(""), FormatError);
  EXPECT_THROW(Digest::from_hex(digest.hex() + "0"), FormatError);
  std::string wrong = digest.hex();
  wrong[5] = 'g';
  EXPECT_THROW(Digest::from_hex(wrong), FormatError);
  EXPECT_LT(Digest{}, digest);
}

TEST(SplitMix64, GivesTheReferenceSequence) {
  // The first outputs of splitmix64.c (Vigna) from the seeds 1234567 and 0.
  SplitMix64 random(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
        4593380528125082431ULL, 16408922859458223821ULL}) {
    EXPECT_EQ(random(), expected);
  }
  EXPECT_EQ(SplitMix64(0)(), 0xE220A8397B1DCDAFULL);
}

TEST(SplitMix64, DrawsEveryValueBelowABoundEquallyOften) {
  SplitMix64 random(7);
  std::array<int, 6> count{};
  constexpr int kDraws = 60000;
  for (int i = 0; i < kDraws; ++i) ++count.at(random.below(6));
  // Chi-squared with five degrees of freedom is below 25.7 with probability 0.9999.
  double chi_squared = 0;
  for (const int n : count) chi_squared += (n - 10000.0) * (n - 10000.0) / 10000.0;
  EXPECT_LT(chi_squared, 25.7);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(SplitMix64, HasNoBiasForBoundsThatDoNotDivideTheRange) {
  // With the bound 3 * 2^62 a plain multiplication or remainder would draw the values below 2^62
  // twice as often as others.
  SplitMix64 random(11);
  constexpr std::uint64_t kBound = 3ULL << 62;
  std::array<int, 3> third{};
  for (int i = 0; i < 30000; ++i) ++third.at(random.below(kBound) >> 62);
  for (const int n : third) EXPECT_NEAR(n, 10000, 400);
}

TEST(SplitMix64, DrawsUniformAndNormalNumbers) {
  SplitMix64 random(3);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    const double z = random.normal();
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
}

TEST(SplitMix64, ShufflesIntoEveryOrder) {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<int> items{0, 1, 2, 3};
    SplitMix64(seed).shuffle(std::span<int>(items));
    EXPECT_EQ(std::set<int>(items.begin(), items.end()).size(), 4u);
    orders.insert(items);
  }
  EXPECT_EQ(orders.size(), 24u);
}

TEST(SeedFrom, IsTheFirstBytesOfTheKeysDigest) {
  // SHA-256 of "abc" begins ba7816bf8f01cfea; little-endian.
  EXPECT_EQ(seed_from("abc"), 0xEACF018FBF1678BAULL);
  EXPECT_NE(seed_from("task/0/1"), seed_from("task/0/2"));
}

TEST(Error, KindsAreCaughtAsErrorAndNamed) {
  const auto kind_of = [](auto error) -> std::string {
    try {
      throw error;
    } catch (const Error& caught) {
      return std::string(caught.kind()) + ": " + caught.what();
    }
  };
  EXPECT_EQ(kind_of(ConfigError("a")), "config: a");
  EXPECT_EQ(kind_of(FormatError("b")), "format: b");
  EXPECT_EQ(kind_of(IoError("c")), "io: c");
  EXPECT_EQ(kind_of(BackendError("d")), "backend: d");
  EXPECT_EQ(system_message(ENOENT), "No such file or directory");
}

TEST(Contract, NamesTheBrokenConditionAndIsNoUserError) {
  try {
    fail_contract("rows > 0", "ops/linear.cpp", 12);
    FAIL();
  } catch (const Error&) {
    FAIL() << "a bug must not be taken for bad input";
  } catch (const ContractViolation& violation) {
    EXPECT_STREQ(
        violation.what(),
        "ops/linear.cpp:12: contract violated: rows > 0 (a bug in Allometer; please report it)");
  }
}

TEST(Contract, IsCheckedWhereItIsOn) {
#ifdef ALLOMETER_CONTRACTS
  EXPECT_THROW(ALLOMETER_EXPECT(1 > 2), ContractViolation);
  EXPECT_THROW(SplitMix64(0).below(0), ContractViolation);
#else
  bool evaluated = false;
  ALLOMETER_EXPECT((evaluated = true));
  EXPECT_FALSE(evaluated);
#endif
  EXPECT_NO_THROW(ALLOMETER_EXPECT(2 > 1));
}

TEST(EditDistance, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("modles", "models"), 1u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u) << "optimal string alignment, not the unrestricted 2";
}

TEST(IsUtf8, TakesWellFormedTextOnly) {
  for (const char* good : {"", "plain", "na\xC3\xAFve", "\xE2\x82\xAC", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x9F\x98\x80!", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC3", "a\xC3(", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(std::string(bad));
  }
}

TEST(Precision, NamesReadBack) {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    EXPECT_EQ(parse_precision(name_of(precision)), precision);
  }
  EXPECT_EQ(parse_precision("fp32"), std::nullopt);
}

TEST(InstructionSet, NamesReadBackAndThisMachineHasOne) {
  for (const InstructionSet isa :
       {InstructionSet::avx2, InstructionSet::avx512, InstructionSet::avx512_bf16}) {
    EXPECT_EQ(parse_instruction_set(name_of(isa)), isa);
  }
  EXPECT_EQ(parse_instruction_set("sse2"), std::nullopt);
  EXPECT_GE(detect_instruction_set(), InstructionSet::avx2);
}

}  // namespace
}  // namespace allometer
