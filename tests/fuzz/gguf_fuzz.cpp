/// Any bytes as a GGUF file: opened, with every value and tensor read, and described as a model, or
/// refused with FormatError.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/gguf.hpp"
#include "model/gguf_config.hpp"

namespace {

using allometer::FormatError;
using allometer::io::Gguf;

template <class T>
void ask(const Gguf& file, const std::string& key) {
  try {
    file.find<T>(key);
  } catch (const FormatError&) {  // another type
  }
}

void read_values(const Gguf& file) {
  for (const std::string& key : file.keys()) {
    ask<std::string>(file, key);
    ask<std::int64_t>(file, key);
    ask<double>(file, key);
    ask<bool>(file, key);
    ask<std::vector<std::string>>(file, key);
    ask<std::vector<std::int64_t>>(file, key);
    ask<std::vector<double>>(file, key);
  }
}

void read_tensors(const Gguf& file) {
  for (const std::string& name : file.names()) {
    try {
      const auto view = file.at(name);
      std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
      view.copy_to(0, values);
      if (values.size() > 3) view.copy_to(1, std::span(values).first(values.size() - 2));
    } catch (const FormatError&) {  // a type that makes no weights
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int kFile = ::memfd_create("model.gguf", 0);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  if (::ftruncate(kFile, 0) != 0 || ::pwrite(kFile, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  try {
    const Gguf file = Gguf::open(kPath);
    read_values(file);
    read_tensors(file);
    allometer::model::config_of_gguf(file);
  } catch (const FormatError&) {
  }
  return 0;
}
