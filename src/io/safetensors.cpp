#include "io/safetensors.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "io/damaged_file.hpp"
#include "io/file_descriptor.hpp"
#include "io/float_formats.hpp"

namespace allometer::io {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
/// The limit of the reference implementation.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::string_view kIndexSuffix = ".safetensors.index.json";

/// Strict JSON: no name twice in one object, and no deeper nesting than the format has.
json parse_strictly(std::string_view text, const fs::path& file, int max_depth) {
  std::vector<std::set<std::string>> names(static_cast<std::size_t>(max_depth) + 1);
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    const auto level = static_cast<std::size_t>(depth);
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= max_depth)
        fail_damaged(file, fmt::format("JSON nested deeper than {}", max_depth));
      names[level + 1].clear();
    } else if (event == json::parse_event_t::key) {
      const auto& name = value.get_ref<const std::string&>();
      if (!names[level].insert(name).second) fail_damaged(file, name, "named twice");
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    fail_damaged(file, fmt::format("not valid JSON ({})", error.what()));
  }
}

/// Bytes of one element; nothing for a type that the format does not know today.
std::optional<std::size_t> size_of_dtype(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 15> kSizes = {{
      {"F32", 4},
      {"F16", 2},
      {"BF16", 2},
      {"F64", 8},
      {"I64", 8},
      {"I32", 4},
      {"I16", 2},
      {"I8", 1},
      {"U64", 8},
      {"U32", 4},
      {"U16", 2},
      {"U8", 1},
      {"BOOL", 1},
      {"F8_E4M3", 1},
      {"F8_E5M2", 1},
  }};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return std::nullopt;
}

std::optional<TensorType> parse_tensor_type(std::string_view dtype) {
  for (const TensorType type : {TensorType::f32, TensorType::f16, TensorType::bf16}) {
    if (name_of(type) == dtype) return type;
  }
  return std::nullopt;
}

