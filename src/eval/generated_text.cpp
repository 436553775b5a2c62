#include "eval/generated_text.hpp"

#include <algorithm>
#include <string_view>

namespace allometer::eval {

using tokenizer::SkipSpecial;

StopWatch::StopWatch(const tokenizer::Tokenizer& tokenizer, std::vector<std::string> stops)
    : tokenizer_(&tokenizer), stops_(std::move(stops)) {
  stops_.erase(std::remove(stops_.begin(), stops_.end(), std::string()), stops_.end());
  for (const std::string& stop : stops_) longest_ = std::max(longest_, stop.size());
}

bool StopWatch::is_finished(std::span<const std::int32_t> tokens) {
  if (stops_.empty()) return false;
  const std::string known =
      tokenizer_->decode(tokens.subspan(context_, read_ - context_), SkipSpecial::yes);
  const std::string longer = tokenizer_->decode(tokens.subspan(context_), SkipSpecial::yes);
  const std::string added = longer.substr(std::min(known.size(), longer.size()));
  const std::size_t overlap = std::min(text_.size(), longest_ > 0 ? longest_ - 1 : 0);
  const std::string tail = text_.substr(text_.size() - overlap) + added;
  const bool is_found = std::any_of(stops_.begin(), stops_.end(), [&](const std::string& stop) {
    return tail.find(stop) != std::string::npos;
  });
  // A character whose last bytes are still to come shows as U+FFFD.
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const bool is_complete =
      added.size() < kReplacement.size() ||
      added.compare(added.size() - kReplacement.size(), kReplacement.size(), kReplacement) != 0;
  if (!added.empty() && is_complete) {
    text_ += added;
    context_ = read_;
    read_ = tokens.size();
  }
  return is_found;
}

std::string StopWatch::text_of(std::span<const std::int32_t> tokens) const {
  std::string text = tokenizer_->decode(tokens, SkipSpecial::yes);
  for (const std::string& stop : stops_) text.resize(std::min(text.size(), text.find(stop)));
  return text;
}

}  // namespace allometer::eval
