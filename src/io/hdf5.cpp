#include "io/hdf5.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include <fmt/format.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "io/detail/hdf5_handle.hpp"

namespace allometer::io {
namespace {

namespace fs = std::filesystem;
using detail::check;
using detail::checked;
using detail::Handle;

/// 128 KiB of doubles: whole chunks are written, so this is what a growing column holds in memory.
constexpr hsize_t kNumberChunkRows = 16384;
constexpr hsize_t kTextChunkRows = 1024;
constexpr unsigned kGzipLevel = 4;
constexpr unsigned kCreationOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
constexpr std::string_view kNoCoordinates = "This is a netCDF dimension but not a netCDF variable.";

template <class T>
constexpr ColumnType column_type() {
  if constexpr (std::is_same_v<T, std::int16_t>) return ColumnType::int16;
  if constexpr (std::is_same_v<T, std::int32_t>) return ColumnType::int32;
  if constexpr (std::is_same_v<T, std::int64_t>) return ColumnType::int64;
  if constexpr (std::is_same_v<T, double>) return ColumnType::float64;
  return ColumnType::text;
}

hid_t memory_type(ColumnType type) {
  switch (type) {
    case ColumnType::int16:
      return H5T_NATIVE_INT16;
    case ColumnType::int32:
      return H5T_NATIVE_INT32;
    case ColumnType::int64:
      return H5T_NATIVE_INT64;
    case ColumnType::float64:
      return H5T_NATIVE_DOUBLE;
    case ColumnType::text:
      break;
  }
  return H5I_INVALID_HID;
}

Handle text_type(const fs::path& file) {
  Handle type = checked(H5Tcopy(H5T_C_S1), H5Tclose, "make a text type", file);
  check(H5Tset_size(type.get(), H5T_VARIABLE), "make a text type", file);
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "make a text type", file);
  return type;
}

/// A copy of the type that a column has in the file and in memory; both are little-endian here.
Handle make_type(ColumnType type, const fs::path& file) {
  if (type == ColumnType::text) return text_type(file);
  return checked(H5Tcopy(memory_type(type)), H5Tclose, "make a number type", file);
}

std::string dimension_name_text(std::int64_t size) {
  return fmt::format("{}{:10d}", kNoCoordinates, size);
}

void write_attribute(hid_t object, const std::string& name, const AttributeValue& value,
                     const fs::path& file) {
  const std::string action = fmt::format("write attribute '{}'", name);
  const auto write = [&](const Handle& type, const Handle& space, const void* data) {
    const Handle attribute =
        checked(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose, action, file);
    check(H5Awrite(attribute.get(), type.get(), data), action, file);
  };
  const auto scalar = [&] { return checked(H5Screate(H5S_SCALAR), H5Sclose, action, file); };
  if (H5Aexists(object, name.c_str()) > 0) check(H5Adelete(object, name.c_str()), action, file);
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) {
          const char* const text = held.c_str();
          write(text_type(file), scalar(), &text);
        } else if constexpr (std::is_same_v<T, std::vector<std::int16_t>>) {
          const hsize_t size = held.size();
          const Handle space = checked(H5Screate_simple(1, &size, nullptr), H5Sclose, action, file);
          write(make_type(ColumnType::int16, file), space, held.data());
        } else {
          write(make_type(column_type<T>(), file), scalar(), &held);
        }
      },
      value);
}

std::optional<std::string> read_text_attribute(hid_t object, const std::string& name,
                                               const fs::path& file) {
  const std::string action = fmt::format("read attribute '{}'", name);
  if (H5Aexists(object, name.c_str()) <= 0) return std::nullopt;
  const Handle attribute =
      checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, action, file);
  const Handle stored = checked(H5Aget_type(attribute.get()), H5Tclose, action, file);
  const Handle space = checked(H5Aget_space(attribute.get()), H5Sclose, action, file);
  if (H5Tis_variable_str(stored.get()) <= 0 || H5Sget_simple_extent_npoints(space.get()) != 1) {
    return std::nullopt;
  }
  const Handle type = text_type(file);
  char* text = nullptr;
  check(H5Aread(attribute.get(), type.get(), &text), action, file);
  std::string result = text ? text : "";
  H5free_memory(text);
  return result;
}

