#include "tasks/csv.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::tasks {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::filesystem::path& file) : text_(text), file_(file) {}

  std::vector<CsvRow> read() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      if (take_line_end()) continue;
      CsvRow row;
      row.line = line_;
      do row.fields.push_back(take_field());
      while (take(','));
      if (at_ < text_.size() && !take_line_end()) {
        fail(line_, "a closing quote must be followed by a comma or the end of the line");
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  [[noreturn]] void fail(std::int64_t line, std::string_view message) const {
    throw FormatError(fmt::format("{}:{}: {}", file_.string(), line, message));
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool take_line_end() {
    const std::size_t length = text_.substr(at_, 2) == "\r\n" ? 2
                               : text_.substr(at_, 1) == "\n" ? 1
                                                              : 0;
    at_ += length;
    line_ += length > 0 ? 1 : 0;
    return length > 0;
  }

  std::string take_field() { return take('"') ? take_quoted() : take_plain(); }

  std::string take_plain() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' &&
           text_.substr(at_, 2) != "\r\n") {
      if (text_[at_] == '"') {
        fail(line_,
             "a quote inside a field: put the whole field in quotes and write the quote as \"\"");
      }
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string take_quoted() {
    const std::int64_t begin_line = line_;
    std::string field;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"' && !(text_.substr(at_, 2) == "\"\"")) {
        ++at_;
        return field;
      }
      if (text_[at_] == '"') ++at_;
      if (text_[at_] == '\n') ++line_;
      field += text_[at_];
    }
    fail(begin_line, "the quote that opens a field here is never closed; the file may be cut off");
  }

  std::string_view text_;
  const std::filesystem::path& file_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, const std::filesystem::path& file) {
  return CsvReader(text, file).read();
}

}  // namespace allometer::tasks
