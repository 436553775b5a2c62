#include "io/gguf.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/utf8.hpp"
#include "io/damaged_file.hpp"

namespace allometer::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "GGUF";
constexpr std::int64_t kDefaultAlignment = 32;
constexpr std::int64_t kMostAlignment = std::int64_t{1} << 32;
constexpr std::uint32_t kMostDimensions = 4;
constexpr std::uint64_t kMostParts = 99999;  ///< five digits in a name

/// Types of metadata values, numbered as in the file.
enum ValueType : std::uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

constexpr std::array<std::string_view, 13> kValueTypeNames = {
    "uint8", "int8",   "uint16", "int16",  "uint32", "int32",  "float32",
    "bool",  "string", "array",  "uint64", "int64",  "float64"};
/// 0: strings and arrays, which have no fixed size.
constexpr std::array<std::size_t, 13> kValueTypeBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/// Types of tensors, numbered as in the file; of those without `weights` only the name is known.
struct StoredType {
  std::uint32_t id = 0;
  std::string_view name;
  std::optional<TensorType> weights;
};

constexpr std::array<StoredType, 38> kStoredTypes = {{
    {0, "F32", TensorType::f32},
    {1, "F16", TensorType::f16},
    {2, "Q4_0", TensorType::q4_0},
    {3, "Q4_1", TensorType::q4_1},
    {6, "Q5_0", TensorType::q5_0},
    {7, "Q5_1", TensorType::q5_1},
    {8, "Q8_0", TensorType::q8_0},
    {9, "Q8_1", {}},
    {10, "Q2_K", TensorType::q2_k},
    {11, "Q3_K", TensorType::q3_k},
    {12, "Q4_K", TensorType::q4_k},
    {13, "Q5_K", TensorType::q5_k},
    {14, "Q6_K", TensorType::q6_k},
    {15, "Q8_K", {}},
    {16, "IQ2_XXS", {}},
    {17, "IQ2_XS", {}},
    {18, "IQ3_XXS", {}},
    {19, "IQ1_S", {}},
    {20, "IQ4_NL", {}},
    {21, "IQ3_S", {}},
    {22, "IQ2_S", {}},
    {23, "IQ4_XS", {}},
    {24, "I8", {}},
    {25, "I16", {}},
    {26, "I32", {}},
    {27, "I64", {}},
    {28, "F64", {}},
    {29, "IQ1_M", {}},
    {30, "BF16", TensorType::bf16},
    {31, "Q4_0_4_4", {}},
    {32, "Q4_0_4_8", {}},
    {33, "Q4_0_8_8", {}},
    {34, "TQ1_0", {}},
    {35, "TQ2_0", {}},
    {36, "IQ4_NL_4_4", {}},
    {37, "IQ4_NL_4_8", {}},
    {38, "IQ4_NL_8_8", {}},
    {39, "MXFP4", {}},
}};

const StoredType* find_stored_type(std::uint32_t id) {
  const auto found = std::find_if(kStoredTypes.begin(), kStoredTypes.end(),
                                  [id](const StoredType& type) { return type.id == id; });
  return found == kStoredTypes.end() ? nullptr : &*found;
}

/// "F32, F16, ...": what weights can be made of.
std::string weight_types() {
  std::string names;
  for (const StoredType& type : kStoredTypes) {
    if (type.weights) names += (names.empty() ? "" : ", ") + std::string(type.name);
  }
  return names;
}

