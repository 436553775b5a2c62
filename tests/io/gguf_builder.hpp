#pragma once
/// Makes GGUF files byte by byte, also such as no writer would make.

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::io {

/// Numbers of the types in the file.
enum class GgufValue : std::uint32_t {
  uint8 = 0,
  int8 = 1,
  uint16 = 2,
  int16 = 3,
  uint32 = 4,
  int32 = 5,
  float32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  uint64 = 10,
  int64 = 11,
  float64 = 12,
};
enum class GgufTensor : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q8_0 = 8,
  q4_k = 12,
  q6_k = 14,
  iq4_nl = 20,
  bf16 = 30,
};

template <class T>
std::string bytes_of(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string gguf_text(std::string_view text) {
  return bytes_of(std::uint64_t{text.size()}) + std::string(text);
}

class GgufBuilder {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::string magic = "GGUF";

  /// The bytes after the key: type and value as they stand in the file.
  GgufBuilder& raw(std::string_view key, GgufValue type, const std::string& bytes) {
    metadata_ += gguf_text(key) + bytes_of(type) + bytes;
    ++num_keys_;
    return *this;
  }
  GgufBuilder& text(std::string_view key, std::string_view value) {
    return raw(key, GgufValue::string, gguf_text(value));
  }
  GgufBuilder& uint32(std::string_view key, std::uint32_t value) {
    return raw(key, GgufValue::uint32, bytes_of(value));
  }
  GgufBuilder& float32(std::string_view key, float value) {
    return raw(key, GgufValue::float32, bytes_of(value));
  }
  GgufBuilder& boolean(std::string_view key, bool value) {
    return raw(key, GgufValue::boolean, bytes_of(static_cast<std::uint8_t>(value)));
  }
  GgufBuilder& array(std::string_view key, GgufValue type, std::uint64_t count,
                     const std::string& elements) {
    return raw(key, GgufValue::array, bytes_of(type) + bytes_of(count) + elements);
  }
  GgufBuilder& texts(std::string_view key, const std::vector<std::string>& values) {
    std::string elements;
    for (const std::string& value : values) elements += gguf_text(value);
    return array(key, GgufValue::string, values.size(), elements);
  }

  /// `shape`: outermost extent first, as Hugging Face has it.
  GgufBuilder& tensor(std::string_view name, GgufTensor type,
                      const std::vector<std::uint64_t>& shape, const std::string& data) {
    pad(data_);
    info(name, static_cast<std::uint32_t>(type), shape, data_.size());
    data_ += data;
    return *this;
  }
  GgufBuilder& floats(std::string_view name, const std::vector<std::uint64_t>& shape,
                      const std::vector<float>& values) {
    std::string data(values.size() * sizeof(float), '\0');
    std::memcpy(data.data(), values.data(), data.size());
    return tensor(name, GgufTensor::f32, shape, data);
  }
  /// The description of a tensor alone.
  GgufBuilder& info(std::string_view name, std::uint32_t type,
                    const std::vector<std::uint64_t>& shape, std::uint64_t offset) {
    infos_ += gguf_text(name) + bytes_of(static_cast<std::uint32_t>(shape.size()));
    for (auto extent = shape.rbegin(); extent != shape.rend(); ++extent)
      infos_ += bytes_of(*extent);
    infos_ += bytes_of(type) + bytes_of(offset);
    ++num_tensors_;
    return *this;
  }

  std::string bytes() const {
    std::string file = magic + bytes_of(version) + bytes_of(num_tensors_) + bytes_of(num_keys_) +
                       metadata_ + infos_;
    if (!data_.empty()) pad(file);
    return file + data_;
  }

 private:
  void pad(std::string& bytes) const {
    while (bytes.size() % alignment != 0) bytes += '\0';
  }

  std::string metadata_;
  std::string infos_;
  std::string data_;
  std::uint64_t num_keys_ = 0;
  std::uint64_t num_tensors_ = 0;
};

}  // namespace allometer::io
