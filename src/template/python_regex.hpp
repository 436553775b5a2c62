#pragma once
/// Python's `re` on UTF-8 text, by PCRE2: patterns of str, in which \d, \w and \s know Unicode.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::jinja {

/// One compiled pattern. Immutable; may be used from several threads at once.
class PythonRegex {
 public:
  /// Throws Failure, which says what is wrong and where, for a pattern that is malformed or not
  /// UTF-8.
  explicit PythonRegex(const std::string& pattern);
  ~PythonRegex();
  PythonRegex(PythonRegex&&) noexcept;

  const std::string& pattern() const { return pattern_; }
  int num_groups() const { return num_groups_; }
  /// The number of the group (?P<name>...).
  std::optional<int> group_named(const std::string& name) const;

  /// re.finditer: the matches from left to right. Behind an empty match the next one is not empty
  /// at the same place.
  class Matches {
   public:
    /// Regex and text must outlive this. Throws Failure for text that is not UTF-8.
    Matches(const PythonRegex& regex, const std::string& text);
    ~Matches();
    Matches(const Matches&) = delete;
    Matches& operator=(const Matches&) = delete;

    /// Goes to the next match; false where there is none. Throws Failure for a pattern that takes
    /// too many steps: the same number on every machine.
    bool next();
    std::size_t begin() const;
    std::size_t end() const;
    /// Group 0 is the whole match; a group that took no part is empty.
    std::string_view group(int number) const;

   private:
    struct State;
    const PythonRegex& regex_;
    const std::string& text_;
    std::unique_ptr<State> state_;
  };

  /// re.findall: of each match the whole where the pattern has no groups, else all its groups.
  std::vector<std::vector<std::string>> find_all(const std::string& text) const;
  /// re.sub(pattern, "", text).
  std::string removed_from(const std::string& text) const;

 private:
  struct Code;
  std::string pattern_;
  std::unique_ptr<const Code> code_;
  int num_groups_ = 0;
};

}  // namespace allometer::jinja
