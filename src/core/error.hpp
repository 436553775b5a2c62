#pragma once
/// Errors that a user can mend. Each says what is wrong, why that is a problem and what to do, and
/// names the file, line, tensor, cell or option. Bugs are contract violations (contract.hpp);
/// expected outcomes are return values.

#include <stdexcept>
#include <string>

namespace allometer {

/// Base of every error that is not a bug. Catch this, not std::runtime_error.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// One word for tables and logs: "config", "format", "io" or "backend".
  virtual const char* kind() const noexcept = 0;
};

/// The user asked for something that cannot be: a wrong option, key or combination.
class ConfigError : public Error {
 public:
  using Error::Error;
  const char* kind() const noexcept override { return "config"; }
};

/// A file's content breaks its format.
class FormatError : public Error {
 public:
  using Error::Error;
  const char* kind() const noexcept override { return "format"; }
};

/// The system refused: open, read, write, map, lock, memory.
class IoError : public Error {
 public:
  using Error::Error;
  const char* kind() const noexcept override { return "io"; }
};

/// A library below us (oneDNN, HDF5, MPI) failed.
class BackendError : public Error {
 public:
  using Error::Error;
  const char* kind() const noexcept override { return "backend"; }
};

/// strerror(errno_value), thread-safe.
std::string system_message(int errno_value);

}  // namespace allometer
