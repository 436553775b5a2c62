#include "job/glob.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>

#include "job/job.hpp"

namespace allometer::job {
namespace fs = std::filesystem;
namespace {

/// A bracket expression, at pattern[0] == '['.
struct Bracket {
  std::size_t length = 0;  ///< with both brackets
  bool matches = false;
};

/// Nothing if the bracket is never closed: it then stands for itself, as in a shell.
std::optional<Bracket> match_bracket(std::string_view pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  // A ']' that comes first is a member.
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto value = static_cast<unsigned char>(c);
    found = found || (low <= value && value <= high);
    ++i;
  }
  if (i >= pattern.size()) return std::nullopt;
  return Bracket{i + 1, found != negated};
}

/// Pattern characters that one character of text takes, or nothing if it does not match. Not for
/// '*'.
std::optional<std::size_t> match_one(std::string_view pattern, char c) {
  if (pattern.empty()) return std::nullopt;
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[') {
    if (const auto bracket = match_bracket(pattern, c)) {
      return bracket->matches ? std::optional(bracket->length) : std::nullopt;
    }
  }
  return pattern[0] == c ? std::optional<std::size_t>(1) : std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the number at the front of `text`, without leading zeros.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

std::vector<std::string> sorted_names(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(directory.empty() ? "." : directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end(), natural_less);
  return names;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  // On a mismatch the last '*' takes one character more; earlier ones never need to change.
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (const auto taken = match_one(pattern.substr(p), text[t])) {
      p += *taken;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool natural_less(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const std::string_view x = take_number(a);
      const std::string_view y = take_number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      continue;
    }
    if (a[0] != b[0]) return static_cast<unsigned char>(a[0]) < static_cast<unsigned char>(b[0]);
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  // "01" and "1" are equal numbers: the bytes decide.
  return a.empty() == b.empty() ? whole_a < whole_b : a.empty();
}

std::vector<fs::path> expand_pattern(const fs::path& pattern) {
  std::vector<fs::path> found{pattern.root_path()};
  for (const fs::path& component : pattern.relative_path()) {
    const std::string name = component.string();
    std::vector<fs::path> longer;
    for (const fs::path& base : found) {
      if (!is_pattern(name)) {
        std::error_code error;
        if (fs::exists(base / component, error)) longer.push_back(base / component);
        continue;
      }
      for (const std::string& entry : sorted_names(base)) {
        if (entry[0] == '.' && name[0] != '.') continue;
        if (glob_match(name, entry)) longer.push_back(base / entry);
      }
    }
    found.swap(longer);
  }
  return found;
}

}  // namespace allometer::job
