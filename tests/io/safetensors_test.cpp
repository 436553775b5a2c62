#include "io/safetensors.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/float_formats.hpp"
#include "io/temporary_directory.hpp"

namespace allometer::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string make_file(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::vector<float> values_of(const TensorView& view) {
  std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
  view.copy_to(0, values);
  return values;
}

/// What opening a file with this header and 16 bytes of data says; "opened" if it opens.
std::string message_of(const std::string& header) {
  const TemporaryDirectory directory;
  const auto path = directory.write("model.safetensors", make_file(header, std::string(16, 'x')));
  try {
    Safetensors::open(path);
    return "opened";
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    return error.what();
  }
}

TEST(Safetensors, GivesBackWhatWasWritten) {
  const TemporaryDirectory directory;
  const std::vector<float> a = {1.5f, -2.25f, 0.0f, 1e-8f, 3.0f, 65504.0f};
  const std::vector<float> b = {1.0f};
  const std::vector<TensorToWrite> tensors = {{"a.f32", TensorType::f32, {2, 3}, a},
                                              {"z.bf16", TensorType::bf16, {1}, b},
                                              {"b.f16", TensorType::f16, {3, 2}, a},
                                              {"empty", TensorType::f32, {0, 7}, {}},
                                              {"scalar", TensorType::f32, {}, b}};
  write_safetensors(directory.path() / "model.safetensors", tensors, {{"format", "pt"}});
  const Safetensors file = Safetensors::open(directory.path());
  EXPECT_THAT(file.names(), ElementsAre("a.f32", "b.f16", "empty", "scalar", "z.bf16"));
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(values_of(file.at("a.f32")), a);
  EXPECT_THAT(values_of(file.at("b.f16")), ElementsAre(1.5f, -2.25f, 0.0f, 0.0f, 3.0f, 65504.0f));
  EXPECT_EQ(file.at("empty").num_elements(), 0);
  EXPECT_THAT(values_of(file.at("scalar")), ElementsAre(1.0f));
  std::vector<float> part(2);
  file.at("a.f32").copy_to(4, part);
  EXPECT_THAT(part, ElementsAre(3.0f, 65504.0f));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const TemporaryDirectory directory;
  const std::vector<float> values = {1, 2, 3, 4};
  const std::vector<TensorToWrite> tensors = {{"a", TensorType::f32, {2, 2}, values}};
  const auto path = directory.path() / "model.safetensors";
  write_safetensors(path, tensors);
  const std::string bytes = read_bytes(path);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    directory.write("cut.safetensors", bytes.substr(0, length));
    try {
      Safetensors::open(directory.path() / "cut.safetensors");
      FAIL() << "opened with " << length << " of " << bytes.size() << " bytes";
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("cut.safetensors"), HasSubstr("cut short")));
    }
  }
}

TEST(Safetensors, HeadersThatLieAreRefusedByName) {
  const auto tensor = [](const char* dtype, const char* shape, const char* offsets) {
    return std::string(R"({"w": {"dtype": ")") + dtype + R"(", "shape": )" + shape +
           R"(, "data_offsets": )" + offsets + "}}";
  };
  EXPECT_EQ(message_of(tensor("F32", "[4]", "[0, 16]")), "opened");
  EXPECT_EQ(message_of(tensor("F32", "[2, 0]", "[3, 3]")), "opened");
  EXPECT_EQ(message_of(tensor("X9", "[2]", "[0, 16]")), "opened");  // unless it is asked for
  const auto refused = [&](const char* shape, const char* offsets, const char* why) {
    EXPECT_THAT(message_of(tensor("F32", shape, offsets)),
                AllOf(HasSubstr("tensor 'w'"), HasSubstr(why)));
  };
  refused("[5]", "[0, 20]", "outside the 16 bytes");
  refused("[4]", "[8, 24]", "outside the 16 bytes");
  refused("[4]", "[16, 0]", "outside");
  refused("[3]", "[0, 16]", "need 12 bytes, its offsets span 16");
  refused("[-4]", "[0, 16]", "-4 is not a dimension");
  refused("[1.5]", "[0, 16]", "1.5 is not a dimension");
  refused("[4294967296, 4294967296]", "[0, 0]", "more than 2^64");
  refused("[4611686018427387905, 1]", "[0, 4]", "more than 2^64");
  refused("[9223372036854775808]", "[0, 16]", "is not a dimension");
  refused("[99999999999999999999]", "[0, 16]", "is not a dimension");
  refused("4", "[0, 16]", "shape is not a list");
  refused("[4]", "[0, 18446744073709551615]", "outside");
  refused("[4]", "[-1, 16]", "data_offsets");
  refused("[4]", "[0]", "data_offsets");
  refused("[4]", "[0, 1e1]", "data_offsets");
}

TEST(Safetensors, TensorsMayNotOverlap) {
  EXPECT_THAT(message_of(R"({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},
                             "b": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}})"),
              AllOf(HasSubstr("tensor 'b'"), HasSubstr("overlaps tensor 'a'")));
}

