#include "io/detail/hdf5_handle.hpp"

#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::io::detail {
namespace {

herr_t collect(unsigned, const H5E_error2_t* error, void* messages) {
  static_cast<std::vector<std::string>*>(messages)->emplace_back(error->desc ? error->desc : "");
  return 0;
}

/// The innermost message, which has the cause, and the outermost, which has the call.
std::string error_stack() {
  std::vector<std::string> messages;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &messages);
  H5Eclear2(H5E_DEFAULT);
  if (messages.empty()) return "HDF5 gave no reason";
  if (messages.size() == 1 || messages.front() == messages.back()) return messages.front();
  return messages.back() + ": " + messages.front();
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

void silence_error_printing() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void throw_hdf5(std::string_view action, const std::filesystem::path& file) {
  const std::string reason = error_stack();
  std::string advice;
  if (has(reason, "No space left") || has(reason, "errno = 28")) {
    advice = "; no space left on its file system: free some space or put the output elsewhere";
  } else if (has(reason, "lock")) {
    advice =
        "; if no other program has the file open, its file system may lack locks: set the "
        "environment variable HDF5_USE_FILE_LOCKING=FALSE";
  }
  throw IoError(fmt::format("cannot {} in {}: {}{}", action, file.string(), reason, advice));
}

Handle checked(hid_t id, Handle::Closer closer, std::string_view action,
               const std::filesystem::path& file) {
  if (id < 0) throw_hdf5(action, file);
  return Handle(id, closer);
}

void check(herr_t status, std::string_view action, const std::filesystem::path& file) {
  if (status < 0) throw_hdf5(action, file);
}

}  // namespace allometer::io::detail
