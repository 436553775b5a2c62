#pragma once
/// Comma-separated values as RFC 4180 has them.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tasks {

struct CsvRow {
  std::int64_t line = 1;  ///< on which the row begins, from 1
  std::vector<std::string> fields;
};

/// Fields may stand in double quotes, with "" for a quote, and may then hold commas and line
/// breaks; rows end with LF or CRLF; lines without a character are passed over. Throws FormatError
/// "file:line: ..." for a quote that is never closed, or that stands inside or is followed by plain
/// text.
std::vector<CsvRow> parse_csv(std::string_view text, const std::filesystem::path& file);

}  // namespace allometer::tasks