/// The file's own words, made fit for a message.
std::string quotable(std::string_view text) {
  constexpr std::size_t kMost = 64;
  std::string quoted;
  for (const char c : text.substr(0, kMost)) {
    quoted += c >= 0x20 && c < 0x7F ? std::string(1, c)
                                    : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text.size() > kMost ? quoted + "..." : quoted;
}

template <class T>
T load(const std::byte* src) {
  T value{};
  std::memcpy(&value, src, sizeof value);
  return value;
}

/// The integer of that type at `src`; nothing if it needs more than 63 bits.
std::optional<std::int64_t> load_integer(std::uint32_t type, const std::byte* src) {
  switch (type) {
    case kUint8:
      return load<std::uint8_t>(src);
    case kInt8:
      return load<std::int8_t>(src);
    case kUint16:
      return load<std::uint16_t>(src);
    case kInt16:
      return load<std::int16_t>(src);
    case kUint32:
      return load<std::uint32_t>(src);
    case kInt32:
      return load<std::int32_t>(src);
    case kUint64: {
      const auto value = load<std::uint64_t>(src);
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
      return static_cast<std::int64_t>(value);
    }
    default:
      return load<std::int64_t>(src);
  }
}

bool is_integer(std::uint32_t type) {
  return type <= kInt32 || type == kUint64 || type == kInt64;
}

/// "-00001-of-00003" at the end of a file's name without extension; empty where it is no part.
std::string_view part_suffix(std::string_view stem) {
  constexpr std::string_view kPattern = "-00000-of-00000";
  if (stem.size() <= kPattern.size()) return {};
  const std::string_view end = stem.substr(stem.size() - kPattern.size());
  const bool is_part = std::equal(end.begin(), end.end(), kPattern.begin(), [](char c, char p) {
    return p == '0' ? c >= '0' && c <= '9' : c == p;
  });
  return is_part ? end : std::string_view();
}

/// "NAME-00001-of-00003.gguf" with another number.
fs::path part_path(const fs::path& first, std::string_view stem, std::uint64_t index,
                   std::uint64_t count) {
  return first.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", stem, index + 1, count);
}

}  // namespace

/// Reads a header from front to back; every step is checked against the end of the file.
class Gguf::Cursor {
 public:
  explicit Cursor(const MappedFile& file) : file_(file) {}

  std::size_t position() const { return position_; }
  const fs::path& path() const { return file_.path(); }

  std::span<const std::byte> take(std::uint64_t count) {
    if (count > file_.bytes().size() - position_) {
      fail_damaged(path(), fmt::format("{} bytes are announced at byte {}, but the file ends at {}",
                                       count, position_, file_.bytes().size()));
    }
    const auto bytes = file_.bytes().subspan(position_, static_cast<std::size_t>(count));
    position_ += bytes.size();
    return bytes;
  }

  template <class T>
  T number() {
    return load<T>(take(sizeof(T)).data());
  }

