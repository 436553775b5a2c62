#include "core/digest.hpp"

#include <openssl/evp.h>

#include "core/error.hpp"

namespace allometer {

std::string Digest::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Digest Digest::from_hex(std::string_view text) {
  const auto nibble = [&](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    throw FormatError("'" + std::string(text) +
                      "' is not a SHA-256 digest: expected 64 digits 0-9a-f");
  };
  Digest digest;
  if (text.size() != 2 * digest.bytes.size()) {
    throw FormatError("'" + std::string(text) +
                      "' is not a SHA-256 digest: expected 64 digits 0-9a-f");
  }
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    digest.bytes[i] = static_cast<std::uint8_t>(nibble(text[2 * i]) * 16 + nibble(text[2 * i + 1]));
  }
  return digest;
}

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* pointer) const { EVP_MD_CTX_free(pointer); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1) {
    throw BackendError("OpenSSL could not start a SHA-256 digest");
  }
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::span<const std::byte> data) {
  if (EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) != 1) {
    throw BackendError("OpenSSL could not extend a SHA-256 digest");
  }
  return *this;
}

Sha256& Sha256::update(std::string_view text) {
  return update(std::as_bytes(std::span(text.data(), text.size())));
}

Digest Sha256::finish() {
  Digest digest;
  unsigned int length = 0;
  if (EVP_DigestFinal_ex(state_->context.get(), digest.bytes.data(), &length) != 1 ||
      length != digest.bytes.size()) {
    throw BackendError("OpenSSL could not finish a SHA-256 digest");
  }
  return digest;
}

Digest sha256(std::string_view text) {
  return Sha256().update(text).finish();
}

}  // namespace allometer
