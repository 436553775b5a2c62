/// Any bytes as a checkpoint: opened and read whole, or refused with FormatError.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "core/error.hpp"
#include "io/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int kFile = ::memfd_create("model.safetensors", 0);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  if (::ftruncate(kFile, 0) != 0 || ::pwrite(kFile, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  try {
    const auto file = allometer::io::Safetensors::open(kPath);
    for (const std::string& name : file.names()) {
      try {
        const auto view = file.at(name);
        std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
        view.copy_to(0, values);
      } catch (const allometer::FormatError&) {  // a dtype that makes no weights
      }
    }
  } catch (const allometer::FormatError&) {
  }
  return 0;
}