/// The type of a column or attribute; nothing for one that is never written here.
std::optional<ColumnType> stored_type(hid_t type) {
  if (H5Tis_variable_str(type) > 0) return ColumnType::text;
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) == H5T_FLOAT && size == 8) return ColumnType::float64;
  if (H5Tget_class(type) != H5T_INTEGER) return std::nullopt;
  if (size == 2) return ColumnType::int16;
  if (size == 4) return ColumnType::int32;
  if (size == 8) return ColumnType::int64;
  return std::nullopt;
}

/// A number or a list of int16; nothing for any other attribute.
std::optional<AttributeValue> read_number_attribute(hid_t object, const std::string& name,
                                                    const fs::path& file) {
  const std::string action = fmt::format("read attribute '{}'", name);
  const Handle attribute =
      checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, action, file);
  const Handle stored = checked(H5Aget_type(attribute.get()), H5Tclose, action, file);
  const Handle space = checked(H5Aget_space(attribute.get()), H5Sclose, action, file);
  const auto type = stored_type(stored.get());
  const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get()));
  if (!type || *type == ColumnType::text) return std::nullopt;
  const Handle memory = make_type(*type, file);
  const auto read = [&](void* data) {
    check(H5Aread(attribute.get(), memory.get(), data), action, file);
  };
  if (H5Sget_simple_extent_type(space.get()) != H5S_SCALAR) {
    if (*type != ColumnType::int16) return std::nullopt;
    std::vector<std::int16_t> values(count);
    read(values.data());
    return values;
  }
  const auto scalar = [&](auto value) {
    read(&value);
    return AttributeValue(value);
  };
  switch (*type) {
    case ColumnType::int16:
      return scalar(std::int16_t{});
    case ColumnType::int32:
      return scalar(std::int32_t{});
    case ColumnType::int64:
      return scalar(std::int64_t{});
    default:
      return scalar(double{});
  }
}

herr_t add_attribute_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

/// The name, within its group, of the scale that is attached to the one axis of a column.
herr_t take_scale_name(hid_t, unsigned, hid_t scale, void* name) {
  std::string path(static_cast<std::size_t>(H5Iget_name(scale, nullptr, 0)) + 1, '\0');
  H5Iget_name(scale, path.data(), path.size());
  path.pop_back();
  *static_cast<std::string*>(name) = path.substr(path.find_last_of('/') + 1);
  return 1;
}

/// What create_column writes of its ColumnInfo.
ColumnInfo read_info(hid_t dataset, const std::string& name, const fs::path& file) {
  ColumnInfo info{name, read_text_attribute(dataset, "long_name", file).value_or("")};
  info.units = read_text_attribute(dataset, "units", file).value_or("1");
  info.has_missing = H5Aexists(dataset, "_FillValue") > 0;
  std::vector<std::string> names;
  hsize_t index = 0;
  check(H5Aiterate2(dataset, H5_INDEX_CRT_ORDER, H5_ITER_INC, &index, add_attribute_name, &names),
        "list the attributes of '" + name + "'", file);
  constexpr std::array<std::string_view, 7> kKnown = {
      "long_name", "units", "_FillValue", "CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"};
  for (const std::string& attribute : names) {
    if (std::find(kKnown.begin(), kKnown.end(), attribute) != kKnown.end()) continue;
    if (auto text = read_text_attribute(dataset, attribute, file)) {
      info.attributes.emplace_back(attribute, *std::move(text));
    } else if (auto number = read_number_attribute(dataset, attribute, file)) {
      info.attributes.emplace_back(attribute, *std::move(number));
    }
  }
  return info;
}

