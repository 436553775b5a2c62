#pragma once
/// Everything that is wrong with a job file, gathered so that a user mends it in one go.

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace allometer::job {

class Mistakes {
 public:
  explicit Mistakes(std::filesystem::path file) : file_(std::move(file)) {}

  /// `line` counts from 1. `message` says what is wrong and what to do.
  void add(int line, std::string message);
  bool empty() const { return messages_.empty(); }
  /// Throws a ConfigError of lines "file:line: message" in order of their lines, if there is any.
  void throw_if_any() const;

 private:
  std::filesystem::path file_;
  std::multimap<int, std::string> messages_;
};

/// " (did you mean 'x'?)" for the nearest of `known`, or nothing if none is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace allometer::job
