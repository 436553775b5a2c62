#pragma once
/// From generated tokens to text: where it stops, and what is left of it.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {

/// Watches one growing sequence of generated tokens for stop strings. The prompt is no part of it.
/// Decodes only the tail that may still change, so that a long generation costs time linear in its
/// length.
class StopWatch {
 public:
  /// The tokenizer must outlive this. Empty stop strings are ignored.
  StopWatch(const tokenizer::Tokenizer& tokenizer, std::vector<std::string> stops);

  /// `tokens`: those of the call before and more. True if their text has a stop string.
  bool is_finished(std::span<const std::int32_t> tokens);
  /// The text without special tokens, cut where a stop string begins: at one after the other in
  /// their order, as lm-evaluation-harness does (of two that overlap, the later begins in what the
  /// earlier left).
  std::string text_of(std::span<const std::int32_t> tokens) const;

 private:
  const tokenizer::Tokenizer* tokenizer_;
  std::vector<std::string> stops_;
  std::size_t longest_ = 0;
  std::string text_;  // of tokens [0, read_), which no later token changes
  std::size_t context_ =
      0;  // tokens [context_, read_) are decoded again in front of the new ones, which
  std::size_t read_ = 0;  // may look different at the start of a text
};

}  // namespace allometer::eval
