#include "sweep/output_lock.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include "core/error.hpp"
#include "core/log.hpp"

namespace allometer::sweep {
namespace {

std::filesystem::path lock_path(const std::filesystem::path& output) {
  return output.string() + ".lock";
}

std::string read_owner(int descriptor) {
  char text[512];
  const ssize_t length = ::pread(descriptor, text, sizeof text, 0);
  std::string owner(text, length > 0 ? static_cast<std::size_t>(length) : 0);
  while (!owner.empty() && owner.back() == '\n') owner.pop_back();
  return owner.empty() ? "another job" : owner;
}

}  // namespace

OutputLock::OutputLock(const std::filesystem::path& output, const std::string& owner) {
  const auto path = lock_path(output);
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw IoError("cannot create " + path.string() + ": " + system_message(errno) +
                  "; choose an output in a directory that you can write");
  }
  // A look at the lock by `allometer status` lasts microseconds: try again before giving up.
  int refused = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  for (int attempt = 0; refused != 0 && errno == EWOULDBLOCK && attempt < 10; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    refused = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  }
  if (refused != 0) {
    if (errno == EWOULDBLOCK) {
      const std::string message = output.string() + " is being written by " +
                                  read_owner(descriptor_) +
                                  ": wait for that job, cancel it, or choose another output";
      ::close(descriptor_);
      throw ConfigError(message);
    }
    // Some NFS and Lustre mounts know no locks: go on, but say what is no longer guarded.
    log::warning("cannot lock " + path.string() + " (" + system_message(errno) +
                 "): make sure that no other job writes " + output.string());
  }
  const std::string line = owner + '\n';
  if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, line.data(), line.size(), 0) < 0) {
    const std::string reason = system_message(errno);
    ::close(descriptor_);
    throw IoError("cannot write " + path.string() + ": " + reason);
  }
}

OutputLock::~OutputLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool OutputLock::is_held(const std::filesystem::path& output) {
  const int descriptor = ::open(lock_path(output).c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return held;
}

}  // namespace allometer::sweep