TEST(Safetensors, BrokenHeadersAreRefused) {
  EXPECT_THAT(message_of("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_of("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(message_of("{\"\xFF\": {}}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_of(R"({"w": {}})"), HasSubstr("tensor 'w': has no 'dtype'"));
  EXPECT_THAT(message_of(R"({"w": 1})"), HasSubstr("tensor 'w'"));
  EXPECT_THAT(message_of(R"({"w": {}, "w": {}})"), HasSubstr("'w': named twice"));
  EXPECT_THAT(message_of(R"({"w": {"shape": [], "shape": []}})"), HasSubstr("named twice"));
  EXPECT_THAT(message_of(R"({"__metadata__": {"a": 1}})"), HasSubstr("not a string"));
  EXPECT_THAT(message_of(R"({"w": {"dtype": "F32", "shape": [[4]], "data_offsets": [0, 16]}})"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(message_of(std::string(100000, '[')), HasSubstr("nested deeper"));
  std::string nested;
  for (int i = 0; i < 10000; ++i) nested += "{\"a\":";
  EXPECT_THAT(message_of(nested), HasSubstr("nested deeper"));
}

TEST(Safetensors, ALengthBeyondTheFileIsRefused) {
  const TemporaryDirectory directory;
  for (const std::uint64_t length : {std::uint64_t{3}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    const auto path = directory.write("a.safetensors", bytes + "{}");
    EXPECT_THROW(Safetensors::open(path), FormatError);
  }
}

TEST(Safetensors, ShardsAreFoundThroughTheIndex) {
  const TemporaryDirectory directory;
  const std::vector<float> one = {1}, two = {2};
  write_safetensors(directory.path() / "m-1.safetensors",
                    std::vector<TensorToWrite>{{"a", TensorType::f32, {1}, one}});
  write_safetensors(directory.path() / "m-2.safetensors",
                    std::vector<TensorToWrite>{{"b", TensorType::f32, {1}, two}});
  const auto open_with = [&](const std::string& map) -> std::string {
    directory.write("model.safetensors.index.json", map);
    try {
      const Safetensors file = Safetensors::open(directory.path());
      EXPECT_EQ(file.files().size(), 2u);
      EXPECT_THAT(values_of(file.at("b")), ElementsAre(2.0f));
      return "opened";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(open_with(R"({"metadata": {"total_size": 8},
      "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}})"),
            "opened");
  EXPECT_THAT(open_with(R"({"weight_map": {"a": "m-2.safetensors", "b": "m-2.safetensors"}})"),
              AllOf(HasSubstr("index.json"), HasSubstr("tensor 'a'"), HasSubstr("m-2")));
  EXPECT_THAT(open_with(R"({"weight_map": {"a": "m-3.safetensors"}})"), HasSubstr("m-3"));
  EXPECT_THAT(open_with(R"({"weight_map": {"a": "../m-1.safetensors"}})"),
              HasSubstr("not the name of a file beside it"));
  EXPECT_THAT(open_with(R"({})"), HasSubstr("weight_map"));
  std::filesystem::copy(directory.path() / "m-1.safetensors", directory.path() / "m-4.safetensors");
  EXPECT_THAT(open_with(R"({"weight_map": {"a": "m-1.safetensors", "x": "m-4.safetensors"}})"),
              AllOf(HasSubstr("tensor 'a'"), HasSubstr("also in")));
}

TEST(Safetensors, SaysWhatIsMissing) {
  const TemporaryDirectory directory;
  EXPECT_THROW(Safetensors::open(directory.path()), IoError);
  directory.write("model.safetensors",
                  make_file(R"({"w": {"dtype": "I64", "shape": [2], "data_offsets": [0, 16]}})",
                            std::string(16, 'x')));
  const Safetensors file = Safetensors::open(directory.path());
  EXPECT_TRUE(file.contains("w"));
  EXPECT_FALSE(file.contains("v"));
  const auto message = [&](const char* name) -> std::string {
    try {
      file.at(name);
    } catch (const FormatError& error) {
      return error.what();
    }
    return "read";
  };
  EXPECT_THAT(message("w"), AllOf(HasSubstr("tensor 'w'"), HasSubstr("I64")));
  EXPECT_THAT(message("v"), AllOf(HasSubstr("tensor 'v'"), HasSubstr("model.safetensors")));
}

TEST(Safetensors, AFullDiskLeavesNothing) {
  TemporaryDirectory directory;
  if (!directory.make_small()) GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  const std::vector<float> values(1 << 18);
  const std::vector<TensorToWrite> tensors = {{"a", TensorType::f32, {1 << 18}, values}};
  EXPECT_THROW(write_safetensors(directory.path() / "a.safetensors", tensors), IoError);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Safetensors, ReadsATrainedCheckpoint) {
  const char* const shared = std::getenv("ALLOMETER_SHARED_DATA");
  if (!shared) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set";
  const Safetensors file =
      Safetensors::open(std::filesystem::path(shared) / "stories" / "stories-260k");
  const std::vector<float> norm = values_of(file.at("model.norm.weight"));
  EXPECT_EQ(norm.size(), 64u);
  for (const float value : norm) EXPECT_TRUE(std::isfinite(value));
}

/// f16 by its definition: sign x 2^(exponent - 15) x (1 + fraction / 1024), subnormals without
/// the 1.
float f16_by_definition(std::uint16_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = (bits >> 10) & 31;
  const double fraction = (bits & 1023) / 1024.0;
  if (exponent == 31) {
    return fraction == 0 ? static_cast<float>(sign * std::numeric_limits<double>::infinity())
                         : std::numeric_limits<float>::quiet_NaN();
  }
  if (exponent == 0) return static_cast<float>(sign * std::ldexp(fraction, -14));
  return static_cast<float>(sign * std::ldexp(1 + fraction, exponent - 15));
}

TEST(FloatFormats, EveryF16IsReadRight) {
  std::vector<std::uint16_t> bits(65536 + 3);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  std::vector<float> vectorised(bits.size());
  convert_f16(std::as_bytes(std::span(bits)), vectorised);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const float expected = f16_by_definition(bits[i]);
    const float scalar = float_from_f16(bits[i]);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(scalar), std::bit_cast<std::uint32_t>(vectorised[i]));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(scalar));
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(expected), std::bit_cast<std::uint32_t>(scalar)) << i;
      ASSERT_EQ(f16_from_float(scalar), bits[i]);
    }
  }
}

TEST(FloatFormats, BytesNeedNotBeAligned) {
  const std::vector<std::uint16_t> halves(17, 0x3E00);  // 1.5
  std::string bytes(1 + 2 * halves.size(), '\0');
  std::memcpy(bytes.data() + 1, halves.data(), 2 * halves.size());
  std::vector<float> values(halves.size());
  convert_f16(std::as_bytes(std::span(bytes)).subspan(1), values);
  EXPECT_EQ(values, std::vector<float>(halves.size(), 1.5f));
}

/// The nearest value of a 16-bit format, found by trying all; ties go to the even one.
template <class FromBits>
std::uint16_t nearest(float value, FromBits from_bits, std::uint16_t infinity) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::abs(static_cast<double>(value));
  std::uint16_t low = 0;
  std::uint16_t high = infinity;  // invariant: from_bits(low) <= magnitude
  while (high - low > 1) {
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    (static_cast<double>(from_bits(middle)) <= magnitude ? low : high) = middle;
  }
  // Beyond the largest value the next step would be the power of two that infinity stands for.
  const double below = from_bits(low);
  const double above = high == infinity ? 2 * below - from_bits(static_cast<std::uint16_t>(low - 1))
                                        : static_cast<double>(from_bits(high));
  const double gap = (magnitude - below) - (above - magnitude);
  const bool up = gap > 0 || (gap == 0 && (low & 1));
  return static_cast<std::uint16_t>(sign | (up ? high : low));
}

TEST(FloatFormats, WritingRoundsToTheNearestAndTiesToEven) {
  SplitMix64 random(7);
  for (int i = 0; i < 200000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    // Half of them in the range of f16, where ties and subnormals are.
    const float any = std::bit_cast<float>(bits);
    const float value = i % 2 == 0 ? any : std::ldexp(static_cast<float>(bits % 8192), i % 40 - 36);
    if (std::isnan(value)) continue;
    if (!std::isinf(value)) {
      ASSERT_EQ(f16_from_float(value), nearest(value, float_from_f16, 0x7C00)) << value;
      ASSERT_EQ(bf16_from_float(value), nearest(value, float_from_bf16, 0x7F80)) << value;
    }
  }
  EXPECT_EQ(f16_from_float(65519.996f), 0x7BFF);
  EXPECT_EQ(f16_from_float(65520.0f), 0x7C00);
  EXPECT_EQ(f16_from_float(0x1.0p-25f), 0);
  EXPECT_EQ(f16_from_float(0x1.8p-25f), 1);
  EXPECT_EQ(f16_from_float(-0.0f), 0x8000);
  EXPECT_EQ(bf16_from_float(std::numeric_limits<float>::infinity()), 0x7F80);
  EXPECT_EQ(bf16_from_float(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(float_from_bf16(bf16_from_float(std::bit_cast<float>(0x7F800001u)))));
  EXPECT_TRUE(std::isnan(float_from_f16(f16_from_float(std::bit_cast<float>(0xFF800001u)))));
}

}  // namespace
}  // namespace allometer::io
