#pragma once
/// SHA-256 (FIPS 180-4): the identity of inputs, tasks and cells.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace allometer {

/// 32 bytes, comparable and printable as 64 hexadecimal digits.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const =
      default;  // NOLINT(modernize-use-nullptr): a false alarm of clang-tidy 14
  std::string hex() const;
  /// The first 12 hexadecimal digits: enough for file names and messages.
  std::string short_hex() const { return hex().substr(0, 12); }
  /// Throws FormatError unless text is 64 hexadecimal digits.
  static Digest from_hex(std::string_view text);
};

/// Streaming SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::span<const std::byte> data);
  Sha256& update(std::string_view text);
  /// Closes the stream; update must not be called afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::string_view text);

}  // namespace allometer