void set_fill(hid_t properties, ColumnType type, const fs::path& file) {
  const auto set = [&](auto value) {
    check(H5Pset_fill_value(properties, memory_type(type), &value), "set a fill value", file);
  };
  switch (type) {
    case ColumnType::int16:
      return set(kMissingInt16);
    case ColumnType::int32:
      return set(kMissingInt32);
    case ColumnType::int64:
      return set(kMissingInt64);
    case ColumnType::float64:
      return set(std::numeric_limits<double>::quiet_NaN());
    case ColumnType::text:
      return;
  }
}

AttributeValue fill_attribute(ColumnType type) {
  switch (type) {
    case ColumnType::int16:
      return kMissingInt16;
    case ColumnType::int32:
      return kMissingInt32;
    case ColumnType::int64:
      return kMissingInt64;
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

/// Creation properties shared by columns and scales: attribute order kept, no time stamps (equal
/// input, equal file).
Handle dataset_properties(const fs::path& file) {
  Handle properties = checked(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "set up a column", file);
  check(H5Pset_attr_creation_order(properties.get(), kCreationOrder), "set up a column", file);
  check(H5Pset_obj_track_times(properties.get(), false), "set up a column", file);
  return properties;
}

Handle make_space(hsize_t size, bool unlimited, const fs::path& file) {
  const hsize_t maximum = unlimited ? H5S_UNLIMITED : size;
  return checked(H5Screate_simple(1, &size, &maximum), H5Sclose, "set up a dimension", file);
}

Handle create_dataset(hid_t group, const std::string& name, ColumnType type, hsize_t size,
                      bool unlimited, const fs::path& file) {
  const std::string action = fmt::format("create column '{}'", name);
  const Handle properties = dataset_properties(file);
  const hsize_t most = type == ColumnType::text ? kTextChunkRows : kNumberChunkRows;
  const hsize_t chunk = unlimited && size == 0 ? most : std::clamp<hsize_t>(size, 1, most);
  check(H5Pset_chunk(properties.get(), 1, &chunk), action, file);
  // Filtered text columns vanish in netCDF readers.
  if (type != ColumnType::text) {
    check(H5Pset_shuffle(properties.get()), action, file);
    check(H5Pset_deflate(properties.get(), kGzipLevel), action, file);
    set_fill(properties.get(), type, file);
  }
  const Handle access = checked(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, action, file);
  // Whole chunks pass through; the default cache of 1 MiB a column would only cost memory.
  check(H5Pset_chunk_cache(access.get(), 101, std::size_t{1} << 18, 1.0), action, file);
  const Handle space = make_space(size, unlimited, file);
  const Handle file_type = make_type(type, file);
  return checked(H5Dcreate2(group, name.c_str(), file_type.get(), space.get(), H5P_DEFAULT,
                            properties.get(), access.get()),
                 H5Dclose, action, file);
}

/// Writes `count` rows from `begin`; `data` is in the memory type of the column.
void write_rows(const Handle& dataset, ColumnType type, hsize_t begin, hsize_t count,
                const void* data, const std::string& action, const fs::path& file) {
  const Handle file_space = checked(H5Dget_space(dataset.get()), H5Sclose, action, file);
  check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr),
        action, file);
  const Handle rows = checked(H5Screate_simple(1, &count, nullptr), H5Sclose, action, file);
  const Handle memory = make_type(type, file);
  check(H5Dwrite(dataset.get(), memory.get(), rows.get(), file_space.get(), H5P_DEFAULT, data),
        action, file);
}

/// HDF5 ends a text at its first NUL; U+FFFD stands for those.
std::string without_nul(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\0') {
      result += "\xEF\xBF\xBD";
    } else {
      result += c;
    }
  }
  return result;
}

void write_texts(const Handle& dataset, hsize_t begin, std::span<const std::string> texts,
                 const std::string& action, const fs::path& file) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  write_rows(dataset, ColumnType::text, begin, texts.size(), pointers.data(), action, file);
}

herr_t add_link_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

struct Hdf5Group::Impl {
  fs::path file;
  std::string path;  ///< "/" or "/job/table"
  Handle id;

