#pragma once
/// Runs the program as a user does: its words, standard input, what it prints and how it exits.

#include <filesystem>
#include <string>
#include <vector>

namespace allometer::cli {

struct Outcome {
  int exit_code = -1;  ///< 128 + signal where one ended it
  std::string out;
  std::string err;
};

/// Starts the program under test with these words and waits for its end.
Outcome run_program(const std::vector<std::string>& words, const std::string& input = "");

/// A directory that is removed with this object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file into it and returns its path as text.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);
std::vector<std::string> lines_of(const std::string& text);

}  // namespace allometer::cli
