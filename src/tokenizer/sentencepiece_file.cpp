#include "tokenizer/sentencepiece_file.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "tokenizer/charsmap_check.hpp"
#include "tokenizer/unicode.hpp"
#include "tokenizer/vocabulary.hpp"

namespace allometer::tokenizer {
namespace {

/// Fields of the messages, by their numbers in sentencepiece_model.proto.
namespace field {
constexpr std::uint32_t kPieces = 1;
constexpr std::uint32_t kTrainer = 2;
constexpr std::uint32_t kNormalizer = 3;

constexpr std::uint32_t kPieceText = 1;
constexpr std::uint32_t kPieceScore = 2;
constexpr std::uint32_t kPieceType = 3;

constexpr std::uint32_t kModelType = 3;
constexpr std::uint32_t kWhitespaceAsSuffix = 24;
constexpr std::uint32_t kByteFallback = 35;
constexpr std::uint32_t kBosPiece = 46;
constexpr std::uint32_t kEosPiece = 47;

constexpr std::uint32_t kCharsmap = 2;
constexpr std::uint32_t kAddDummyPrefix = 3;
constexpr std::uint32_t kRemoveExtraWhitespaces = 4;
constexpr std::uint32_t kEscapeWhitespaces = 5;
}  // namespace field

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kBytes = 2;
constexpr std::uint32_t kFixed32 = 5;

/// libsentencepiece has room for so many user-defined pieces that begin with one another.
constexpr std::size_t kMostNested = 64;
constexpr float kLargestScore = 1e9F;

/// The fields of one protocol buffer message, one after the other.
/// https://protobuf.dev/programming-guides/encoding
class MessageReader {
 public:
  MessageReader(std::string_view bytes, const std::string& name) : rest_(bytes), name_(name) {}

  /// Goes to the next field; false at the end.
  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t key = read_varint();
    if (key >> 3 == 0 || key >> 32 != 0) fail();
    number_ = static_cast<std::uint32_t>(key >> 3);
    wire_type_ = static_cast<std::uint32_t>(key & 7);
    switch (wire_type_) {
      case kVarint:
        integer_ = read_varint();
        return true;
      case kFixed64:
        bytes_ = take(8);
        return true;
      case kBytes:
        bytes_ = take(read_varint());
        return true;
      case kFixed32:
        bytes_ = take(4);
        return true;
      default:
        fail();
    }
  }

  std::uint32_t number() const { return number_; }
  std::uint64_t integer() const { return expect(kVarint), integer_; }
  std::string_view bytes() const { return expect(kBytes), bytes_; }
  float number32() const {
    expect(kFixed32);
    std::uint32_t bits = 0;
    std::memcpy(&bits, bytes_.data(), sizeof(bits));
    return std::bit_cast<float>(bits);
  }

  [[noreturn]] void fail() const {
    throw FormatError(
        fmt::format("{}: not a SentencePiece model, or damaged or cut short: fetch it again. (A "
                    "tokenizer.model "
                    "of the tiktoken kind is not one: such checkpoints need their tokenizer.json.)",
                    name_));
  }

 private:
  void expect(std::uint32_t wire_type) const {
    if (wire_type_ != wire_type) fail();
  }

