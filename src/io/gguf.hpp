#pragma once
/// The GGUF format, versions 2 and 3: typed metadata, then tensors, in one file or in parts.
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/mapped_file.hpp"
#include "io/tensor.hpp"

namespace allometer::io {

/// Whether the name says that it is one: "NAME.gguf".
bool is_gguf_name(const std::filesystem::path& path);
/// Whether the name is that of a part of a model that is not its first: "NAME-00002-of-00003.gguf".
bool is_later_gguf_part(const std::filesystem::path& path);
/// The name of the model: "NAME" of either.
std::string gguf_model_name(const std::filesystem::path& path);

/// A GGUF file, or the parts of one ("NAME-00001-of-00003.gguf" and its neighbours). Nothing is
/// copied; metadata is decoded when it is asked for.
class Gguf {
 public:
  /// `path`: the file, or the first of its parts. Throws IoError, or FormatError naming file and
  /// key or tensor: another version or byte order, anything that reaches beyond the file, keys or
  /// tensors that are there twice, overlapping or misaligned tensors, names that are not UTF-8, a
  /// part that is missing or is not the first.
  static Gguf open(const std::filesystem::path& path);

  /// The value of `key`, nothing if it is absent. T is one of
  ///   std::string, std::int64_t (any integer type of the file), double (any number), bool,
  ///   std::vector<std::string>, std::vector<std::int64_t> (integers, or booleans as 0 and 1),
  ///   std::vector<double>.
  /// Throws FormatError naming file and key for a value of another type, an integer of more than 63
  /// bits, or text that is not UTF-8.
  template <class T>
  std::optional<T> find(std::string_view key) const;
  /// The same, but throws FormatError naming file and key when it is absent.
  template <class T>
  T get(std::string_view key) const;
  bool contains_key(std::string_view key) const { return metadata_.contains(key); }
  std::vector<std::string> keys() const;  ///< sorted

  bool contains(std::string_view name) const { return tensors_.contains(name); }
  /// The shape is that of Hugging Face, outermost extent first (the file has it the other way).
  /// Throws FormatError naming the file when there is no such tensor, or naming its type when
  /// Allometer makes no weights of that.
  TensorView at(std::string_view name) const;
  /// The same shape without asking what the elements are.
  const std::vector<std::int64_t>& shape(std::string_view name) const { return entry(name).shape; }
  std::vector<std::string> names() const;  ///< of tensors, sorted
  std::vector<std::filesystem::path> files() const;
  const std::filesystem::path& file_of(std::string_view name) const;  ///< that holds this tensor

 private:
  class Cursor;
  /// A value as it lies in the file; of an array the elements, after their type and number.
  struct Value {
    std::uint32_t type = 0;  ///< of the elements, for an array
    bool is_array = false;
    std::uint64_t count = 1;
    std::span<const std::byte> bytes;
  };
  struct Entry {
    std::size_t file = 0;
    std::uint32_t type = 0;
    std::vector<std::int64_t> shape;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  struct TensorInfo {
    std::string name;
    std::vector<std::int64_t> shape;
    std::uint32_t type = 0;
    std::uint64_t offset = 0;  ///< into the data of the file
  };

  void add_file(const std::filesystem::path& path);
  void add_parts(const std::filesystem::path& first);
  void read_metadata(Cursor& cursor, std::uint64_t count);
  void read_tensors(Cursor& cursor, std::uint64_t count, std::uint64_t alignment);
  static Value read_value(Cursor& cursor);
  static TensorInfo read_info(Cursor& cursor);
  /// Where that tensor lies in `file`, whose data begin at byte `data_begin`.
  static Entry locate(const TensorInfo& info, std::uint64_t data_begin, std::uint64_t alignment,
                      const MappedFile& file);
  const Entry& entry(std::string_view name) const;
  /// Throws FormatError "FILE: key 'KEY': problem".
  [[noreturn]] void refuse(std::string_view key, const std::string& problem) const;
  template <class T>
  T decode_element(std::string_view key, std::uint32_t type,
                   std::span<const std::byte> bytes) const;
  template <class T>
  std::vector<T> decode_array(std::string_view key, const Value& value) const;

  std::vector<MappedFile> files_;
  std::map<std::string, Value, std::less<>> metadata_;  ///< of the first file, once all are read
  std::size_t metadata_file_ = 0;                       ///< whose metadata these are
  std::map<std::string, Entry, std::less<>> tensors_;
};

}  // namespace allometer::io
