#include "exchange/merge_columns.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::exchange {
namespace {

using io::ColumnLayout;
using io::ColumnType;

/// Rows that are read at once.
constexpr std::int64_t kBlockRows = 1 << 16;

/// Columns whose values are rows of a dimension.
const std::map<std::string, std::string, std::less<>> kIndexColumns = {
    {"variant_model_index", "model"}, {"question_task_index", "task"},
    {"cell_model_index", "model"},    {"cell_variant_index", "variant"},
    {"cell_task_index", "task"},      {"cell_needs_index", "cell"},
    {"record_cell", "cell"},          {"record_question", "question"},
    {"published_cell_index", "cell"},
};

/// A column of the merged file.
struct Column {
  ColumnLayout layout;
  std::vector<std::optional<std::string>> names;  ///< in each file
};

/// What a column is, whatever its name had to be: two metrics may have names that become one.
std::string identity_of(const ColumnLayout& layout) {
  for (const auto& [name, value] : layout.info.attributes) {
    const bool tells =
        name == "lever" || name == "metric" || name == "metric_weight" || name == "precision";
    const auto* text = std::get_if<std::string>(&value);
    if (tells && text != nullptr) return name + ": " + *text;
  }
  return "column " + layout.info.name;
}

std::vector<Column> unite_columns(const std::vector<MergeInput>& inputs) {
  std::vector<Column> columns;
  std::map<std::string, std::size_t> known;
  std::set<std::string> taken;
  for (std::size_t file = 0; file < inputs.size(); ++file) {
    for (const ColumnLayout& layout : inputs[file].layouts) {
      const auto [found, is_new] = known.try_emplace(identity_of(layout), columns.size());
      if (is_new) {
        Column column{layout, std::vector<std::optional<std::string>>(inputs.size())};
        while (!taken.insert(column.layout.info.name).second) column.layout.info.name += '_';
        columns.push_back(std::move(column));
      }
      Column& column = columns[found->second];
      column.names[file] = layout.info.name;
      const bool alike = column.layout.type == layout.type &&
                         column.layout.bare_dimension == layout.bare_dimension;
      if (alike) continue;
      throw FormatError(
          fmt::format("{}: column '{}' is of another type than in {}; build both anew with "
                      "'allometer collect'",
                      inputs[file].path.string(), layout.info.name, inputs.front().path.string()));
    }
  }
  return columns;
}

template <class T>
std::optional<T> missing_value(const ColumnLayout& layout) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string();
  } else if constexpr (std::is_same_v<T, double>) {
    return std::numeric_limits<double>::quiet_NaN();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return layout.info.has_missing ? std::optional(io::kMissingInt64) : std::nullopt;
  } else {
    return std::nullopt;
  }
}

class Writer {
 public:
  Writer(io::Hdf5Group& out, const std::vector<MergeInput>& inputs, const MergePlan& plan)
      : out_(out), inputs_(inputs), plan_(plan) {}

  void write(const Column& column) {
    const ColumnLayout& layout = column.layout;
    const std::string& name = layout.info.name;
    if (layout.dimension == "ability") return write_abilities(layout);
    const MergedRows& rows = rows_of(layout);
    if (layout.bare_dimension) return out_.add_dimension(name, rows.size(), layout.unlimited);
    if (name.ends_with("_row_start")) return write_starts(layout, rows);
    if (const auto target = kIndexColumns.find(name); target != kIndexColumns.end()) {
      return write_index(column, rows, plan_.dimensions.at(target->second));
    }
    if (name.ends_with("_index")) {
      throw FormatError(
          fmt::format("{}: column '{}' leads to other rows, and this version of Allometer "
                      "does not know to which; use the version that wrote the file",
                      inputs_.front().path.string(), name));
    }
    switch (layout.type) {
      case ColumnType::int16:
        return write_values<std::int16_t>(column, rows);
      case ColumnType::int32:
        return write_values<std::int32_t>(column, rows);
      case ColumnType::int64:
        return write_values<std::int64_t>(column, rows);
      case ColumnType::float64:
        return write_values<double>(column, rows);
      case ColumnType::text:
        return write_values<std::string>(column, rows);
    }
  }

 private:
  const MergedRows& rows_of(const ColumnLayout& layout) const {
    const auto found = plan_.dimensions.find(layout.dimension);
    if (found != plan_.dimensions.end()) return found->second;
    throw FormatError(
        fmt::format("{}: dimension '{}' is not known to this version of Allometer; use the "
                    "version that wrote the file",
                    inputs_.front().path.string(), layout.dimension));
  }

  /// Calls take(file, values) for the rows in order, some at a time.
  template <class T, class Take>
  void read(const Column& column, const MergedRows& rows, Take take) const {
    for (const RowRange& range : rows.ranges()) {
      const auto& name = column.names[range.file];
      for (std::int64_t done = 0; done < range.count; done += kBlockRows) {
        const std::int64_t count = std::min(kBlockRows, range.count - done);
        take(range.file,
             name ? inputs_[range.file].job.read_rows<T>(*name, range.begin + done, count)
                  : missing_rows<T>(column, range.file, count));
      }
    }
  }

