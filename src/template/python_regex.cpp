#define PCRE2_CODE_UNIT_WIDTH 8
#include "template/python_regex.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <pcre2.h>

#include "core/utf8.hpp"
#include "template/value.hpp"

namespace allometer::jinja {
namespace {

struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

/// Steps of the first match in a text. The n-th may take an n-th of them, so that all together
/// stay bounded, and beside that what an honest pattern needs: a few for every character left.
constexpr std::size_t kFirstSteps = 1'000'000;
constexpr std::size_t kLeastSteps = 10'000;
constexpr std::size_t kStepsPerByte = 10;
constexpr std::uint32_t kHeapLimitKiB = 64 * 1024;

std::string message_of(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

PCRE2_SPTR units(const std::string& text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

/// Python's \Z is the very end, for which PCRE2 has \z.
std::string in_pcre2(const std::string& pattern) {
  std::string translated = pattern;
  for (std::size_t at = 0; at + 1 < translated.size(); ++at) {
    if (translated[at] != '\\') continue;
    ++at;
    if (translated[at] == 'Z') translated[at] = 'z';
  }
  return translated;
}

std::uint32_t step_limit(std::size_t match, std::size_t bytes_left) {
  const std::size_t steps = kFirstSteps / (match + 1) + kLeastSteps + kStepsPerByte * bytes_left;
  return static_cast<std::uint32_t>(std::min<std::size_t>(steps, UINT32_MAX));
}

}  // namespace

struct PythonRegex::Code {
  pcre2_code* code = nullptr;
  Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(code); }
};

PythonRegex::PythonRegex(const std::string& pattern) : pattern_(pattern) {
  if (!is_utf8(pattern)) throw Failure("a regular expression must be UTF-8 text");
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context(
      pcre2_compile_context_create(nullptr));
  // "." stops at "\n" alone, however the library was built.
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  const std::string translated = in_pcre2(pattern);
  // \C would cut a character in two.
  code->code = pcre2_compile(units(translated), translated.size(),
                             PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                             context.get());
  if (code->code == nullptr) {
    throw Failure(fmt::format("the regular expression '{}' is malformed at character {}: {}",
                              pattern_, offset + 1, message_of(error)));
  }
  std::uint32_t groups = 0;
  pcre2_pattern_info(code->code, PCRE2_INFO_CAPTURECOUNT, &groups);
  num_groups_ = static_cast<int>(groups);
  code_ = std::move(code);
}

PythonRegex::~PythonRegex() = default;
PythonRegex::PythonRegex(PythonRegex&&) noexcept = default;

std::optional<int> PythonRegex::group_named(const std::string& name) const {
  const int number = pcre2_substring_number_from_name(code_->code, units(name));
  return number > 0 ? std::optional(number) : std::nullopt;
}

struct PythonRegex::Matches::State {
  std::unique_ptr<pcre2_match_context, FreeMatchContext> limits{
      pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_match_data, FreeMatchData> data;
  const PCRE2_SIZE* offsets = nullptr;  ///< [group, {begin, end}]
  std::size_t num_found = 0;
};

PythonRegex::Matches::Matches(const PythonRegex& regex, const std::string& text)
    : regex_(regex), text_(text), state_(std::make_unique<State>()) {
  if (!is_utf8(text)) throw Failure("a regular expression needs UTF-8 text");
  pcre2_set_heap_limit(state_->limits.get(), kHeapLimitKiB);
  state_->data.reset(pcre2_match_data_create_from_pattern(regex.code_->code, nullptr));
  state_->offsets = pcre2_get_ovector_pointer(state_->data.get());
}

PythonRegex::Matches::~Matches() = default;

bool PythonRegex::Matches::next() {
  const std::size_t start = state_->num_found == 0 ? 0 : end();
  const bool was_empty = state_->num_found > 0 && begin() == end();
  pcre2_set_match_limit(state_->limits.get(), step_limit(state_->num_found, text_.size() - start));
  const int result =
      pcre2_match(regex_.code_->code, units(text_), text_.size(), start,
                  was_empty ? PCRE2_NOTEMPTY_ATSTART : 0, state_->data.get(), state_->limits.get());
  if (result == PCRE2_ERROR_NOMATCH) return false;
  if (result < 0) {
    throw Failure(fmt::format("the regular expression '{}' takes too long on a text: {}",
                              regex_.pattern_, message_of(result)));
  }
  if (begin() > end() || begin() < start) {
    throw Failure("\\K is not supported in a regular expression");
  }
  ++state_->num_found;
  return true;
}

std::size_t PythonRegex::Matches::begin() const {
  return state_->offsets[0];
}

std::size_t PythonRegex::Matches::end() const {
  return state_->offsets[1];
}

std::string_view PythonRegex::Matches::group(int number) const {
  const PCRE2_SIZE* offsets = state_->offsets + 2 * static_cast<std::ptrdiff_t>(number);
  if (offsets[0] == PCRE2_UNSET) return {};
  return std::string_view(text_).substr(offsets[0], offsets[1] - offsets[0]);
}

std::vector<std::vector<std::string>> PythonRegex::find_all(const std::string& text) const {
  std::vector<std::vector<std::string>> found;
  Matches matches(*this, text);
  while (matches.next()) {
    std::vector<std::string>& groups = found.emplace_back();
    if (num_groups_ == 0) groups.emplace_back(matches.group(0));
    for (int number = 1; number <= num_groups_; ++number) {
      groups.emplace_back(matches.group(number));
    }
  }
  return found;
}

std::string PythonRegex::removed_from(const std::string& text) const {
  std::string kept;
  std::size_t copied = 0;
  Matches matches(*this, text);
  while (matches.next()) {
    kept.append(text, copied, matches.begin() - copied);
    copied = matches.end();
  }
  return kept.append(text, copied);
}

}  // namespace allometer::jinja
