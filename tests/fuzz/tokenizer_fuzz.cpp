// A tokenizer.json of any content is refused with a FormatError or encodes any text; ids that it
// gives can be decoded. Input: tokenizer.json, then, behind the first byte 0xFF (which no JSON
// holds), a text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.hpp"
#include "tokenizer/tokenizer.hpp"

using allometer::tokenizer::AddSpecial;
using allometer::tokenizer::SkipSpecial;
using allometer::tokenizer::Tokenizer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t mark = input.find('\xFF');
  const std::string_view text = mark == std::string_view::npos ? "a b\nc" : input.substr(mark + 1);
  try {
    const Tokenizer tokenizer = Tokenizer::parse(input.substr(0, mark), "", "fuzz/tokenizer.json");
    const auto ids = tokenizer.encode(text, AddSpecial::yes);
    for (const std::int32_t id : ids) {
      if (id < 0 || id >= tokenizer.vocab_size()) std::abort();
    }
    tokenizer.decode(ids, SkipSpecial::yes);
  } catch (const allometer::FormatError&) {
    // The one way to refuse.
  }
  return 0;
}
