#pragma once
/// A table of aligned plain text.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::report {

inline constexpr std::size_t kTextWidth = 120;

/// Columns of a terminal that UTF-8 text takes, one per code point.
std::size_t display_width(std::string_view text);

/// Breaks text between words so that no line passes kTextWidth; the first line begins with
/// `first_indent` blanks, later ones with `indent`. No newline at the end. A word that is longer
/// than a line stands alone on its own.
std::string wrap(std::string_view text, std::size_t first_indent, std::size_t indent);

/// Rows under a header, one blank between columns. If the rows are wider than kTextWidth, columns
/// that may shrink lose the end of their longest words, marked by '~'.
class TextTable {
 public:
  enum class Align { left, right };

  /// A header may have several lines, split at '\n'; they stand at the bottom.
  void add_column(std::string header, Align align, bool may_shrink = false);
  /// One text per column.
  void add_row(std::vector<std::string> texts);

  /// Every line ends with a newline, none with a blank.
  std::string format() const;

 private:
  struct Column {
    std::string header;
    Align align;
    bool may_shrink;
  };
  std::vector<std::size_t> widths() const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace allometer::report
