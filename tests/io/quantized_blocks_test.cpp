#include "io/quantized_blocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <gmock/gmock.h>

#include "io/float_formats.hpp"
#include "io/gguf.hpp"
#include "io/gguf_builder.hpp"
#include "io/tensor.hpp"

namespace allometer::io {
namespace {

std::string half(float value) {
  return bytes_of(f16_from_float(value));
}

TensorView view_of(TensorType type, const std::string& bytes) {
  TensorView view;
  view.type = type;
  view.data = std::as_bytes(std::span(bytes));
  view.shape = {view.num_elements()};
  return view;
}

std::vector<float> values_of(TensorType type, const std::string& bytes) {
  const TensorView view = view_of(type, bytes);
  std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
  view.copy_to(0, values);
  return values;
}

TEST(QuantizedBlocks, Q8_0IsSignedBytesTimesTheScale) {
  std::string bytes = half(0.5f);
  for (int i = 0; i < 32; ++i) bytes += static_cast<char>(i == 0 ? -128 : i * 7 - 100);
  const auto values = values_of(TensorType::q8_0, bytes);
  ASSERT_EQ(values.size(), 32u);
  EXPECT_EQ(values[0], -64.0f);
  for (int i = 1; i < 32; ++i) EXPECT_EQ(values[i], 0.5f * static_cast<float>(i * 7 - 100));
}

TEST(QuantizedBlocks, Q4_0KeepsTheSecondHalfInTheHighBits) {
  std::string bytes = half(-2.0f);
  for (int i = 0; i < 16; ++i) bytes += static_cast<char>(i | ((15 - i) << 4));
  const auto values = values_of(TensorType::q4_0, bytes);
  ASSERT_EQ(values.size(), 32u);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(values[i], -2.0f * static_cast<float>(i - 8));
    EXPECT_EQ(values[i + 16], -2.0f * static_cast<float>(7 - i));
  }
}

/// Six-bit scales and minima 1 + 8 g and 60 - 7 g of the groups g, packed into 12 bytes.
TEST(QuantizedBlocks, Q4_KUnpacksScalesAndMinimaOfEightGroups) {
  const auto scale = [](int g) { return 1 + 8 * g; };
  const auto minimum = [](int g) { return 60 - 7 * g; };
  std::string packed(12, '\0');
  for (int g = 0; g < 4; ++g) {
    packed[g] = static_cast<char>(scale(g) | ((scale(g + 4) >> 4) << 6));
    packed[g + 4] = static_cast<char>(minimum(g) | ((minimum(g + 4) >> 4) << 6));
    packed[g + 8] = static_cast<char>((scale(g + 4) & 15) | ((minimum(g + 4) & 15) << 4));
  }
  std::string bytes = half(0.25f) + half(0.125f) + packed;
  for (int i = 0; i < 128; ++i) bytes += static_cast<char>((i * 5) % 256);
  const auto values = values_of(TensorType::q4_k, bytes);
  ASSERT_EQ(values.size(), 256u);
  for (int i = 0; i < 256; ++i) {
    const int group = i / 32;
    const int pair = ((group / 2 * 32 + i % 32) * 5) % 256;
    const int weight = group % 2 == 0 ? pair & 15 : pair >> 4;
    EXPECT_EQ(values[i], 0.25f * static_cast<float>(scale(group) * weight) -
                             0.125f * static_cast<float>(minimum(group)))
        << i;
  }
}

TEST(QuantizedBlocks, Q6_KJoinsFourAndTwoBits) {
  const auto weight = [](int i) { return (i * 37) % 64; };
  std::string low(128, '\0');
  std::string upper(64, '\0');
  for (int i = 0; i < 256; ++i) {
    const int half_index = i / 128;
    const int run = i % 128 / 32;
    const int at = i % 32;
    low[64 * half_index + 32 * (run % 2) + at] |=
        static_cast<char>((weight(i) & 15) << (run < 2 ? 0 : 4));
    upper[32 * half_index + at] |= static_cast<char>((weight(i) >> 4) << (2 * run));
  }
  std::string scales;
  for (int i = 0; i < 16; ++i) scales += static_cast<char>(9 * i - 70);
  const auto values = values_of(TensorType::q6_k, low + upper + scales + half(0.5f));
  ASSERT_EQ(values.size(), 256u);
  for (int i = 0; i < 256; ++i)
    EXPECT_EQ(values[i], 0.5f * static_cast<float>((9 * (i / 16) - 70) * (weight(i) - 32))) << i;
}

/// tests/peers/gguf_peer.sh made the file, and runs this test on others like it.
TEST(QuantizedBlocks, EqualThoseOfGgmlToTheLastBit) {
  const char* other = std::getenv("ALLOMETER_GGML_BLOCKS");
  const Gguf file = Gguf::open(other ? other : ALLOMETER_SOURCE_DIR "/tests/io/ggml_blocks.gguf");
  std::vector<std::string> types;
  for (const std::string& name : file.names()) {
    if (name.ends_with(".expected")) continue;
    types.push_back(name);
    const TensorView blocks = file.at(name);
    const TensorView expected = file.at(name + ".expected");
    std::vector<float> values(static_cast<std::size_t>(expected.num_elements()));
    ASSERT_EQ(blocks.num_elements(), expected.num_elements());
    blocks.copy_to(0, values);
    EXPECT_EQ(std::memcmp(values.data(), expected.data.data(), expected.data.size()), 0) << name;
  }
  EXPECT_THAT(types, ::testing::ElementsAre("Q2_K", "Q3_K", "Q4_0", "Q4_1", "Q4_K", "Q5_0", "Q5_1",
                                            "Q5_K", "Q6_K", "Q8_0"));
}

TEST(QuantizedBlocks, AnyRangeIsTheSameAsTheWhole) {
  for (const TensorType type :
       {TensorType::q4_0, TensorType::q4_1, TensorType::q5_0, TensorType::q5_1, TensorType::q8_0,
        TensorType::q2_k, TensorType::q3_k, TensorType::q4_k, TensorType::q5_k, TensorType::q6_k}) {
    const BlockSize block = block_of(type);
    std::string bytes(3 * block.bytes, '\0');
    // Bytes below 64 keep the binary16 scales finite.
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((i * 29 + 11) % 64);
    const auto whole = values_of(type, bytes);
    ASSERT_EQ(whole.size(), static_cast<std::size_t>(3 * block.elements));
    const TensorView view = view_of(type, bytes);
    for (std::size_t first = 0; first <= whole.size(); first += 13) {
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{31},
                                      std::size_t{40}, std::size_t{300}, whole.size()}) {
        std::vector<float> part(std::min(count, whole.size() - first));
        view.copy_to(static_cast<std::int64_t>(first), part);
        EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first))
            << name_of(type) << " [" << first << ", +" << part.size() << ")";
      }
    }
  }
}

}  // namespace
}  // namespace allometer::io
