#include "tasks/exact_match.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include "core/error.hpp"
#include "tasks/python_text.hpp"

namespace allometer::tasks {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string error_text(int code) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(code, buffer, sizeof(buffer));
  return reinterpret_cast<const char*>(buffer);
}

Code compile(const std::string& pattern, const std::string& where) {
  int code = 0;
  PCRE2_SIZE offset = 0;
  const auto* text = reinterpret_cast<PCRE2_SPTR>(pattern.data());
  Code compiled(
      pcre2_compile(text, pattern.size(), PCRE2_UTF | PCRE2_UCP, &code, &offset, nullptr));
  if (!compiled) {
    throw ConfigError(fmt::format("{}the regular expression '{}' is wrong at character {}: {}",
                                  where, pattern, offset + 1, error_text(code)));
  }
  return compiled;
}

/// re.sub(pattern, "", text)
std::string remove_matches(const pcre2_code* code, const std::string& text) {
  const std::unique_ptr<pcre2_match_data, FreeMatchData> data(
      pcre2_match_data_create_from_pattern(code, nullptr));
  // Removing never lengthens a text.
  std::string output(text.size() + 1, '\0');
  PCRE2_SIZE length = output.size();
  const int result = pcre2_substitute(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                      0, PCRE2_SUBSTITUTE_GLOBAL, data.get(), nullptr,
                                      reinterpret_cast<PCRE2_SPTR>(""), 0,
                                      reinterpret_cast<PCRE2_UCHAR*>(output.data()), &length);
  if (result < 0)
    throw ConfigError("regexes_to_ignore: a regular expression failed: " + error_text(result));
  output.resize(length);
  return output;
}

}  // namespace

struct ExactMatch::Regexes {
  std::vector<Code> codes;
};

ExactMatch::ExactMatch(const ExactMatchOptions& options, const std::string& where)
    : options_(options) {
  auto regexes = std::make_unique<Regexes>();
  for (const std::string& pattern : options.regexes_to_ignore)
    regexes->codes.push_back(compile(pattern, where));
  regexes_ = std::move(regexes);
}

ExactMatch::~ExactMatch() = default;
ExactMatch::ExactMatch(ExactMatch&&) noexcept = default;

std::string ExactMatch::normalized(std::string_view text) const {
  std::string kept = repaired_utf8(text);
  for (const Code& code : regexes_->codes) kept = remove_matches(code.get(), kept);
  if (options_.ignore_case) kept = lower(kept);
  if (options_.ignore_punctuation) kept = without_punctuation(kept);
  if (options_.ignore_numbers) kept = without_digits(kept);
  return kept;
}

}  // namespace allometer::tasks
