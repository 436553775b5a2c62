#include "tokenizer/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <new>

#include <fmt/format.h>
#include <pcre2.h>

#include "core/error.hpp"
#include "tokenizer/json_node.hpp"
#include "tokenizer/oniguruma.hpp"
#include "tokenizer/unicode.hpp"
#include "tokenizer/word_scanner.hpp"

namespace allometer::tokenizer {
namespace {

/// Steps of one match, which nests no deeper. The expressions of published tokenizers need a few
/// per byte.
constexpr std::uint32_t kMatchLimit = 5'000'000;
constexpr std::uint32_t kHeapLimitKiB = 200'000;

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string message_of(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

template <class T>
T* allocated(T* pointer) {
  if (pointer == nullptr) throw std::bad_alloc();
  return pointer;
}

}  // namespace

void expect_reasonable_growth(std::size_t size_before, std::size_t size_after,
                              const std::string& where) {
  if (size_after > 64 * size_before + (1U << 20)) {
    throw FormatError(
        fmt::format("{}: makes {} bytes of a text of {} bytes: no published tokenizer "
                    "makes text grow like this",
                    where, size_after, size_before));
  }
}

struct Pattern::Compiled {
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context;
  std::string expression;  // as it was written
  std::string where;

  bool match(std::string_view text, std::size_t start, pcre2_match_data* data) const {
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int result = pcre2_match(code.get(), subject, text.size(), start, PCRE2_NO_UTF_CHECK, data,
                             context.get());
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
      result = pcre2_match(code.get(), subject, text.size(), start,
                           PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context.get());
    }
    if (result == PCRE2_ERROR_NOMATCH) return false;
    if (result == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
    if (result < 0) {
      throw FormatError(
          fmt::format("{}: the regular expression '{}' fails at byte {} of a text of {} bytes: {}; "
                      "an expression that needs so many steps cannot be used",
                      where, expression, start, text.size(), message_of(result)));
    }
    return true;
  }
};

Pattern::Pattern() = default;
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

Pattern Pattern::read(const JsonNode& node) {
  node.allow_only({"String", "Regex"});
  const auto literal = node.find("String");
  const auto expression = node.find("Regex");
  if (literal.has_value() == expression.has_value()) {
    node.fail("expected either {\"String\": ...} or {\"Regex\": ...}");
  }
  if (expression) return regex(expression->string(), expression->where());
  if (literal->string().empty()) literal->fail("an empty pattern matches nothing that is there");
  return text(literal->string(), node.where());
}

Pattern Pattern::text(std::string literal, const std::string& where) {
  Pattern pattern;
  pattern.where_ = where;
  pattern.literal_ = std::move(literal);
  return pattern;
}

Pattern Pattern::regex(std::string_view expression, const std::string& where) {
  auto compiled = std::make_unique<Compiled>();
  compiled->expression = expression;
  compiled->where = where;
  std::string translated;
  try {
    translated = pcre2_from_oniguruma(expression);
  } catch (const ConfigError& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> settings(
      allocated(pcre2_compile_context_create(nullptr)));
  pcre2_set_newline(settings.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(settings.get(), 100);
  int error = 0;
  PCRE2_SIZE offset = 0;
  compiled->code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error,
                    &offset, settings.get()));
  if (!compiled->code) {
    throw FormatError(
        fmt::format("{}: the regular expression '{}' is malformed or not supported: {}", where,
                    expression, message_of(error)));
  }
  // Without JIT (a build or a system that has none) the interpreter gives the same matches.
  pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE);
  compiled->context.reset(allocated(pcre2_match_context_create(nullptr)));
  pcre2_set_match_limit(compiled->context.get(), kMatchLimit);
  pcre2_set_depth_limit(compiled->context.get(), kMatchLimit);
  pcre2_set_heap_limit(compiled->context.get(), kHeapLimitKiB);
  Pattern pattern;
  pattern.where_ = where;
  pattern.compiled_ = std::move(compiled);
  pattern.scanner_ = word_scanner_for(expression);
  return pattern;
}

std::vector<Range> Pattern::find_all(std::string_view text) const {
  std::vector<Range> ranges;
  if (scanner_ != nullptr) {
    scanner_(text, ranges);
    return ranges;
  }
  if (!compiled_) {
    for (std::size_t at = 0; (at = text.find(literal_, at)) != std::string_view::npos;
         at += literal_.size()) {
      ranges.push_back({at, at + literal_.size()});
    }
    return ranges;
  }
  const std::unique_ptr<pcre2_match_data, FreeMatchData> data(
      allocated(pcre2_match_data_create_from_pattern(compiled_->code.get(), nullptr)));
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data.get());
  std::size_t start = 0;
  while (start <= text.size() && compiled_->match(text, start, data.get())) {
    const Range range{offsets[0], offsets[1]};
    const bool empty = range.begin >= range.end;
    if (empty && !ranges.empty() && ranges.back().end == range.end) {
      start += start < text.size() ? code_point_length(text, start) : 1;
      continue;
    }
    ranges.push_back(range);
    start = range.end;
  }
  return ranges;
}

std::string Pattern::replace_all(std::string_view text, std::string_view content) const {
  return replace(text, find_all(text), content);
}

std::string Pattern::replace(std::string_view text, const std::vector<Range>& matches,
                             std::string_view content) const {
  if (matches.size() * content.size() > 16 * text.size() + 4096) {
    throw FormatError(
        fmt::format("{}: {} replacements of {} bytes each in a text of {} bytes: no published "
                    "tokenizer makes text grow like this",
                    where_, matches.size(), content.size(), text.size()));
  }
  std::string result;
  std::size_t position = 0;
  for (const Range& range : matches) {
    result += text.substr(position, range.begin - position);
    result += content;
    position = range.end;
  }
  return result += text.substr(position);
}

}  // namespace allometer::tokenizer