  std::string describe(const std::string& name) const {
    return path == "/" ? "/" + name : path + "/" + name;
  }
  Handle open_dataset(const std::string& name) const;
  Handle create_column(const ColumnInfo& info, const std::string& dimension, ColumnType type,
                       hsize_t size, bool unlimited);
  std::vector<std::string> names(H5I_type_t kind) const;
};

struct Hdf5Column::Impl {
  fs::path file;
  std::string name;
  ColumnType type = ColumnType::int32;
  Handle dataset;
  hsize_t written = 0;
  std::vector<std::int16_t> int16;
  std::vector<std::int32_t> int32;
  std::vector<std::int64_t> int64;
  std::vector<double> float64;
  std::vector<std::string> text;

  template <class T>
  void add(std::vector<T>& gathered, T value) {
    ALLOMETER_EXPECT(type == column_type<T>());
    gathered.push_back(std::move(value));
    if (gathered.size() == (type == ColumnType::text ? kTextChunkRows : kNumberChunkRows)) flush();
  }
  std::size_t gathered() const {
    return int16.size() + int32.size() + int64.size() + float64.size() + text.size();
  }
  void flush();
};

struct Hdf5File::Impl {
  fs::path path;
  Handle id;
};

// --- columns that grow

void Hdf5Column::Impl::flush() {
  const hsize_t count = gathered();
  if (count == 0) return;
  const std::string action = fmt::format("write column '{}'", name);
  const hsize_t size = written + count;
  check(H5Dset_extent(dataset.get(), &size), action, file);
  if (type == ColumnType::text) {
    write_texts(dataset, written, text, action, file);
  } else {
    const void* data = type == ColumnType::int16   ? static_cast<const void*>(int16.data())
                       : type == ColumnType::int32 ? static_cast<const void*>(int32.data())
                       : type == ColumnType::int64 ? static_cast<const void*>(int64.data())
                                                   : static_cast<const void*>(float64.data());
    write_rows(dataset, type, written, count, data, action, file);
  }
  written = size;
  int16.clear();
  int32.clear();
  int64.clear();
  float64.clear();
  text.clear();
}

