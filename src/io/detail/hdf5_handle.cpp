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

/// The system's own words where HDF5 quotes them among time, buffers and offsets.
std::string system_reason(const std::string& message) {
  constexpr std::string_view kQuote = "error message = '";
  const std::size_t begin = message.find(kQuote);
  if (begin == std::string::npos) return message;
  const std::size_t first = begin + kQuote.size();
  return message.substr(first, message.find('\'', first) - first);
}

struct ErrorStack {
  std::string cause = "HDF5 gave no reason";  ///< the innermost message
  std::string call;                           ///< the outermost

  std::string text() const { return call.empty() ? cause : call + ": " + system_reason(cause); }
};

ErrorStack take_error_stack() {
  std::vector<std::string> messages;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &messages);
  H5Eclear2(H5E_DEFAULT);
  ErrorStack stack;
  if (!messages.empty()) stack.cause = messages.front();
  if (messages.size() > 1) stack.call = messages.back();
  return stack;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

void prepare_library() {
  static const bool kOnce = [] {
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(kOnce);
}

void throw_hdf5(std::string_view action, const std::filesystem::path& file) {
  const ErrorStack stack = take_error_stack();
  std::string advice;
  if (has(stack.cause, "No space left")) {
    advice = "; no space left on its file system: free some space or put the output elsewhere";
  } else if (has(stack.cause, "unable to lock file")) {
    advice =
        "; if no other program has the file open, its file system may lack locks: set the "
        "environment variable HDF5_USE_FILE_LOCKING=FALSE";
  }
  throw IoError(fmt::format("cannot {} in {}: {}{}", action, file.string(), stack.text(), advice));
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