  std::uint64_t read_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  const std::string& name_;
  std::uint32_t number_ = 0;
  std::uint32_t wire_type_ = 0;
  std::uint64_t integer_ = 0;
  std::string_view bytes_;
};

class MessageWriter {
 public:
  void integer(std::uint32_t number, std::uint64_t value) {
    key(number, kVarint);
    varint(value);
  }
  void bytes(std::uint32_t number, std::string_view value) {
    key(number, kBytes);
    varint(value.size());
    text_ += value;
  }
  void number32(std::uint32_t number, float value) {
    key(number, kFixed32);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    text_.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  const std::string& text() const { return text_; }

 private:
  void key(std::uint32_t number, std::uint32_t wire_type) { varint(number << 3 | wire_type); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }
  std::string text_;
};

SentencePiece read_piece(MessageReader reader) {
  SentencePiece piece;
  while (reader.next()) {
    switch (reader.number()) {
      case field::kPieceText:
        piece.text = reader.bytes();
        break;
      case field::kPieceScore:
        piece.score = reader.number32();
        break;
      case field::kPieceType:
        if (reader.integer() < 1 || reader.integer() > 6) reader.fail();
        piece.type = static_cast<PieceType>(reader.integer());
        break;
      default:
        break;
    }
  }
  return piece;
}

void read_trainer(MessageReader reader, SentencePieceFile& file, std::uint64_t& algorithm) {
  while (reader.next()) {
    switch (reader.number()) {
      case field::kModelType:
        algorithm = reader.integer();
        break;
      case field::kWhitespaceAsSuffix:
        file.whitespace_is_suffix = reader.integer() != 0;
        break;
      case field::kByteFallback:
        file.byte_fallback = reader.integer() != 0;
        break;
      case field::kBosPiece:
        file.bos = reader.bytes();
        break;
      case field::kEosPiece:
        file.eos = reader.bytes();
        break;
      default:
        break;
    }
  }
}

void read_normalizer_spec(MessageReader reader, SentencePieceFile& file) {
  while (reader.next()) {
    switch (reader.number()) {
      case field::kCharsmap:
        file.charsmap = reader.bytes();
        break;
      case field::kAddDummyPrefix:
        file.add_dummy_prefix = reader.integer() != 0;
        break;
      case field::kRemoveExtraWhitespaces:
        file.remove_extra_whitespaces = reader.integer() != 0;
        break;
      case field::kEscapeWhitespaces:
        file.escape_whitespaces = reader.integer() != 0;
        break;
      default:
        break;
    }
  }
}

/// What is wrong with a piece on its own.
std::optional<std::string> fault_of_piece(const SentencePiece& piece) {
  if (piece.text.empty()) return "is empty";
  if (piece.text.size() >= kLongestPiece) return "is too long";
  if (!is_valid_utf8(piece.text)) return "is not UTF-8";
  if (piece.text.find('\0') != std::string::npos) return "holds a zero byte";
  // Also false for what is no number.
  if (!(std::abs(piece.score) <= kLargestScore)) return "has a score that is no number";
  return std::nullopt;
}

/// Is there a piece that more than kMostNested others begin?
bool nests_too_deeply(const std::set<std::string_view>& pieces) {
  std::vector<std::string_view> open;  // each begins the next
  for (const std::string_view piece : pieces) {
    while (!open.empty() && !piece.starts_with(open.back())) open.pop_back();
    open.push_back(piece);
    if (open.size() > kMostNested) return true;
  }
  return false;
}

void check(const SentencePieceFile& file, const std::string& name) {
  const auto fail = [&](const std::string& problem) {
    throw FormatError(fmt::format("{}: {}; the file is damaged: fetch it again", name, problem));
  };
  if (file.pieces.size() > static_cast<std::size_t>(kLargestId)) fail("too many pieces");
  std::unordered_set<std::string_view> seen;
  std::set<std::string_view> user_defined;
  std::size_t num_unknown = 0;
  for (std::size_t id = 0; id < file.pieces.size(); ++id) {
    const SentencePiece& piece = file.pieces[id];
    if (const auto fault = fault_of_piece(piece)) fail(fmt::format("piece {} {}", id, *fault));
    if (!seen.insert(piece.text).second) {
      fail(fmt::format("piece {}, '{}', is there twice", id, piece.text));
    }
    if (piece.type == PieceType::unknown) ++num_unknown;
    if (piece.type == PieceType::user_defined) user_defined.insert(piece.text);
  }
  if (!is_valid_utf8(file.bos) || !is_valid_utf8(file.eos)) fail("BOS or EOS is not UTF-8");
  if (num_unknown != 1) fail(fmt::format("{} unknown pieces instead of one", num_unknown));
  if (nests_too_deeply(user_defined)) fail("too many user-defined pieces begin with one another");
  if (file.charsmap.empty()) return;
  if (const auto fault = fault_of_charsmap(file.charsmap); !fault.empty()) {
    fail("the normalizer's precompiled_charsmap: " + fault);
  }
}

}  // namespace

SentencePieceFile SentencePieceFile::parse(std::string_view bytes, const std::string& name) {
  SentencePieceFile file;
  auto algorithm = static_cast<std::uint64_t>(Algorithm::unigram);
  MessageReader reader(bytes, name);
  while (reader.next()) {
    switch (reader.number()) {
      case field::kPieces:
        file.pieces.push_back(read_piece({reader.bytes(), name}));
        break;
      case field::kTrainer:
        read_trainer({reader.bytes(), name}, file, algorithm);
        break;
      case field::kNormalizer:
        read_normalizer_spec({reader.bytes(), name}, file);
        break;
      default:
        break;
    }
  }
  if (file.pieces.empty()) reader.fail();
  if (algorithm != 1 && algorithm != 2) {
    throw FormatError(fmt::format(
        "{}: a SentencePiece model of type {} is not supported (1, unigram, and 2, BPE, are)", name,
        algorithm));
  }
  file.algorithm = static_cast<Algorithm>(algorithm);
  check(file, name);
  return file;
}

std::string SentencePieceFile::serialize() const {
  MessageWriter model;
  for (const SentencePiece& piece : pieces) {
    MessageWriter message;
    message.bytes(field::kPieceText, piece.text);
    message.number32(field::kPieceScore, piece.score);
    message.integer(field::kPieceType, static_cast<std::uint64_t>(piece.type));
    model.bytes(field::kPieces, message.text());
  }
  MessageWriter trainer;
  trainer.integer(field::kModelType, static_cast<std::uint64_t>(algorithm));
  trainer.integer(field::kWhitespaceAsSuffix, whitespace_is_suffix ? 1 : 0);
  trainer.integer(field::kByteFallback, byte_fallback ? 1 : 0);
  model.bytes(field::kTrainer, trainer.text());
  MessageWriter normalizer;
  if (!charsmap.empty()) normalizer.bytes(field::kCharsmap, charsmap);
  normalizer.integer(field::kAddDummyPrefix, add_dummy_prefix ? 1 : 0);
  normalizer.integer(field::kRemoveExtraWhitespaces, remove_extra_whitespaces ? 1 : 0);
  normalizer.integer(field::kEscapeWhitespaces, escape_whitespaces ? 1 : 0);
  model.bytes(field::kNormalizer, normalizer.text());
  return model.text();
}

}  // namespace allometer::tokenizer
