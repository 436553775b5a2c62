#include "io/gguf.hpp"

#include <numeric>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "io/gguf_builder.hpp"
#include "io/temporary_directory.hpp"

namespace allometer::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Opened from a file that is gone afterwards; the mapping stays.
Gguf open(const GgufBuilder& builder) {
  const TemporaryDirectory directory;
  return Gguf::open(directory.write("model.gguf", builder.bytes()));
}

template <class Action>
std::string message_of(Action action) {
  try {
    action();
    return "nothing thrown";
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr(".gguf: "));
    return error.what();
  }
}

std::string message_of_bytes(const std::string& bytes) {
  const TemporaryDirectory directory;
  const auto path = directory.write("model.gguf", bytes);
  return message_of([&] { Gguf::open(path); });
}

std::vector<float> values_of(const TensorView& view) {
  std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
  view.copy_to(0, values);
  return values;
}

/// Every kind of value, and tensors of each type that has no blocks.
GgufBuilder sample() {
  GgufBuilder builder;
  builder.text("general.architecture", "llama")
      .raw("u8", GgufValue::uint8, "\xFF")
      .raw("i8", GgufValue::int8, "\xFF")
      .raw("u16", GgufValue::uint16, "\xFE\xFF")
      .raw("i16", GgufValue::int16, "\xFE\xFF")
      .uint32("u32", 4'000'000'000)
      .raw("i32", GgufValue::int32, bytes_of(std::int32_t{-5}))
      .raw("u64", GgufValue::uint64, bytes_of(std::uint64_t{1} << 62))
      .raw("i64", GgufValue::int64, bytes_of(std::int64_t{-7}))
      .float32("f32", 0.5f)
      .raw("f64", GgufValue::float64, bytes_of(1e-5))
      .boolean("yes", true)
      .boolean("no", false)
      .texts("tokens", {"a", "", "\xC3\xA9"})
      .array("scores", GgufValue::float32, 2, bytes_of(-1.5f) + bytes_of(2.0f))
      .array("types", GgufValue::int32, 2, bytes_of(std::int32_t{3}) + bytes_of(std::int32_t{-1}))
      .array("flags", GgufValue::boolean, 2, std::string("\0\1", 2))
      .array("none", GgufValue::string, 0, "")
      .floats("a", {2, 3}, {1, 2, 3, 4, 5, 6})
      .tensor("b", GgufTensor::f16, {2}, std::string("\x00\x3E\x00\xC0", 4))
      .tensor("c", GgufTensor::bf16, {1, 2}, std::string("\xC0\x3F\x20\xC0", 4));
  return builder;
}

TEST(Gguf, GivesMetadataByKeyAndType) {
  for (const std::uint32_t version : {2u, 3u}) {
    GgufBuilder builder = sample();
    builder.version = version;
    const Gguf file = open(builder);
    EXPECT_EQ(file.get<std::string>("general.architecture"), "llama");
    EXPECT_EQ(file.get<std::int64_t>("u8"), 255);
    EXPECT_EQ(file.get<std::int64_t>("i8"), -1);
    EXPECT_EQ(file.get<std::int64_t>("u16"), 65534);
    EXPECT_EQ(file.get<std::int64_t>("i16"), -2);
    EXPECT_EQ(file.get<std::int64_t>("u32"), 4'000'000'000);
    EXPECT_EQ(file.get<std::int64_t>("i32"), -5);
    EXPECT_EQ(file.get<std::int64_t>("u64"), std::int64_t{1} << 62);
    EXPECT_EQ(file.get<std::int64_t>("i64"), -7);
    EXPECT_EQ(file.get<double>("f32"), 0.5);
    EXPECT_EQ(file.get<double>("f64"), 1e-5);
    EXPECT_EQ(file.get<double>("u8"), 255);
    EXPECT_TRUE(file.get<bool>("yes"));
    EXPECT_FALSE(file.get<bool>("no"));
    EXPECT_THAT(file.get<std::vector<std::string>>("tokens"), ElementsAre("a", "", "\xC3\xA9"));
    EXPECT_THAT(file.get<std::vector<double>>("scores"), ElementsAre(-1.5, 2.0));
    EXPECT_THAT(file.get<std::vector<std::int64_t>>("types"), ElementsAre(3, -1));
    EXPECT_THAT(file.get<std::vector<std::int64_t>>("flags"), ElementsAre(0, 1));
    EXPECT_THAT(file.get<std::vector<std::string>>("none"), ElementsAre());
    EXPECT_EQ(file.find<std::string>("absent"), std::nullopt);
    EXPECT_TRUE(file.contains_key("yes"));
    EXPECT_EQ(file.keys().size(), 18u);
  }
}

TEST(Gguf, GivesTensorsInRowMajorOrder) {
  for (const std::uint32_t version : {2u, 3u}) {
    GgufBuilder builder = sample();
    builder.version = version;
    const Gguf file = open(builder);
    EXPECT_THAT(file.names(), ElementsAre("a", "b", "c"));
    EXPECT_THAT(file.at("a").shape, ElementsAre(2, 3));
    EXPECT_EQ(file.at("a").type, TensorType::f32);
    EXPECT_THAT(values_of(file.at("a")), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(values_of(file.at("b")), ElementsAre(1.5f, -2.0f));
    EXPECT_THAT(values_of(file.at("c")), ElementsAre(1.5f, -2.5f));
    EXPECT_THAT(file.shape("c"), ElementsAre(1, 2));
    std::vector<float> part(3);
    file.at("a").copy_to(2, part);
    EXPECT_THAT(part, ElementsAre(3, 4, 5));
  }
}

TEST(Gguf, WrongTypesAndAbsentKeysAreRefusedByName) {
  const Gguf file = open(sample());
  const auto refused = [](auto action, const char* key, const char* why) {
    EXPECT_THAT(message_of(action), AllOf(HasSubstr(key), HasSubstr(why)));
  };
  refused([&] { file.get<std::string>("absent"); }, "key 'absent'", "is missing");
  refused([&] { file.find<std::string>("u8"); }, "key 'u8'", "of type uint8, but must be text");
  refused([&] { file.find<bool>("u8"); }, "key 'u8'", "must be true or false");
  refused([&] { file.find<std::int64_t>("f32"); }, "key 'f32'", "must be an integer");
  refused([&] { file.find<std::int64_t>("yes"); }, "key 'yes'", "of type bool");
  refused([&] { file.find<double>("yes"); }, "key 'yes'", "must be a number");
  refused([&] { file.find<double>("scores"); }, "key 'scores'", "is an array");
  refused([&] { file.find<std::vector<double>>("f32"); }, "key 'f32'", "must be an array");
  refused([&] { file.find<std::vector<double>>("flags"); }, "key 'flags'", "of type bool");
  refused([&] { file.find<std::vector<std::string>>("types"); }, "key 'types'", "must be text");
  GgufBuilder odd;
  odd.raw("big", GgufValue::uint64, bytes_of(~std::uint64_t{0})).text("latin", "caf\xE9");
  odd.texts("pieces", {"ok", "\xFF"});
  const Gguf other = open(odd);
  refused([&] { other.find<std::int64_t>("big"); }, "key 'big'", "more than 63 bits");
  refused([&] { other.find<std::string>("latin"); }, "key 'latin'", "'caf\\xe9', not UTF-8");
  refused([&] { other.find<std::vector<std::string>>("pieces"); }, "key 'pieces'", "not UTF-8");
}

TEST(Gguf, EveryTruncationIsRefused) {
  const std::string bytes = sample().bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(message_of_bytes(bytes.substr(0, length)), HasSubstr("cut short"))
        << "opened with " << length << " of " << bytes.size() << " bytes";
  }
}

TEST(Gguf, OtherVersionsAndByteOrdersAreRefusedByName) {
  GgufBuilder builder = sample();
  builder.version = 1;
  EXPECT_THAT(message_of_bytes(builder.bytes()), HasSubstr("GGUF version 1"));
  builder.version = 4;
  EXPECT_THAT(message_of_bytes(builder.bytes()), HasSubstr("GGUF version 4"));
  builder.version = 3u << 24;
  EXPECT_THAT(message_of_bytes(builder.bytes()), HasSubstr("big-endian"));
  builder.magic = "GGML";
  EXPECT_THAT(message_of_bytes(builder.bytes()), HasSubstr("does not begin with 'GGUF'"));
}

TEST(Gguf, ValuesThatLieAreRefusedByKey) {
  const auto message = [](GgufValue type, const std::string& bytes) {
    GgufBuilder builder;
    return message_of_bytes(builder.raw("k", type, bytes).bytes());
  };
  const auto array = [&](std::uint32_t type, std::uint64_t count, const std::string& elements) {
    return message(GgufValue::array, bytes_of(type) + bytes_of(count) + elements);
  };
  EXPECT_THAT(message(GgufValue{13}, "x"), AllOf(HasSubstr("key 'k'"), HasSubstr("type 13")));
  EXPECT_THAT(array(13, 1, "x"), AllOf(HasSubstr("key 'k'"), HasSubstr("type 13")));
  EXPECT_THAT(array(9, 1, "x"), AllOf(HasSubstr("key 'k'"), HasSubstr("holds arrays")));
  for (const std::uint64_t count : {std::uint64_t{3}, std::uint64_t{1} << 61, ~std::uint64_t{0}}) {
    EXPECT_THAT(array(8, count, gguf_text("a") + gguf_text("b")), HasSubstr("key 'k'"));
    EXPECT_THAT(array(4, count, "12345678"), HasSubstr("key 'k'"));
  }
  EXPECT_THAT(message(GgufValue::string, bytes_of(~std::uint64_t{0}) + "abc"),
              AllOf(HasSubstr("key 'k'"), HasSubstr("the file ends at")));
  GgufBuilder twice;
  EXPECT_THAT(message_of_bytes(twice.uint32("k", 1).text("k", "2").bytes()),
              HasSubstr("key 'k' is there twice"));
  GgufBuilder not_text;
  EXPECT_THAT(message_of_bytes(not_text.uint32("k\xFF", 1).bytes()),
              AllOf(HasSubstr("'k\\xff'"), HasSubstr("not UTF-8")));
}

TEST(Gguf, TensorsThatLieAreRefusedByName) {
  const auto message = [](const std::vector<std::uint64_t>& shape, GgufTensor type,
                          std::uint64_t offset) {
    GgufBuilder builder;
    builder.info("w", static_cast<std::uint32_t>(type), shape, offset).floats("x", {64}, {});
    return message_of_bytes(builder.bytes() + std::string(320, '\0'));
  };
  const auto refused = [&](const std::vector<std::uint64_t>& shape, GgufTensor type,
                           std::uint64_t offset, const char* why) {
    EXPECT_THAT(message(shape, type, offset), AllOf(HasSubstr("tensor 'w'"), HasSubstr(why)));
  };
  refused({2, 100}, GgufTensor::f32, 0, "its 800 bytes from offset 0 lie outside");
  refused({4}, GgufTensor::f32, 1024, "its offset 1024");
  refused({4}, GgufTensor::f32, 4, "not a multiple of 32");
  refused({4}, GgufTensor::f32, ~std::uint64_t{0} - 31, "its offset");
  refused({1, 1, 1, 1, 1}, GgufTensor::f32, 0, "has 5 dimensions");
  refused({~std::uint64_t{0}}, GgufTensor::f32, 0, "more than 63 bits");
  refused({1ull << 32, 1ull << 32}, GgufTensor::f32, 0, "2^63 or more");
  refused({1ull << 61, 2}, GgufTensor::f32, 0, "2^63 or more");
  refused({48}, GgufTensor::q4_0, 0, "its rows of 48 elements are not whole blocks of 32");
  refused({8, 32}, GgufTensor::q6_k, 0, "whole blocks of 256");
}

TEST(Gguf, TensorsMayNotOverlapOrComeTwice) {
  GgufBuilder overlap;
  overlap.info("a", 0, {16}, 0).info("b", 0, {4}, 32);
  EXPECT_THAT(message_of_bytes(overlap.bytes() + std::string(256, '\0')),
              AllOf(HasSubstr("tensor 'b'"), HasSubstr("overlaps tensor 'a'")));
  GgufBuilder twice;
  twice.floats("a", {1}, {1}).floats("a", {1}, {2});
  EXPECT_THAT(message_of_bytes(twice.bytes()),
              AllOf(HasSubstr("tensor 'a'"), HasSubstr("is there twice")));
}

TEST(Gguf, TypesWithoutWeightsAreRefusedWhenTheyAreAskedFor) {
  GgufBuilder builder;
  builder.tensor("w", GgufTensor::iq4_nl, {32}, std::string(18, '\0'));
  builder.tensor("v", GgufTensor{99}, {32}, std::string(24, '\0'));
  const Gguf file = open(builder);
  EXPECT_THAT(file.shape("w"), ElementsAre(32));
  EXPECT_THAT(message_of([&] { file.at("w"); }),
              AllOf(HasSubstr("tensor 'w' is of type IQ4_NL"), HasSubstr("Q4_K")));
  EXPECT_THAT(message_of([&] { file.at("v"); }), HasSubstr("is of type 99"));
  EXPECT_THAT(message_of([&] { file.at("x"); }), HasSubstr("no tensor 'x'"));
}

TEST(Gguf, AlignmentIsObeyed) {
  GgufBuilder builder;
  builder.alignment = 128;
  builder.uint32("general.alignment", 128).floats("a", {1}, {1}).floats("b", {1}, {2});
  const Gguf file = open(builder);
  EXPECT_THAT(values_of(file.at("a")), ElementsAre(1.0f));
  EXPECT_THAT(values_of(file.at("b")), ElementsAre(2.0f));
  for (const std::uint32_t alignment : {0u, 24u}) {
    GgufBuilder wrong;
    wrong.uint32("general.alignment", alignment).floats("a", {1}, {1});
    EXPECT_THAT(message_of_bytes(wrong.bytes()),
                AllOf(HasSubstr("general.alignment"), HasSubstr("power of two")));
  }
}

GgufBuilder part(std::uint32_t index, std::uint32_t count) {
  GgufBuilder builder;
  builder.raw("split.no", GgufValue::uint16, bytes_of(static_cast<std::uint16_t>(index)))
      .raw("split.count", GgufValue::uint16, bytes_of(static_cast<std::uint16_t>(count)))
      .raw("split.tensors.count", GgufValue::int32, bytes_of(std::int32_t{2}));
  return builder;
}

TEST(Gguf, NamesTellPartsOfAModel) {
  EXPECT_TRUE(is_gguf_name("models/m.gguf"));
  EXPECT_FALSE(is_gguf_name("models/gguf"));
  EXPECT_EQ(gguf_model_name("models/m-7b.Q4_K.gguf"), "m-7b.Q4_K");
  EXPECT_EQ(gguf_model_name("m-00001-of-00003.gguf"), "m");
  EXPECT_EQ(gguf_model_name("m-0001-of-00003.gguf"), "m-0001-of-00003");
  EXPECT_FALSE(is_later_gguf_part("m-00001-of-00003.gguf"));
  EXPECT_TRUE(is_later_gguf_part("m-00002-of-00003.gguf"));
  EXPECT_FALSE(is_later_gguf_part("m-00002-of-00003.bin"));
  EXPECT_FALSE(is_later_gguf_part("m.gguf"));
}

TEST(Gguf, PartsAreReadAsOneFile) {
  const TemporaryDirectory directory;
  const auto first = directory.write(
      "m-00001-of-00002.gguf", part(0, 2).text("a", "of the model").floats("x", {1}, {1}).bytes());
  const auto second_bytes = part(1, 2).floats("y", {1}, {2}).bytes();
  EXPECT_THROW(Gguf::open(first), IoError);
  const auto second = directory.write("m-00002-of-00002.gguf", second_bytes);
  const Gguf file = Gguf::open(first);
  EXPECT_EQ(file.get<std::string>("a"), "of the model");
  EXPECT_THAT(file.names(), ElementsAre("x", "y"));
  EXPECT_THAT(values_of(file.at("x")), ElementsAre(1.0f));
  EXPECT_THAT(values_of(file.at("y")), ElementsAre(2.0f));
  EXPECT_THAT(file.files(), ElementsAre(first, second));
  EXPECT_EQ(file.file_of("y"), second);

  EXPECT_THAT(message_of([&] { Gguf::open(second); }),
              AllOf(HasSubstr("part 2 of a model in 2 parts"), HasSubstr("give its first part")));
  const auto renamed = directory.write("renamed.gguf", read_bytes(first));
  EXPECT_THAT(message_of([&] { Gguf::open(renamed); }), HasSubstr("NAME-00001-of-00002.gguf"));
  directory.write("m-00002-of-00002.gguf", part(1, 2).floats("x", {1}, {2}).bytes());
  EXPECT_THAT(message_of([&] { Gguf::open(first); }), HasSubstr("'x': is there twice"));
  directory.write("m-00002-of-00002.gguf", part(1, 2).text("general.alignment", "32").bytes());
  EXPECT_THAT(message_of([&] { Gguf::open(first); }),
              AllOf(HasSubstr("m-00002-of-00002.gguf"), HasSubstr("'general.alignment' is of")));
  directory.write("m-00002-of-00002.gguf", part(1, 2).bytes());
  EXPECT_THAT(message_of([&] { Gguf::open(first); }), HasSubstr("hold 1 tensors, it announces 2"));
}

}  // namespace
}  // namespace allometer::io