Hdf5Column::Hdf5Column(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hdf5Column::~Hdf5Column() = default;
Hdf5Column::Hdf5Column(Hdf5Column&&) noexcept = default;
Hdf5Column& Hdf5Column::operator=(Hdf5Column&&) noexcept = default;

void Hdf5Column::append(std::int16_t value) {
  impl_->add(impl_->int16, value);
}
void Hdf5Column::append(std::int32_t value) {
  impl_->add(impl_->int32, value);
}
void Hdf5Column::append(std::int64_t value) {
  impl_->add(impl_->int64, value);
}
void Hdf5Column::append(double value) {
  impl_->add(impl_->float64, value);
}
void Hdf5Column::append(std::string_view value) {
  impl_->add(impl_->text, without_nul(value));
}
std::int64_t Hdf5Column::size() const {
  return static_cast<std::int64_t>(impl_->written + impl_->gathered());
}
void Hdf5Column::finish() {
  impl_->flush();
}

// --- groups

Handle Hdf5Group::Impl::open_dataset(const std::string& name) const {
  if (H5Lexists(id.get(), name.c_str(), H5P_DEFAULT) <= 0) {
    throw FormatError(fmt::format(
        "{}: there is no column '{}'; the file was not written by this version of Allometer",
        file.string(), describe(name)));
  }
  return checked(H5Dopen2(id.get(), name.c_str(), H5P_DEFAULT), H5Dclose,
                 fmt::format("open column '{}'", describe(name)), file);
}

Handle Hdf5Group::Impl::create_column(const ColumnInfo& info, const std::string& dimension,
                                      ColumnType type, hsize_t size, bool unlimited) {
  Handle dataset = create_dataset(id.get(), info.name, type, size, unlimited || size == 0, file);
  const std::string action = fmt::format("describe column '{}'", describe(info.name));
  write_attribute(dataset.get(), "long_name", info.long_name, file);
  if (type != ColumnType::text) write_attribute(dataset.get(), "units", info.units, file);
  if (info.has_missing && type != ColumnType::text) {
    write_attribute(dataset.get(), "_FillValue", fill_attribute(type), file);
  }
  for (const auto& [name, value] : info.attributes) {
    write_attribute(dataset.get(), name, value, file);
  }
  if (info.name == dimension) {
    check(H5DSset_scale(dataset.get(), dimension.c_str()), action, file);
  } else {
    const Handle scale = open_dataset(dimension);
    check(H5DSattach_scale(dataset.get(), scale.get(), 0), action, file);
  }
  return dataset;
}

std::vector<std::string> Hdf5Group::Impl::names(H5I_type_t kind) const {
  std::vector<std::string> all;
  hsize_t index = 0;
  check(H5Literate(id.get(), H5_INDEX_CRT_ORDER, H5_ITER_INC, &index, add_link_name, &all),
        "list " + path, file);
  std::vector<std::string> result;
  for (const std::string& name : all) {
    const Handle object = checked(H5Oopen(id.get(), name.c_str(), H5P_DEFAULT), H5Oclose,
                                  fmt::format("open '{}'", describe(name)), file);
    if (H5Iget_type(object.get()) == kind) result.push_back(name);
  }
  return result;
}

Hdf5Group::Hdf5Group(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Hdf5Group Hdf5Group::create_group(const std::string& name) {
  const std::string action = fmt::format("create group '{}'", impl_->describe(name));
  const Handle properties = checked(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, action, impl_->file);
  check(H5Pset_link_creation_order(properties.get(), kCreationOrder), action, impl_->file);
  check(H5Pset_attr_creation_order(properties.get(), kCreationOrder), action, impl_->file);
  check(H5Pset_obj_track_times(properties.get(), false), action, impl_->file);
  auto child = std::make_shared<Impl>();
  child->file = impl_->file;
  child->path = impl_->describe(name);
  child->id =
      checked(H5Gcreate2(impl_->id.get(), name.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
              H5Gclose, action, impl_->file);
  return Hdf5Group(std::move(child));
}

Hdf5Group Hdf5Group::open_group(const std::string& name) const {
  if (!has(name)) {
    throw FormatError(
        fmt::format("{}: there is no group '{}'", impl_->file.string(), impl_->describe(name)));
  }
  auto child = std::make_shared<Impl>();
  child->file = impl_->file;
  child->path = impl_->describe(name);
  child->id = checked(H5Gopen2(impl_->id.get(), name.c_str(), H5P_DEFAULT), H5Gclose,
                      fmt::format("open group '{}'", child->path), impl_->file);
  return Hdf5Group(std::move(child));
}

bool Hdf5Group::has(const std::string& name) const {
  return H5Lexists(impl_->id.get(), name.c_str(), H5P_DEFAULT) > 0;
}

void Hdf5Group::remove(const std::string& name) {
  check(H5Ldelete(impl_->id.get(), name.c_str(), H5P_DEFAULT),
        fmt::format("remove '{}'", impl_->describe(name)), impl_->file);
}

std::vector<std::string> Hdf5Group::group_names() const {
  return impl_->names(H5I_GROUP);
}
std::vector<std::string> Hdf5Group::column_names() const {
  return impl_->names(H5I_DATASET);
}

void Hdf5Group::set_attribute(const std::string& name, const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return write_attribute(impl_->id.get(), name, without_nul(*text), impl_->file);
  }
  write_attribute(impl_->id.get(), name, value, impl_->file);
}

std::string Hdf5Group::text_attribute(const std::string& name) const {
  auto text = find_text_attribute(name);
  if (!text) {
    throw FormatError(
        fmt::format("{}: there is no text attribute '{}' in '{}'; the file was not written by this "
                    "version of Allometer",
                    impl_->file.string(), name, impl_->path));
  }
  return *text;
}

std::optional<std::string> Hdf5Group::find_text_attribute(const std::string& name) const {
  return read_text_attribute(impl_->id.get(), name, impl_->file);
}

std::optional<std::int64_t> Hdf5Group::integer_attribute(const std::string& name) const {
  if (H5Aexists(impl_->id.get(), name.c_str()) <= 0) return std::nullopt;
  const auto value = read_number_attribute(impl_->id.get(), name, impl_->file);
  const auto* integer = value ? std::get_if<std::int64_t>(&*value) : nullptr;
  return integer ? std::optional(*integer) : std::nullopt;
}

ColumnLayout Hdf5Group::column_layout(const std::string& name) const {
  const std::string action = fmt::format("look at column '{}'", impl_->describe(name));
  const Handle dataset = impl_->open_dataset(name);
  const Handle space = checked(H5Dget_space(dataset.get()), H5Sclose, action, impl_->file);
  const Handle stored = checked(H5Dget_type(dataset.get()), H5Tclose, action, impl_->file);
  const auto fail = [&](const char* problem) {
    throw FormatError(fmt::format("{}: column '{}' {}; the file was not written by Allometer",
                                  impl_->file.string(), impl_->describe(name), problem));
  };
  hsize_t size = 0;
  hsize_t most = 0;
  if (H5Sget_simple_extent_ndims(space.get()) != 1) fail("is not one-dimensional");
  H5Sget_simple_extent_dims(space.get(), &size, &most);
  ColumnLayout layout;
  layout.size = static_cast<std::int64_t>(size);
  layout.unlimited = most == H5S_UNLIMITED;
  layout.dimension = name;
  if (H5DSis_scale(dataset.get()) > 0) {
    std::array<char, 128> label{};
    H5DSget_scale_name(dataset.get(), label.data(), label.size());
    layout.bare_dimension = std::string_view(label.data()).starts_with(kNoCoordinates);
    layout.info.name = name;
    if (layout.bare_dimension) return layout;
  } else if (H5DSiterate_scales(dataset.get(), 0, nullptr, take_scale_name, &layout.dimension) <=
             0) {
    fail("has no dimension");
  }
  const auto type = stored_type(stored.get());
  if (!type) fail("has a type that is not written here");
  layout.type = *type;
  layout.info = read_info(dataset.get(), name, impl_->file);
  return layout;
}

std::optional<std::string> Hdf5Group::column_text_attribute(const std::string& column,
                                                            const std::string& name) const {
  return read_text_attribute(impl_->open_dataset(column).get(), name, impl_->file);
}

void Hdf5Group::add_dimension(const std::string& name, std::int64_t size, bool unlimited) {
  const std::string action = fmt::format("create dimension '{}'", impl_->describe(name));
  const Handle properties = dataset_properties(impl_->file);
  unlimited = unlimited || size == 0;
  const hsize_t chunk = kNumberChunkRows;
  if (unlimited) check(H5Pset_chunk(properties.get(), 1, &chunk), action, impl_->file);
  const Handle space = make_space(static_cast<hsize_t>(size), unlimited, impl_->file);
  const Handle scale = checked(H5Dcreate2(impl_->id.get(), name.c_str(), H5T_IEEE_F32BE,
                                          space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
                               H5Dclose, action, impl_->file);
  check(H5DSset_scale(scale.get(), dimension_name_text(size).c_str()), action, impl_->file);
}

void Hdf5Group::resize_dimension(const std::string& name, std::int64_t size) {
  const std::string action = fmt::format("resize dimension '{}'", impl_->describe(name));
  const Handle scale = impl_->open_dataset(name);
  const auto extent = static_cast<hsize_t>(size);
  check(H5Dset_extent(scale.get(), &extent), action, impl_->file);
  check(H5LTset_attribute_string(impl_->id.get(), name.c_str(), "NAME",
                                 dimension_name_text(size).c_str()),
        action, impl_->file);
}

template <class T>
void Hdf5Group::write_column(const ColumnInfo& info, const std::string& dimension,
                             std::span<const T> values, bool unlimited) {
  const Handle dataset =
      impl_->create_column(info, dimension, column_type<T>(), values.size(), unlimited);
  if (values.empty()) return;
  const std::string action = fmt::format("write column '{}'", impl_->describe(info.name));
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<std::string> block;
    for (std::size_t first = 0; first < values.size(); first += kTextChunkRows) {
      block.clear();
      const std::size_t count = std::min<std::size_t>(kTextChunkRows, values.size() - first);
      for (const std::string& text : values.subspan(first, count)) {
        block.push_back(without_nul(text));
      }
      write_texts(dataset, first, block, action, impl_->file);
    }
  } else {
    write_rows(dataset, column_type<T>(), 0, values.size(), values.data(), action, impl_->file);
  }
}

Hdf5Column Hdf5Group::create_column(const ColumnInfo& info, const std::string& dimension,
                                    ColumnType type) {
  auto column = std::make_unique<Hdf5Column::Impl>();
  column->file = impl_->file;
  column->name = impl_->describe(info.name);
  column->type = type;
  column->dataset = impl_->create_column(info, dimension, type, 0, true);
  return Hdf5Column(std::move(column));
}

namespace {

/// Rows in a one-dimensional dataset.
std::int64_t num_rows(const Handle& dataset, const std::string& name, const fs::path& file) {
  const Handle space =
      checked(H5Dget_space(dataset.get()), H5Sclose, "look at column '" + name + "'", file);
  if (H5Sget_simple_extent_ndims(space.get()) != 1) {
    throw FormatError(fmt::format("{}: column '{}' is not one-dimensional", file.string(), name));
  }
  return H5Sget_simple_extent_npoints(space.get());
}

template <class T>
std::vector<T> read_rows_of(const Handle& dataset, const std::string& name, std::int64_t begin,
                            std::int64_t count, const fs::path& file) {
  const std::string action = fmt::format("read column '{}'", name);
  if (begin < 0 || count < 0 || begin > num_rows(dataset, name, file) - count) {
    throw FormatError(
        fmt::format("{}: column '{}' ends before row {}", file.string(), name, begin + count));
  }
  const Handle stored = checked(H5Dget_type(dataset.get()), H5Tclose, action, file);
  const bool is_text = H5Tis_variable_str(stored.get()) > 0;
  if (is_text != std::is_same_v<T, std::string>) {
    throw FormatError(fmt::format("{}: column '{}' should hold {}", file.string(), name,
                                  is_text ? "numbers" : "texts"));
  }
  std::vector<T> values(static_cast<std::size_t>(count));
  if (count == 0) return values;
  const auto first = static_cast<hsize_t>(begin);
  const auto rows = static_cast<hsize_t>(count);
  const Handle file_space = checked(H5Dget_space(dataset.get()), H5Sclose, action, file);
  check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &first, nullptr, &rows, nullptr),
        action, file);
  const Handle space = checked(H5Screate_simple(1, &rows, nullptr), H5Sclose, action, file);
  const Handle type = make_type(column_type<T>(), file);
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<char*> pointers(values.size(), nullptr);
    check(H5Dread(dataset.get(), type.get(), space.get(), file_space.get(), H5P_DEFAULT,
                  pointers.data()),
          action, file);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = pointers[i] ? pointers[i] : "";
    H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
  } else {
    check(H5Dread(dataset.get(), type.get(), space.get(), file_space.get(), H5P_DEFAULT,
                  values.data()),
          action, file);
  }
  return values;
}

}  // namespace