/// Product of the dimensions x bytes of an element; nothing on overflow.
std::optional<std::uint64_t> num_bytes(std::span<const std::int64_t> shape, std::size_t size) {
  const auto elements = count_elements(shape);
  std::uint64_t bytes = 0;
  if (!elements || __builtin_mul_overflow(static_cast<std::uint64_t>(*elements), size, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::vector<std::int64_t> parse_shape(const json& value, const fs::path& file,
                                      std::string_view tensor) {
  if (!value.is_array()) fail_damaged(file, tensor, "its shape is not a list");
  std::vector<std::int64_t> shape;
  for (const json& extent : value) {
    if (!extent.is_number_unsigned() ||
        extent.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      fail_damaged(file, tensor, fmt::format("{} is not a dimension", extent.dump()));
    }
    shape.push_back(extent.get<std::int64_t>());
  }
  return shape;
}

std::pair<std::uint64_t, std::uint64_t> parse_offsets(const json& value, const fs::path& file,
                                                      std::string_view tensor) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() ||
      !value[1].is_number_unsigned()) {
    fail_damaged(file, tensor, "its data_offsets are not two non-negative integers");
  }
  return {value[0].get<std::uint64_t>(), value[1].get<std::uint64_t>()};
}

/// Length of the JSON header, checked against the file.
std::size_t header_length(std::span<const std::byte> bytes, const fs::path& file) {
  if (bytes.size() < kLengthBytes) {
    fail_damaged(file,
                 fmt::format("only {} bytes long, too short for a safetensors file", bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    fail_damaged(file,
                 fmt::format("its header claims {} bytes, the file has {} (the format allows {})",
                             length, bytes.size() - kLengthBytes, kMaxHeaderBytes));
  }
  return static_cast<std::size_t>(length);
}

const json& member(const json& object, const char* key, const fs::path& file,
                   std::string_view tensor) {
  if (!object.is_object() || !object.contains(key)) {
    fail_damaged(file, tensor, fmt::format("has no '{}'", key));
  }
  return object.at(key);
}

/// What the header says of one tensor; offsets are into the data.
struct HeaderEntry {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

HeaderEntry parse_entry(const json& value, std::uint64_t data_bytes, const fs::path& file,
                        std::string_view name) {
  HeaderEntry entry;
  const json& dtype = member(value, "dtype", file, name);
  if (!dtype.is_string()) fail_damaged(file, name, "its dtype is not a string");
  entry.dtype = dtype.get<std::string>();
  entry.shape = parse_shape(member(value, "shape", file, name), file, name);
  const auto [begin, end] = parse_offsets(member(value, "data_offsets", file, name), file, name);
  if (begin > end || end > data_bytes) {
    fail_damaged(
        file, name,
        fmt::format("its bytes [{}, {}) lie outside the {} bytes of data that the file has", begin,
                    end, data_bytes));
  }
  if (const auto element = size_of_dtype(entry.dtype)) {
    const auto expected = num_bytes(entry.shape, *element);
    if (expected != end - begin) {
      fail_damaged(
          file, name,
          fmt::format("its shape and dtype {} need {} bytes, its offsets span {}", entry.dtype,
                      expected ? fmt::to_string(*expected) : "more than 2^64", end - begin));
    }
  }
  entry.begin = begin;
  entry.end = end;
  return entry;
}

std::map<std::string, std::string> parse_metadata(const json& value, const fs::path& file) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) fail_damaged(file, "__metadata__ is not an object");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string())
      fail_damaged(file, fmt::format("__metadata__ '{}' is not a string", key));
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

/// Tensor -> file name, from model.safetensors.index.json.
std::map<std::string, std::string> read_weight_map(const fs::path& index) {
  const std::string text = read_text(index);
  const json root = parse_strictly(text, index, 8);
  if (!root.is_object() || !root.contains("weight_map") || !root["weight_map"].is_object()) {
    fail_damaged(index, "no 'weight_map' that names the file of each tensor");
  }
  std::map<std::string, std::string> weight_map;
  for (const auto& [tensor, file] : root["weight_map"].items()) {
    if (!file.is_string()) fail_damaged(index, tensor, "its file is not a string");
    const fs::path name = file.get<std::string>();
    if (name.empty() || name.has_parent_path() || name == ".." || name == ".") {
      fail_damaged(index, tensor,
                   fmt::format("'{}' is not the name of a file beside it", name.string()));
    }
    weight_map[tensor] = name.string();
  }
  return weight_map;
}

bool is_index(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.size() >= kIndexSuffix.size() &&
         name.compare(name.size() - kIndexSuffix.size(), kIndexSuffix.size(), kIndexSuffix) == 0;
}

/// The file or index that stands for a checkpoint directory.
fs::path find_in_directory(const fs::path& directory) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"}) {
    std::error_code ignored;
    if (fs::exists(directory / name, ignored)) return directory / name;
  }
  throw IoError(fmt::format(
      "{}: neither model.safetensors nor model.safetensors.index.json is there; weights in other "
      "formats (pytorch_model.bin) have to be converted to safetensors first",
      directory.string()));
}

/// Bytes [begin, begin + count) of a tensor's values in its file format.
void append_converted(std::span<const float> values, TensorType type, std::vector<std::byte>& out) {
  out.resize(values.size() * block_of(type).bytes);
  if (type == TensorType::f32) {
    std::memcpy(out.data(), values.data(), out.size());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits =
        type == TensorType::f16 ? f16_from_float(values[i]) : bf16_from_float(values[i]);
    std::memcpy(out.data() + 2 * i, &bits, sizeof bits);
  }
}

