#include "tasks/instructions/python_json.hpp"

#include <algorithm>

namespace allometer::tasks {
namespace {

constexpr int kMaxDepth = 1000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Each function passes over what it is named after, and is false where something else stands.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool document() {
    blanks();
    if (!value(0)) return false;
    blanks();
    return rest_.empty();
  }

 private:
  bool passed(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size())); }

  bool value(int depth) {
    if (depth > kMaxDepth) return false;
    if (rest_.starts_with('"')) return string();
    if (passed("{")) return members(depth);
    if (passed("[")) return elements(depth);
    for (const std::string_view word : {"null", "true", "false", "NaN", "Infinity", "-Infinity"}) {
      if (passed(word)) return true;
    }
    return number();
  }

  bool elements(int depth) {
    blanks();
    if (passed("]")) return true;
    do {
      blanks();
      if (!value(depth + 1)) return false;
      blanks();
    } while (passed(","));
    return passed("]");
  }

  bool members(int depth) {
    blanks();
    if (passed("}")) return true;
    do {
      blanks();
      if (!string()) return false;
      blanks();
      if (!passed(":")) return false;
      blanks();
      if (!value(depth + 1)) return false;
      blanks();
    } while (passed(","));
    return passed("}");
  }

  bool string() {
    if (!passed("\"")) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    if (rest_.size() < 4 || !std::all_of(rest_.begin(), rest_.begin() + 4, is_hex)) return false;
    rest_.remove_prefix(4);
    return true;
  }

  bool digits() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    const auto count = static_cast<std::size_t>(end - rest_.begin());
    rest_.remove_prefix(count);
    return count > 0;
  }

  /// What follows a whole number is only taken if it is a fraction or an exponent as a whole; else
  /// it stays, and ends up as an error of what surrounds the number.
  bool number() {
    passed("-");
    if (!passed("0") && !digits()) return false;
    std::string_view before = rest_;
    if (passed(".") && !digits()) rest_ = before;
    before = rest_;
    if (passed("e") || passed("E")) {
      if (!passed("-")) passed("+");
      if (!digits()) rest_ = before;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool is_python_json(std::string_view text) {
  return Reader(text).document();
}

}  // namespace allometer::tasks