  template <class T>
  std::vector<T> missing_rows(const Column& column, std::size_t file, std::int64_t count) const {
    const std::optional<T> missing = missing_value<T>(column.layout);
    if (missing) return std::vector<T>(static_cast<std::size_t>(count), *missing);
    throw FormatError(
        fmt::format("{}: there is no column '{}', which other files have: it is of another "
                    "version; build it anew with 'allometer collect'",
                    inputs_[file].path.string(), column.layout.info.name));
  }

  /// Columns over unlimited dimensions can be long: they are written as they are read.
  template <class T, class Change>
  void write_changed(const Column& column, const MergedRows& rows, Change change) {
    const ColumnLayout& layout = column.layout;
    if (layout.unlimited && layout.info.name != layout.dimension) {
      io::Hdf5Column sink = out_.create_column(layout.info, layout.dimension, layout.type);
      read<T>(column, rows, [&](std::size_t file, const std::vector<T>& values) {
        for (const T& value : values) sink.append(change(file, value));
      });
      return sink.finish();
    }
    std::vector<T> all;
    read<T>(column, rows, [&](std::size_t file, const std::vector<T>& values) {
      for (const T& value : values) all.push_back(change(file, value));
    });
    out_.write_column<T>(layout.info, layout.dimension, all, layout.unlimited);
  }

  template <class T>
  void write_values(const Column& column, const MergedRows& rows) {
    const std::string& name = column.layout.info.name;
    constexpr std::string_view kRowSize = "_row_size";
    if constexpr (std::is_same_v<T, std::int32_t>) {
      if (name.ends_with(kRowSize)) {
        auto& sizes = row_sizes_[name.substr(0, name.size() - kRowSize.size())];
        return write_changed<T>(column, rows, [&](std::size_t, T size) {
          sizes.push_back(size);
          return size;
        });
      }
    }
    write_changed<T>(column, rows, [](std::size_t, const T& value) { return value; });
  }

  void write_index(const Column& column, const MergedRows& rows, const MergedRows& target) {
    write_changed<std::int32_t>(column, rows, [&](std::size_t file, std::int32_t row) {
      if (row < 0) return row;  // -1: none
      const std::int32_t place = target.place(file, row);
      if (place >= 0) return place;
      throw FormatError(
          fmt::format("{}: column '{}' leads to row {}, which is not there; build the file anew "
                      "with 'allometer "
                      "collect'",
                      inputs_[file].path.string(), column.layout.info.name, row));
    });
  }

  /// Where the parts of each row begin: behind those of the row before, whose sizes stand further
  /// up.
  void write_starts(const ColumnLayout& layout, const MergedRows& rows) {
    const std::string& name = layout.info.name;
    const std::string dimension = name.substr(0, name.find("_row_start"));
    const auto sizes = row_sizes_.find(dimension);
    if (sizes == row_sizes_.end() ||
        static_cast<std::int64_t>(sizes->second.size()) != rows.size()) {
      throw FormatError(fmt::format("{}: there is no '{}_row_size' before '{}'",
                                    inputs_.front().path.string(), dimension, name));
    }
    std::vector<std::int64_t> starts;
    std::int64_t next = 0;
    for (const std::int32_t size : sizes->second) {
      starts.push_back(next);
      next += size;
    }
    out_.write_column<std::int64_t>(layout.info, layout.dimension, starts, layout.unlimited);
  }

  /// The abilities of all tasks, in the order of their names, with the numbers of their tasks.
  void write_abilities(const ColumnLayout& layout) {
    std::map<std::string, std::int32_t> tasks;
    for (const RowRange& range : plan_.dimensions.at("task").ranges()) {
      for (const std::string& ability : inputs_[range.file].job.read_rows<std::string>(
               "task_ability", range.begin, range.count)) {
        ++tasks[ability];
      }
    }
    std::vector<std::string> names;
    std::vector<std::int32_t> counts;
    for (const auto& [name, count] : tasks) {
      names.push_back(name);
      counts.push_back(count);
    }
    if (layout.type == ColumnType::text) {
      out_.write_column<std::string>(layout.info, layout.dimension, names, layout.unlimited);
    } else {
      out_.write_column<std::int32_t>(layout.info, layout.dimension, counts, layout.unlimited);
    }
  }

  io::Hdf5Group& out_;
  const std::vector<MergeInput>& inputs_;
  const MergePlan& plan_;
  std::map<std::string, std::vector<std::int32_t>> row_sizes_;  ///< by the ragged dimension
};

}  // namespace

void write_merged_columns(io::Hdf5Group& out, const std::vector<MergeInput>& inputs,
                          const MergePlan& plan) {
  Writer writer(out, inputs, plan);
  for (const Column& column : unite_columns(inputs)) writer.write(column);
}

}  // namespace allometer::exchange
