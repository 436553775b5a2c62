// A tokenizer.model of any content is refused with a FormatError or encodes any text, without a
// crash in libsentencepiece; ids that it gives can be decoded. Input: the length of a text (one
// byte), the text, the model.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.hpp"
#include "tokenizer/sentencepiece_tokenizer.hpp"

using allometer::tokenizer::AddSpecial;
using allometer::tokenizer::SkipSpecial;
using allometer::tokenizer::Tokenizer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string_view text = input.substr(0, data[0]);
  try {
    const Tokenizer tokenizer = allometer::tokenizer::read_sentencepiece_tokenizer(
        {input.substr(text.size()), "", ""}, "fuzz/tokenizer.model");
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
