#include "tasks/dataset.hpp"

#include <charconv>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/mapped_file.hpp"
#include "tasks/csv.hpp"
#include "tasks/python_text.hpp"

namespace allometer::tasks {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::filesystem::path& file, std::int64_t row,
                       std::string_view message) {
  throw FormatError(fmt::format("{}:{}: {}", file.string(), row, message));
}

/// nlohmann's message without its own numbering of errors and bytes.
std::string reason(const json::parse_error& error) {
  std::string_view text = error.what();
  for (const std::string_view start : {"] ", ": "}) {
    if (const std::size_t at = text.find(start); at != std::string_view::npos)
      text.remove_prefix(at + start.size());
  }
  return std::string(text);
}

void require_object(const json& document, const std::filesystem::path& file, std::int64_t row) {
  if (!document.is_object()) {
    fail(file, row,
         fmt::format("a row must be a JSON object {{\"field\": value, ...}}, not {}",
                     document.type_name()));
  }
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void read_json_lines(std::string_view text, Dataset& dataset) {
  for (std::int64_t row = 1; !text.empty(); ++row) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (is_blank(line)) continue;
    try {
      dataset.documents.push_back(json::parse(line.begin(), line.end()));
    } catch (const json::parse_error& error) {
      fail(dataset.file, row,
           fmt::format(
               "not a JSON object on one line{}: {}",
               text.empty() && end == std::string_view::npos ? " (the file seems cut off)" : "",
               reason(error)));
    }
    dataset.rows.push_back(row);
    require_object(dataset.documents.back(), dataset.file, row);
  }
}

void read_json(std::string_view text, Dataset& dataset) {
  json root;
  try {
    root = json::parse(text.begin(), text.end());
  } catch (const json::parse_error& error) {
    const std::string_view before = text.substr(0, std::min(error.byte, text.size()));
    fail(dataset.file, 1 + std::count(before.begin(), before.end(), '\n'),
         "not valid JSON: " + reason(error));
  }
  if (root.is_object()) {
    for (const char* key : {"examples", "data"}) {
      if (const auto found = root.find(key); found != root.end() && found->is_array()) {
        json rows = std::move(*found);
        root = std::move(rows);
        break;
      }
    }
  }
  if (!root.is_array()) {
    fail(dataset.file, 1,
         "expected an array of objects, or an object with that array as \"examples\" or \"data\"");
  }
  for (json& document : root) {
    dataset.rows.push_back(static_cast<std::int64_t>(dataset.rows.size()) + 1);
    require_object(document, dataset.file, dataset.rows.back());
    dataset.documents.push_back(std::move(document));
  }
}

/// The integer that is written exactly so, if any.
std::optional<std::int64_t> plain_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(value) != text)
    return std::nullopt;
  return value;
}

void read_csv(std::string_view text, Dataset& dataset) {
  const std::vector<CsvRow> rows = parse_csv(text, dataset.file);
  if (rows.empty())
    fail(dataset.file, 1, "the file is empty; a CSV file begins with a header of field names");
  const std::vector<std::string>& header = rows.front().fields;
  for (std::size_t column = 0; column < header.size(); ++column) {
    if (std::count(header.begin(), header.end(), header[column]) > 1) {
      fail(dataset.file, 1, fmt::format("the header names the field '{}' twice", header[column]));
    }
  }
  std::vector<bool> is_integer(header.size(), true);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].fields.size() != header.size()) {
      fail(dataset.file, rows[i].line,
           fmt::format("the header names {} fields, this row has {}", header.size(),
                       rows[i].fields.size()));
    }
    for (std::size_t column = 0; column < header.size(); ++column) {
      if (!plain_integer(rows[i].fields[column])) is_integer[column] = false;
    }
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    json document = json::object();
    for (std::size_t column = 0; column < header.size(); ++column) {
      const std::string& field = rows[i].fields[column];
      if (is_integer[column]) {
        document[header[column]] = *plain_integer(field);
      } else {
        document[header[column]] = field;
      }
    }
    dataset.documents.push_back(std::move(document));
    dataset.rows.push_back(rows[i].line);
  }
}

void require_utf8(std::string_view text, const std::filesystem::path& file) {
  std::size_t bad = 0;
  if (is_utf8(text, &bad)) return;
  const std::string_view before = text.substr(0, bad);
  fail(file, 1 + std::count(before.begin(), before.end(), '\n'),
       fmt::format(
           "byte 0x{:02X} is not valid UTF-8; convert the file, for example with iconv -t UTF-8",
           static_cast<unsigned>(static_cast<unsigned char>(text[bad]))));
}

std::string id_of(const Dataset& dataset, std::size_t i, bool has_ids) {
  if (!has_ids) return std::to_string(dataset.rows[i]);
  const auto id = dataset.documents[i].find("id");
  if (id == dataset.documents[i].end()) {
    throw FormatError(dataset.where(i) +
                      "has no field 'id', while other rows have one; give every row its own");
  }
  if (id->is_string() && !id->get_ref<const std::string&>().empty()) return id->get<std::string>();
  if (id->is_number_integer()) return id->dump();
  throw FormatError(dataset.where(i) + "the field 'id' must be text or an integer, not " +
                    id->dump());
}

}  // namespace

std::string Dataset::where(std::size_t document) const {
  return fmt::format("{}:{}: ", file.string(), rows.at(document));
}

void assign_ids(Dataset& dataset) {
  const bool has_ids = std::any_of(dataset.documents.begin(), dataset.documents.end(),
                                   [](const json& document) { return document.contains("id"); });
  std::unordered_map<std::string, std::int64_t> row_of;
  dataset.ids.clear();
  for (std::size_t i = 0; i < dataset.documents.size(); ++i) {
    std::string id = id_of(dataset, i, has_ids);
    const auto [earlier, is_new] = row_of.emplace(id, dataset.rows[i]);
    if (!is_new) {
      throw FormatError(fmt::format(
          "{}the id '{}' stands in row {} already; results are kept by id, so ids must differ",
          dataset.where(i), id, earlier->second));
    }
    dataset.ids.push_back(std::move(id));
  }
}

Dataset parse_dataset(std::string_view text, const std::filesystem::path& file) {
  Dataset dataset;
  dataset.file = file;
  dataset.digest = sha256(text);
  require_utf8(text, file);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  const std::string extension = file.extension().string();
  if (extension == ".jsonl") {
    read_json_lines(text, dataset);
  } else if (extension == ".json") {
    read_json(text, dataset);
  } else if (extension == ".csv") {
    read_csv(text, dataset);
  } else {
    throw FormatError(
        fmt::format("{}: a data file must be named *.jsonl, *.json or *.csv", file.string()));
  }
  if (dataset.documents.empty())
    throw FormatError(fmt::format("{}: the file has no rows", file.string()));
  assign_ids(dataset);
  return dataset;
}

Dataset load_dataset(const std::filesystem::path& file) {
  const io::MappedFile mapped(file);
  const std::span<const std::byte> bytes = mapped.bytes();
  return parse_dataset({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
}

}  // namespace allometer::tasks
