#include "tasks/instructions/detect_language.hpp"

// CLD2's header needs it.
#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>
#include <cstdio>

namespace allometer::tasks {
namespace {

constexpr std::string_view kCodes[] = {
    "af", "ar", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "es",    "et",   "fa",
    "fi", "fr", "gu", "he", "hi", "hr", "hu", "id", "it", "ja", "kn", "ko",    "lt",   "lv",
    "mk", "ml", "mr", "ne", "nl", "no", "pa", "pl", "pt", "ro", "ru", "sk",    "sl",   "so",
    "sq", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zh-cn", "zh-tw"};

/// CLD2 follows Google's older codes for these.
std::string langdetect_code(CLD2::Language language) {
  switch (language) {
    case CLD2::HEBREW:
      return "he";
    case CLD2::CHINESE:
      return "zh-cn";
    case CLD2::CHINESE_T:
      return "zh-tw";
    default:
      return CLD2::LanguageCode(language);
  }
}

}  // namespace

std::optional<std::string> detect_language(const std::string& text) {
  const CLD2::CLDHints no_hints{nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  constexpr bool kIsPlainText = true;
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int num_bytes = 0;
  bool is_reliable = false;
  const CLD2::Language language = CLD2::ExtDetectLanguageSummary(
      text.data(), static_cast<int>(text.size()), kIsPlainText, &no_hints, CLD2::kCLDFlagBestEffort,
      languages, percents, scores, nullptr, &num_bytes, &is_reliable);
  if (language == CLD2::UNKNOWN_LANGUAGE) return std::nullopt;
  return langdetect_code(language);
}

std::span<const std::string_view> language_codes() {
  return kCodes;
}

}  // namespace allometer::tasks
