#pragma once
/// HDF5 files of one-dimensional columns over named dimensions, laid out so that every netCDF tool
/// opens them (docs/results_schema.md says how and why). Not thread-safe: one thread of a process
/// uses HDF5.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace allometer::io {

enum class ColumnType { int16, int32, int64, float64, text };

/// Text attributes are scalar variable-length UTF-8; numbers have the type that they have here.
using AttributeValue = std::variant<std::string, double, std::int16_t, std::int32_t, std::int64_t,
                                    std::vector<std::int16_t>>;

struct ColumnInfo {
  std::string name;
  std::string long_name;
  std::string units = "1";  ///< not written for text
  std::vector<std::pair<std::string, AttributeValue>> attributes = {};
  /// Write _FillValue: NaN for float64, netCDF's own for integers. Readers turn integers with it
  /// into floats, so an integer column that always has a value (an index, a count, a flag) goes
  /// without.
  bool has_missing = false;
};

/// What stands where an integer is missing: netCDF's defaults.
inline constexpr std::int16_t kMissingInt16 = -32767;
inline constexpr std::int32_t kMissingInt32 = -2147483647;
inline constexpr std::int64_t kMissingInt64 = -9223372036854775806;

/// A dataset of a group, as its file describes it.
struct ColumnLayout {
  ColumnInfo info;  ///< with every attribute that create_column would write again
  ColumnType type = ColumnType::int32;
  std::string dimension;  ///< its own name if it is a dimension
  std::int64_t size = 0;
  bool unlimited = false;
  bool bare_dimension = false;  ///< a dimension without coordinates: nothing can be read from it
};

/// A column that grows: rows are gathered and written a chunk at a time.
class Hdf5Column {
 public:
  ~Hdf5Column();
  Hdf5Column(Hdf5Column&&) noexcept;
  Hdf5Column& operator=(Hdf5Column&&) noexcept;

  /// One of these, by the column's type; any other is a contract violation. Throws IoError.
  void append(std::int16_t value);
  void append(std::int32_t value);
  void append(std::int64_t value);
  void append(double value);
  void append(std::string_view value);

  /// Rows appended so far.
  std::int64_t size() const;
  /// Writes what is gathered. Call once after the last append: a destructor could not tell of a
  /// full disk.
  void finish();

 private:
  friend class Hdf5Group;
  struct Impl;
  explicit Hdf5Column(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Hdf5Group {
 public:
  /// New group; throws IoError if there is one of this name.
  Hdf5Group create_group(const std::string& name);
  /// Throws FormatError naming file and group if there is none.
  Hdf5Group open_group(const std::string& name) const;
  bool has(const std::string& name) const;
  void remove(const std::string& name);
  /// In the order of creation.
  std::vector<std::string> group_names() const;
  std::vector<std::string> column_names() const;

  void set_attribute(const std::string& name, const AttributeValue& value);
  /// Throws FormatError naming file and attribute if it is not there or not text.
  std::string text_attribute(const std::string& name) const;
  /// Nothing if there is none of this name or it is not text.
  std::optional<std::string> find_text_attribute(const std::string& name) const;
  /// Nothing if there is none of this name or it is no integer.
  std::optional<std::int64_t> integer_attribute(const std::string& name) const;
  /// Throws FormatError naming file and column for what create_column does not write.
  ColumnLayout column_layout(const std::string& name) const;
  /// Of a column; nothing if it has none of this name.
  std::optional<std::string> column_text_attribute(const std::string& column,
                                                   const std::string& name) const;

  /// A dimension without coordinates. A size of 0 makes it unlimited, since HDF5 cannot chunk
  /// nothing.
  void add_dimension(const std::string& name, std::int64_t size, bool unlimited = false);
  /// Sets the final size of an unlimited dimension.
  void resize_dimension(const std::string& name, std::int64_t size);

  /// Writes a whole column. If its name is that of no dimension yet and equals `dimension`, it
  /// becomes that dimension's coordinates. T: int16, int32, int64, double or std::string.
  template <class T>
  void write_column(const ColumnInfo& info, const std::string& dimension, std::span<const T> values,
                    bool unlimited = false);
  template <class T>
  void write_column(const ColumnInfo& info, const std::string& dimension,
                    const std::vector<T>& values, bool unlimited = false) {
    write_column<T>(info, dimension, std::span<const T>(values), unlimited);
  }
  /// An empty column over an unlimited dimension that grows by append().
  Hdf5Column create_column(const ColumnInfo& info, const std::string& dimension, ColumnType type);

  /// Throws FormatError naming file and column unless it is there, one-dimensional and convertible
  /// to T.
  template <class T>
  std::vector<T> read_column(const std::string& name) const;
  /// Throws FormatError unless the column is there and one-dimensional.
  std::int64_t num_rows(const std::string& name) const;
  /// Rows [begin, begin + count).
  template <class T>
  std::vector<T> read_rows(const std::string& name, std::int64_t begin, std::int64_t count) const;

 private:
  friend class Hdf5File;
  struct Impl;
  explicit Hdf5Group(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

class Hdf5File {
 public:
  enum class Mode { read, extend };

  /// Creates `path` anew, readable by HDF5 1.8 and later. Throws IoError. `name`, if given, stands
  /// in messages instead of the path: the file that a temporary one is to replace.
  static Hdf5File create(const std::filesystem::path& path, const std::filesystem::path& name = {});
  /// Throws IoError, or FormatError if it is no HDF5 file.
  static Hdf5File open(const std::filesystem::path& path, Mode mode,
                       const std::filesystem::path& name = {});
  ~Hdf5File();
  Hdf5File(Hdf5File&&) noexcept;
  Hdf5File& operator=(Hdf5File&&) noexcept;

  Hdf5Group root() const;
  /// Writes everything and closes; throws IoError when that fails. All groups and columns must be
  /// gone by then.
  void close();

 private:
  struct Impl;
  explicit Hdf5File(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace allometer::io