  std::string_view text() {
    const auto bytes = take(number<std::uint64_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /// A key or the name of a tensor.
  std::string name() {
    const std::size_t begin = position_;
    const std::string_view name = text();
    if (name.empty() || !is_utf8(name)) {
      fail_damaged(path(), fmt::format("the name at byte {} ('{}') is empty or not UTF-8", begin,
                                       quotable(name)));
    }
    return std::string(name);
  }

 private:
  const MappedFile& file_;
  std::size_t position_ = 0;
};

namespace {

/// Version 2 or 3, or why not.
void check_version(const fs::path& file, std::uint32_t version) {
  if (version == 2 || version == 3) return;
  if (version != 0 && (version & 0xFFFF) == 0) {
    throw FormatError(
        fmt::format("{}: a big-endian GGUF file, made for another kind of machine; fetch the "
                    "little-endian one, "
                    "or turn it with gguf_convert_endian.py of llama.cpp",
                    file.string()));
  }
  throw FormatError(
      fmt::format("{}: GGUF version {}, of which Allometer reads 2 and 3; convert the model again "
                  "with a current llama.cpp",
                  file.string(), version));
}

/// Bytes of a tensor of that shape; nothing where they exceed 63 bits.
std::optional<std::uint64_t> tensor_bytes(std::span<const std::int64_t> shape, TensorType type) {
  const BlockSize block = block_of(type);
  const auto elements = count_elements(shape);
  std::int64_t bytes = 0;
  if (!elements || __builtin_mul_overflow(*elements / block.elements,
                                          static_cast<std::int64_t>(block.bytes), &bytes)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace

bool is_gguf_name(const fs::path& path) {
  return path.extension() == ".gguf";
}

bool is_later_gguf_part(const fs::path& path) {
  const std::string stem = path.stem().string();
  const std::string_view suffix = part_suffix(stem);
  return is_gguf_name(path) && !suffix.empty() && !suffix.starts_with("-00001-");
}

std::string gguf_model_name(const fs::path& path) {
  const std::string stem = path.stem().string();
  return stem.substr(0, stem.size() - part_suffix(stem).size());
}

Gguf::Value Gguf::read_value(Cursor& cursor) {
  const auto check_type = [&](std::uint32_t type) {
    if (type >= kValueTypeNames.size())
      fail_damaged(cursor.path(),
                   fmt::format("a value has type {}, which GGUF does not have", type));
    return type;
  };
  Value value;
  value.type = check_type(cursor.number<std::uint32_t>());
  if (value.type == kArray) {
    value.is_array = true;
    value.type = check_type(cursor.number<std::uint32_t>());
    value.count = cursor.number<std::uint64_t>();
    if (value.type == kArray)
      fail_damaged(cursor.path(), "an array holds arrays, which GGUF files may not");
  }
  if (const std::size_t size = kValueTypeBytes[value.type]; size != 0) {
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(value.count, size, &bytes))
      fail_damaged(cursor.path(), fmt::format("an array claims {} elements", value.count));
    value.bytes = cursor.take(bytes);
    return value;
  }
  // Strings: a length and bytes each. A count beyond the file ends at the file's end.
  Cursor end = cursor;
  for (std::uint64_t i = 0; i < value.count; ++i) end.text();
  value.bytes = cursor.take(end.position() - cursor.position());
  return value;
}

void Gguf::read_metadata(Cursor& cursor, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key = cursor.name();
    const Value value = [&] {
      try {
        return read_value(cursor);
      } catch (const FormatError& error) {
        const std::string prefix = cursor.path().string() + ": ";
        throw FormatError(fmt::format("{}key '{}': {}", prefix, quotable(key),
                                      std::string_view(error.what()).substr(prefix.size())));
      }
    }();
    if (!metadata_.emplace(key, value).second)
      fail_damaged(cursor.path(), fmt::format("key '{}' is there twice", quotable(key)));
  }
}

Gguf::TensorInfo Gguf::read_info(Cursor& cursor) {
  TensorInfo info;
  info.name = cursor.name();
  const auto num_dimensions = cursor.number<std::uint32_t>();
  if (num_dimensions > kMostDimensions) {
    fail_damaged(cursor.path(), info.name,
                 fmt::format("has {} dimensions, GGUF allows {}", num_dimensions, kMostDimensions));
  }
  for (std::uint32_t i = 0; i < num_dimensions; ++i) {
    const auto extent = cursor.number<std::int64_t>();
    if (extent < 0) fail_damaged(cursor.path(), info.name, "an extent has more than 63 bits");
    info.shape.insert(info.shape.begin(), extent);
  }
  info.type = cursor.number<std::uint32_t>();
  info.offset = cursor.number<std::uint64_t>();
  return info;
}

Gguf::Entry Gguf::locate(const TensorInfo& info, std::uint64_t data_begin, std::uint64_t alignment,
                         const MappedFile& file) {
  const std::uint64_t data_bytes =
      file.bytes().size() - std::min<std::uint64_t>(data_begin, file.bytes().size());
  if (info.offset % alignment != 0 || info.offset > data_bytes) {
    fail_damaged(
        file.path(), info.name,
        fmt::format("its offset {} is not a multiple of {} within the {} bytes of data that "
                    "the file has",
                    info.offset, alignment, data_bytes));
  }
  Entry entry;
  entry.type = info.type;
  entry.shape = info.shape;
  entry.begin = static_cast<std::size_t>(data_begin + info.offset);
  entry.end = entry.begin;
  const StoredType* type = find_stored_type(info.type);
  if (type == nullptr || !type->weights) return entry;  // refused when it is asked for
  const BlockSize block = block_of(*type->weights);
  const std::int64_t row = info.shape.empty() ? 1 : info.shape.back();
  if (row % block.elements != 0) {
    fail_damaged(file.path(), info.name,
                 fmt::format("its rows of {} elements are not whole blocks of {}, as {} has them",
                             row, block.elements, type->name));
  }
  const auto bytes = tensor_bytes(info.shape, *type->weights);
  if (!bytes || *bytes > data_bytes - info.offset) {
    fail_damaged(
        file.path(), info.name,
        fmt::format("its {} bytes from offset {} lie outside the {} bytes of data that the "
                    "file has",
                    bytes ? fmt::to_string(*bytes) : "2^63 or more", info.offset, data_bytes));
  }
  entry.end = entry.begin + static_cast<std::size_t>(*bytes);
  return entry;
}

void Gguf::add_file(const fs::path& path) {
  files_.emplace_back(path);
  Cursor cursor(files_.back());
  const auto magic = cursor.take(std::min(kMagic.size(), files_.back().bytes().size()));
  if (magic.size() < kMagic.size() || std::memcmp(magic.data(), kMagic.data(), kMagic.size()) != 0)
    fail_damaged(path, "does not begin with 'GGUF'");
  check_version(path, cursor.number<std::uint32_t>());
  const auto num_tensors = cursor.number<std::uint64_t>();
  const auto num_keys = cursor.number<std::uint64_t>();
  // Every part has metadata of its own; the model's stands in the first.
  auto earlier_metadata = std::exchange(metadata_, {});
  metadata_file_ = files_.size() - 1;
  read_metadata(cursor, num_keys);
  const std::int64_t alignment =
      find<std::int64_t>("general.alignment").value_or(kDefaultAlignment);
  if (alignment < 1 || alignment > kMostAlignment ||
      !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    fail_damaged(
        path, fmt::format("key 'general.alignment' is {}, but must be a power of two", alignment));
  }
  read_tensors(cursor, num_tensors, static_cast<std::uint64_t>(alignment));
  if (files_.size() > 1) metadata_ = std::move(earlier_metadata);
  metadata_file_ = 0;
}

void Gguf::read_tensors(Cursor& cursor, std::uint64_t count, std::uint64_t alignment) {
  std::vector<TensorInfo> infos;
  for (std::uint64_t i = 0; i < count; ++i) infos.push_back(read_info(cursor));
  const std::uint64_t data_begin = (cursor.position() + alignment - 1) / alignment * alignment;
  std::vector<TensorExtent> extents;
  for (TensorInfo& info : infos) {
    Entry entry = locate(info, data_begin, alignment, files_.back());
    entry.file = files_.size() - 1;
    extents.push_back({entry.begin, entry.end, info.name});
    if (!tensors_.emplace(info.name, std::move(entry)).second)
      fail_damaged(cursor.path(), info.name, "is there twice");
  }
  check_overlaps(cursor.path(), std::move(extents));
}

void Gguf::add_parts(const fs::path& first) {
  const auto count = static_cast<std::uint64_t>(find<std::int64_t>("split.count").value_or(1));
  if (count <= 1) return;
  const std::string name = first.filename().string();
  const std::int64_t index = find<std::int64_t>("split.no").value_or(0);
  const std::string suffix = fmt::format("-00001-of-{:05}.gguf", count);
  if (index != 0 || count > kMostParts || !name.ends_with(suffix)) {
    throw FormatError(fmt::format(
        "{}: part {} of a model in {} parts; give its first part, named NAME{}, with the others "
        "beside it",
        first.string(), index + 1, count, suffix));
  }
  const std::string_view stem = std::string_view(name).substr(0, name.size() - suffix.size());
  for (std::uint64_t i = 1; i < count; ++i) add_file(part_path(first, stem, i, count));
  const auto expected = find<std::int64_t>("split.tensors.count");
  if (expected && static_cast<std::uint64_t>(*expected) != tensors_.size()) {
    fail_damaged(first, fmt::format("its {} parts hold {} tensors, it announces {}", count,
                                    tensors_.size(), *expected));
  }
}

Gguf Gguf::open(const fs::path& path) {
  Gguf result;
  result.add_file(path);
  result.add_parts(path);
  return result;
}

void Gguf::refuse(std::string_view key, const std::string& problem) const {
  throw FormatError(fmt::format("{}: key '{}' {}", files_[metadata_file_].path().string(),
                                quotable(key), problem));
}

/// What a caller asks for, in words.
template <class T>
std::string_view wanted() {
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, double>) return "a number";
  return "an integer";
}

template <class T>
T Gguf::decode_element(std::string_view key, std::uint32_t type,
                       std::span<const std::byte> bytes) const {
  if constexpr (std::is_same_v<T, std::string>) {
    if (type == kString) {
      const auto text = bytes.subspan(sizeof(std::uint64_t));
      std::string decoded(reinterpret_cast<const char*>(text.data()), text.size());
      if (!is_utf8(decoded)) refuse(key, fmt::format("holds '{}', not UTF-8", quotable(decoded)));
      return decoded;
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    if (type == kBool) return load<std::uint8_t>(bytes.data()) != 0;
  } else {
    if (is_integer(type)) {
      const auto integer = load_integer(type, bytes.data());
      if (!integer) refuse(key, "is an integer of more than 63 bits");
      return static_cast<T>(*integer);
    }
    if constexpr (std::is_same_v<T, double>) {
      if (type == kFloat32) return load<float>(bytes.data());
      if (type == kFloat64) return load<double>(bytes.data());
    }
  }
  refuse(key, fmt::format("is of type {}, but must be {}", kValueTypeNames.at(type), wanted<T>()));
}

template <class T>
std::vector<T> Gguf::decode_array(std::string_view key, const Value& value) const {
  // Each element takes a byte at least, so that the number is one that memory holds.
  std::vector<T> elements;
  elements.reserve(static_cast<std::size_t>(value.count));
  std::span<const std::byte> rest = value.bytes;
  for (std::uint64_t i = 0; i < value.count; ++i) {
    std::size_t size = kValueTypeBytes.at(value.type);
    if (value.type == kString)
      size = sizeof(std::uint64_t) + static_cast<std::size_t>(load<std::uint64_t>(rest.data()));
    const auto bytes = rest.first(size);
    rest = rest.subspan(size);
    if constexpr (std::is_same_v<T, std::int64_t>) {
      if (value.type == kBool) {
        elements.push_back(decode_element<bool>(key, value.type, bytes) ? 1 : 0);
        continue;
      }
    }
    elements.push_back(decode_element<T>(key, value.type, bytes));
  }
  return elements;
}

template <class T>
std::optional<T> Gguf::find(std::string_view key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) return std::nullopt;
  const Value& value = found->second;
  if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
    if (value.is_array) refuse(key, "is an array, but must be a single value");
    return decode_element<T>(key, value.type, value.bytes);
  } else {
    if (!value.is_array) refuse(key, "is a single value, but must be an array");
    return decode_array<typename T::value_type>(key, value);
  }
}

template <class T>
T Gguf::get(std::string_view key) const {
  if (auto value = find<T>(key)) return *std::move(value);
  refuse(key, "is missing; convert the model again with a current llama.cpp");
}

#define ALLOMETER_GGUF_VALUE(...)                                                      \
  template std::optional<__VA_ARGS__> Gguf::find<__VA_ARGS__>(std::string_view) const; \
  template __VA_ARGS__ Gguf::get<__VA_ARGS__>(std::string_view) const

ALLOMETER_GGUF_VALUE(std::string);
ALLOMETER_GGUF_VALUE(std::int64_t);
ALLOMETER_GGUF_VALUE(double);
ALLOMETER_GGUF_VALUE(bool);
ALLOMETER_GGUF_VALUE(std::vector<std::string>);
ALLOMETER_GGUF_VALUE(std::vector<std::int64_t>);
ALLOMETER_GGUF_VALUE(std::vector<double>);
#undef ALLOMETER_GGUF_VALUE

std::vector<std::string> Gguf::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : metadata_) keys.push_back(key);
  return keys;
}

