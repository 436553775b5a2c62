#include "report/text_table.hpp"

#include <algorithm>
#include <utility>

#include "core/contract.hpp"

namespace allometer::report {
namespace {

constexpr std::size_t kLeastWidth = 6;

bool begins_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

/// The text, or its beginning and '~'.
std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t bytes = 0;
  std::size_t seen = 0;
  for (; bytes < text.size(); ++bytes) {
    if (begins_code_point(text[bytes]) && seen++ == width - 1) break;
  }
  return text.substr(0, bytes) + "~";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return lines;
    begin = end + 1;
  }
}

void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

std::string wrap(std::string_view text, std::size_t first_indent, std::size_t indent) {
  std::string out(first_indent, ' ');
  std::size_t width = first_indent;
  bool line_is_empty = true;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (word.empty()) continue;
    if (!line_is_empty && width + 1 + display_width(word) > kTextWidth) {
      out += "\n" + std::string(indent, ' ');
      width = indent;
    } else if (!line_is_empty) {
      out += " ";
      ++width;
    }
    out += word;
    width += display_width(word);
    line_is_empty = false;
  }
  return out;
}

void TextTable::add_column(std::string header, Align align, bool may_shrink) {
  columns_.push_back({std::move(header), align, may_shrink});
}

void TextTable::add_row(std::vector<std::string> texts) {
  ALLOMETER_EXPECT(texts.size() == columns_.size());
  rows_.push_back(std::move(texts));
}

std::vector<std::size_t> TextTable::widths() const {
  std::vector<std::size_t> widths;
  std::size_t total = columns_.size() - 1;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = 0;
    for (const auto& line : lines_of(columns_[c].header)) {
      width = std::max(width, display_width(line));
    }
    for (const auto& row : rows_) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
    total += width;
  }
  while (total > kTextWidth) {
    std::size_t* widest = nullptr;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (!columns_[c].may_shrink || widths[c] <= kLeastWidth) continue;
      if (widest == nullptr || widths[c] > *widest) widest = &widths[c];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

std::string TextTable::format() const {
  const std::vector<std::size_t> width = widths();
  const auto line_of = [&](const std::vector<std::string>& texts) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string text = cut(texts[c], width[c]);
      const std::string blanks(width[c] - display_width(text), ' ');
      if (c > 0) line += ' ';
      line += columns_[c].align == Align::left ? text + blanks : blanks + text;
    }
    return line;
  };
  std::size_t header_height = 1;
  for (const Column& column : columns_) {
    header_height = std::max(header_height, lines_of(column.header).size());
  }
  std::string out;
  for (std::size_t i = 0; i < header_height; ++i) {
    std::vector<std::string> texts;
    for (const Column& column : columns_) {
      const auto lines = lines_of(column.header);
      const std::size_t missing = header_height - lines.size();
      texts.push_back(i < missing ? "" : lines[i - missing]);
    }
    append_line(out, line_of(texts));
  }
  std::size_t total = columns_.empty() ? 0 : columns_.size() - 1;
  for (const std::size_t w : width) total += w;
  append_line(out, std::string(total, '-'));
  for (const auto& row : rows_) append_line(out, line_of(row));
  return out;
}

}  // namespace allometer::report
