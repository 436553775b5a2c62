#pragma once
/// The options of one subcommand: declared once, parsed, asked by name. Help is written from the
/// declarations.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/precision.hpp"

namespace allometer::cli {

/// The command line is wrong. One line that names the option or argument and says what to write
/// instead.
class UsageError : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

/// Declare arguments, options and examples, then parse() once, then ask. Asking for a name that was
/// not declared is a contract violation.
class Options {
 public:
  /// `command`: as typed after "allometer"; `purpose`: what it does and reads and writes, in plain
  /// English.
  Options(std::string command, std::string purpose);
  ~Options();
  Options(Options&&) noexcept;

  enum class Presence { required, optional, repeated };

  /// An argument without dashes, in the order of declaration. `repeated` (last only) takes the
  /// rest, one at least.
  Options& argument(const std::string& name, Presence presence, const std::string& description);
  /// An option with a value. `name` is "threads" or, with a one-letter form, "output,o"; `value`
  /// stands for the value in the help; `fallback` is what text() gives when the option is absent.
  Options& option(const std::string& name, const std::string& value, const std::string& description,
                  const std::string& fallback = "");
  /// An option that may be given several times.
  Options& list(const std::string& name, const std::string& value, const std::string& description);
  /// An option without a value.
  Options& flag(const std::string& name, const std::string& description);
  /// A real command line and what it is good for. Shown in this order.
  Options& example(const std::string& command_line, const std::string& comment);

  /// Reads the words after the subcommand's name. True if --help was among them: help() is wanted
  /// and nothing else is checked. Throws UsageError with a suggestion for what looks like a slip.
  bool parse(std::span<const std::string> words);
  std::string help() const;

  /// Was it given on the command line?
  bool given(const std::string& name) const;
  /// The value given, or the fallback.
  std::string text(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;
  /// A path that must exist. Throws UsageError naming the option.
  std::filesystem::path existing_path(const std::string& name) const;
  /// The same, or "-" for standard input.
  std::filesystem::path input_path(const std::string& name) const;
  /// A whole number in [low, high]. Throws UsageError naming option, value and range.
  std::int64_t integer(const std::string& name, std::int64_t low, std::int64_t high) const;
  /// A finite number in [low, high].
  double number(const std::string& name, double low, double high) const;
  /// A size above 0, as "512MiB" or "64GB". Throws UsageError naming option and value.
  std::int64_t bytes(const std::string& name) const;
  Precision precision(const std::string& name) const;

  /// UsageError with the command's name in front and a pointer to its help behind `message`.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Prints the help page on standard output; returns exit code 0.
int print_help(const Options& options);

}  // namespace allometer::cli