std::string make_header(std::span<const TensorToWrite> tensors,
                        const std::map<std::string, std::string>& metadata) {
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const std::uint64_t size = tensor.values.size() * block_of(tensor.type).bytes;
    ALLOMETER_EXPECT(num_bytes(tensor.shape, block_of(tensor.type).bytes) == size);
    ALLOMETER_EXPECT(!header.contains(tensor.name));
    header[tensor.name] = {{"dtype", name_of(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  // Spaces, so that the tensors begin at a multiple of 8 bytes.
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

Safetensors Safetensors::open(const fs::path& path) {
  std::error_code ignored;
  const fs::path file = fs::is_directory(path, ignored) ? find_in_directory(path) : path;
  Safetensors result;
  if (!is_index(file)) {
    result.add_file(file);
    return result;
  }
  const std::map<std::string, std::string> weight_map = read_weight_map(file);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : weight_map) shards.insert(shard);
  for (const std::string& shard : shards) result.add_file(file.parent_path() / shard);
  for (const auto& [tensor, shard] : weight_map) {
    const auto found = result.tensors_.find(tensor);
    if (found == result.tensors_.end() ||
        result.files_[static_cast<std::size_t>(found->second.file)].path().filename() != shard) {
      fail_damaged(file, tensor, fmt::format("said to be in {}, which does not have it", shard));
    }
  }
  return result;
}

void Safetensors::add_file(const fs::path& path) {
  files_.emplace_back(path);
  const auto bytes = files_.back().bytes();
  const std::size_t length = header_length(bytes, path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  const json header = parse_strictly(text, path, 3);
  if (!header.is_object()) fail_damaged(path, "its header is not a JSON object");

  const std::size_t data_begin = kLengthBytes + length;
  std::vector<TensorExtent> extents;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (files_.size() == 1) metadata_ = parse_metadata(value, path);
      continue;
    }
    HeaderEntry parsed = parse_entry(value, bytes.size() - data_begin, path, name);
    extents.push_back({parsed.begin, parsed.end, name});
    const Entry entry{static_cast<int>(files_.size()) - 1, std::move(parsed.dtype),
                      std::move(parsed.shape), data_begin + parsed.begin, data_begin + parsed.end};
    const auto [existing, is_new] = tensors_.emplace(name, entry);
    if (!is_new) {
      const auto& other = files_[static_cast<std::size_t>(existing->second.file)];
      fail_damaged(path, name, fmt::format("also in {}", other.path().string()));
    }
  }
  check_overlaps(path, std::move(extents));
}

bool Safetensors::contains(std::string_view name) const {
  return tensors_.find(name) != tensors_.end();
}

TensorView Safetensors::at(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    std::string looked_in;
    for (const MappedFile& file : files_) {
      looked_in += (looked_in.empty() ? "" : ", ") + file.path().string();
    }
    throw FormatError(
        fmt::format("there is no tensor '{}' in {}; the checkpoint does not fit its config.json or "
                    "lacks a file",
                    name, looked_in));
  }
  const Entry& entry = found->second;
  const MappedFile& file = files_[static_cast<std::size_t>(entry.file)];
  const auto type = parse_tensor_type(entry.dtype);
  if (!type) {
    throw FormatError(
        fmt::format("{}: tensor '{}' has dtype {}, of which Allometer makes no weights; F32, F16 "
                    "and BF16 it can",
                    file.path().string(), name, entry.dtype));
  }
  TensorView view;
  view.name = found->first;
  view.type = *type;
  view.shape = entry.shape;
  view.data = file.bytes().subspan(entry.begin, entry.end - entry.begin);
  return view;
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : tensors_) names.push_back(name);
  return names;
}

std::vector<fs::path> Safetensors::files() const {
  std::vector<fs::path> paths;
  for (const MappedFile& file : files_) paths.push_back(file.path());
  return paths;
}

void write_safetensors(const fs::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  constexpr std::size_t kBlock = 1 << 18;
  const std::string header = make_header(tensors, metadata);
  replace_file(path, [&](const fs::path& temporary) {
    FileDescriptor file = FileDescriptor::open(temporary, O_WRONLY | O_CREAT | O_EXCL, "create");
    const std::uint64_t length = header.size();
    write_all(file, std::as_bytes(std::span(&length, 1)), path);
    write_all(file, std::as_bytes(std::span(header.data(), header.size())), path);
    std::vector<std::byte> block;
    for (const TensorToWrite& tensor : tensors) {
      for (std::size_t first = 0; first < tensor.values.size(); first += kBlock) {
        const std::size_t count = std::min(kBlock, tensor.values.size() - first);
        append_converted(tensor.values.subspan(first, count), tensor.type, block);
        write_all(file, block, path);
      }
    }
    file.close(path);
  });
}

}  // namespace allometer::io
