#include "tokenizer/byte_level.hpp"

#include <algorithm>
#include <array>

#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {
namespace {

constexpr std::int32_t kFirstSubstitute = 0x100;
constexpr std::int32_t kNumSubstitutes = 68;

/// These bytes are written as the Latin-1 code point of the same value.
constexpr bool is_plain(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

/// One or two bytes of UTF-8.
struct Spelling {
  std::array<char, 2> bytes{};
  std::uint8_t size = 0;
};

struct Alphabet {
  std::array<Spelling, 256> spelling_of;
  /// By code point; -1 for those that stand for no byte.
  std::array<std::int16_t, kFirstSubstitute + kNumSubstitutes> byte_of;

  Alphabet() {
    byte_of.fill(-1);
    std::int32_t substitute = kFirstSubstitute;
    for (int byte = 0; byte < 256; ++byte) {
      const std::int32_t code_point = is_plain(byte) ? byte : substitute++;
      std::string text;
      append_code_point(text, code_point);
      Spelling& spelling = spelling_of[static_cast<std::size_t>(byte)];
      spelling.size = static_cast<std::uint8_t>(text.size());
      std::copy(text.begin(), text.end(), spelling.bytes.begin());
      byte_of[static_cast<std::size_t>(code_point)] = static_cast<std::int16_t>(byte);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}

}  // namespace

void append_byte_level(std::string& out, std::string_view bytes) {
  const Alphabet& table = alphabet();
  const std::size_t before = out.size();
  out.resize(before + 2 * bytes.size());
  char* end = out.data() + before;
  for (const char c : bytes) {
    const Spelling& spelling = table.spelling_of[static_cast<unsigned char>(c)];
    // Always two, of which the second may be overwritten: a loop without branches.
    end[0] = spelling.bytes[0];
    end[1] = spelling.bytes[1];
    end += spelling.size;
  }
  out.resize(static_cast<std::size_t>(end - out.data()));
}

void append_bytes_of_piece(std::string& out, std::string_view piece) {
  const Alphabet& table = alphabet();
  const std::size_t before = out.size();
  for (std::size_t i = 0; i < piece.size(); i += code_point_length(piece, i)) {
    const auto code_point = static_cast<std::size_t>(code_point_at(piece, i));
    if (code_point >= table.byte_of.size() || table.byte_of[code_point] < 0) {
      out.resize(before);
      out += piece;
      return;
    }
    out += static_cast<char>(table.byte_of[code_point]);
  }
}

}  // namespace allometer::tokenizer