template <class T>
std::vector<T> Hdf5Group::read_column(const std::string& name) const {
  const Handle dataset = impl_->open_dataset(name);
  const std::string full_name = impl_->describe(name);
  return read_rows_of<T>(dataset, full_name, 0, io::num_rows(dataset, full_name, impl_->file),
                         impl_->file);
}

std::int64_t Hdf5Group::num_rows(const std::string& name) const {
  return io::num_rows(impl_->open_dataset(name), impl_->describe(name), impl_->file);
}

template <class T>
std::vector<T> Hdf5Group::read_rows(const std::string& name, std::int64_t begin,
                                    std::int64_t count) const {
  return read_rows_of<T>(impl_->open_dataset(name), impl_->describe(name), begin, count,
                         impl_->file);
}

#define ALLOMETER_INSTANTIATE(T)                                                                  \
  template void Hdf5Group::write_column<T>(const ColumnInfo&, const std::string&,                 \
                                           std::span<const T>, bool);                             \
  template std::vector<T> Hdf5Group::read_column<T>(const std::string&) const;                    \
  template std::vector<T> Hdf5Group::read_rows<T>(const std::string&, std::int64_t, std::int64_t) \
      const;
ALLOMETER_INSTANTIATE(std::int16_t)
ALLOMETER_INSTANTIATE(std::int32_t)
ALLOMETER_INSTANTIATE(std::int64_t)
ALLOMETER_INSTANTIATE(double)
ALLOMETER_INSTANTIATE(std::string)
#undef ALLOMETER_INSTANTIATE

