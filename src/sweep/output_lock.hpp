#pragma once
/// One job per output.

#include <filesystem>
#include <string>

namespace allometer::sweep {

/// Holds OUTPUT.lock from construction to destruction (or death: the kernel drops it).
class OutputLock {
 public:
  /// `owner`: who this is ("job 4711, process 123 on n1, since ..."). Throws ConfigError naming the
  /// first owner when another job holds the lock, IoError when the file cannot be made.
  OutputLock(const std::filesystem::path& output, const std::string& owner);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

  /// Is a job working on this output now?
  static bool is_held(const std::filesystem::path& output);

 private:
  int descriptor_ = -1;
};

}  // namespace allometer::sweep
