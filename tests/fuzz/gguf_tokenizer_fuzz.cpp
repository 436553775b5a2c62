// The metadata of any GGUF file is refused with a FormatError or makes a tokenizer that encodes any
// text; ids that it gives can be decoded. Input: the length of a text (one byte), the text, the
// file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "io/gguf.hpp"
#include "tokenizer/gguf_tokenizer.hpp"

using allometer::tokenizer::AddSpecial;
using allometer::tokenizer::SkipSpecial;
using allometer::tokenizer::Tokenizer;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  allometer::log::set_level(allometer::log::Level::error);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int kFile = ::memfd_create("model.gguf", 0);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string_view text = input.substr(0, data[0]);
  const std::string_view file = input.substr(text.size());
  if (::ftruncate(kFile, 0) != 0 ||
      ::pwrite(kFile, file.data(), file.size(), 0) != static_cast<ssize_t>(file.size())) {
    std::abort();
  }
  try {
    const Tokenizer tokenizer = allometer::tokenizer::read_gguf_tokenizer(
        allometer::io::Gguf::open(kPath), "fuzz/model.gguf");
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