// --- files

namespace {

Handle access_properties(const fs::path& path) {
  Handle access = checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "set up the file", path);
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "set up the file", path);
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
  // Lock where the file system can, go on where it cannot (some NFS, DVS and Lustre mounts).
  check(H5Pset_file_locking(access.get(), true, true), "set up the file", path);
#endif
  return access;
}

}  // namespace

Hdf5File::Hdf5File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hdf5File::~Hdf5File() = default;
Hdf5File::Hdf5File(Hdf5File&&) noexcept = default;
Hdf5File& Hdf5File::operator=(Hdf5File&&) noexcept = default;

Hdf5File Hdf5File::create(const fs::path& path, const fs::path& name) {
  detail::prepare_library();
  const Handle access = access_properties(path);
  check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), "set up the file",
        path);
  const Handle creation = checked(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "set up the file", path);
  check(H5Pset_link_creation_order(creation.get(), kCreationOrder), "set up the file", path);
  check(H5Pset_attr_creation_order(creation.get(), kCreationOrder), "set up the file", path);
  check(H5Pset_obj_track_times(creation.get(), false), "set up the file", path);
  auto impl = std::make_unique<Impl>();
  impl->path = name.empty() ? path : name;
  impl->id = checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose,
                     "create the file", impl->path);
  return Hdf5File(std::move(impl));
}