std::vector<std::string> Gguf::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : tensors_) names.push_back(name);
  return names;
}

std::vector<fs::path> Gguf::files() const {
  std::vector<fs::path> paths;
  for (const MappedFile& file : files_) paths.push_back(file.path());
  return paths;
}

const fs::path& Gguf::file_of(std::string_view name) const {
  return files_[entry(name).file].path();
}

const Gguf::Entry& Gguf::entry(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  throw FormatError(
      fmt::format("{}: there is no tensor '{}'; the file does not hold the whole model: fetch or "
                  "convert it again",
                  files_.front().path().string(), name));
}

TensorView Gguf::at(std::string_view name) const {
  const Entry& found = entry(name);
  const MappedFile& file = files_[found.file];
  const StoredType* type = find_stored_type(found.type);
  if (type == nullptr || !type->weights) {
    throw FormatError(fmt::format(
        "{}: tensor '{}' is of type {}, of which Allometer makes no weights; fetch or quantise a "
        "file of {}",
        file.path().string(), name,
        type != nullptr ? std::string(type->name) : fmt::to_string(found.type), weight_types()));
  }
  TensorView view;
  view.name = name;
  view.type = *type->weights;
  view.shape = found.shape;
  view.data = file.bytes().subspan(found.begin, found.end - found.begin);
  return view;
}

}  // namespace allometer::io
