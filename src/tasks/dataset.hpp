#pragma once
/// The documents of a data file: JSON Lines, JSON or CSV, each an object that knows its row.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/digest.hpp"

namespace allometer::tasks {

struct Dataset {
  std::filesystem::path file;
  std::vector<nlohmann::json> documents;  ///< objects
  /// Where each document stands, counted from 1: the line in JSON Lines and CSV, the place in the
  /// array in JSON.
  std::vector<std::int64_t> rows;
  /// One per document, all different: its `id` field if the data have one, else its row.
  std::vector<std::string> ids;
  Digest digest;  ///< of the file's bytes

  /// "file:row: ", to stand before a message.
  std::string where(std::size_t document) const;
};

/// Reads FILE.jsonl (one object a line; blank lines are passed over), FILE.json (an array of
/// objects, or an object with that array as `examples` or `data`) or FILE.csv (RFC 4180 with a
/// header; a column in which every value is a plain integer is read as integers). UTF-8 throughout.
/// Throws IoError, or FormatError "file:row: ..." for rows that are truncated or malformed, ids
/// that stand twice or are missing in some rows, and files without a document.
Dataset load_dataset(const std::filesystem::path& file);

/// As load_dataset, from the text of a file.
Dataset parse_dataset(std::string_view text, const std::filesystem::path& file);

/// Fills `ids` from `documents` and `rows`. Throws FormatError as load_dataset.
void assign_ids(Dataset& dataset);

}  // namespace allometer::tasks