Hdf5File Hdf5File::open(const fs::path& path, Mode mode, const fs::path& name) {
  detail::prepare_library();
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    throw IoError(fmt::format("cannot read {}: {}", path.string(),
                              error ? error.message() : "it is not a file"));
  }
  if (H5Fis_hdf5(path.c_str()) == 0) {
    throw FormatError(path.string() +
                      ": not an HDF5 file, or cut short; build it anew with "
                      "'allometer collect'");
  }
  const Handle access = access_properties(path);
  auto impl = std::make_unique<Impl>();
  impl->path = name.empty() ? path : name;
  impl->id = checked(
      H5Fopen(path.c_str(), mode == Mode::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR, access.get()),
      H5Fclose, "open the file", impl->path);
  return Hdf5File(std::move(impl));
}

Hdf5Group Hdf5File::root() const {
  auto group = std::make_shared<Hdf5Group::Impl>();
  group->file = impl_->path;
  group->path = "/";
  group->id =
      checked(H5Gopen2(impl_->id.get(), "/", H5P_DEFAULT), H5Gclose, "open the root", impl_->path);
  return Hdf5Group(std::move(group));
}

void Hdf5File::close() {
  if (impl_->id.get() < 0) return;
  check(H5Fflush(impl_->id.get(), H5F_SCOPE_GLOBAL), "write the end", impl_->path);
  check(H5Fclose(impl_->id.release()), "close the file", impl_->path);
}

}  // namespace allometer::io
