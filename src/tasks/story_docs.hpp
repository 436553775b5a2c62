#pragma once
/// Transforms of short stories (transforms.hpp): each takes documents {"id", "text"} and gives
/// documents with ids that never change.

#include <string_view>
#include <vector>

#include "tasks/dataset.hpp"

namespace allometer::tasks {

/// One question per story of three sentences or more: which of four sentences ends it?
///   {"id": "story_cloze-ID", "context": story before its last whole sentence, "endings": [4
///   texts], "gold": 0..3}
/// The three wrong endings are last sentences of other stories, drawn from the id; the four differ.
/// Each run of four questions has the right ending once in each place.
Dataset story_cloze(const Dataset& stories);

/// One question per story with a sentence of plain words past its first: what are the sentence's
/// last words?
///   {"id": "story_continue-ID", "prompt": story up to there, "target": the words that follow,
///   without the full stop}
/// The sentence is drawn from the id.
Dataset story_continue(const Dataset& stories);

/// A control with the form of story_cloze whose answer cannot be known: all four endings are those
/// of other stories, and which of them counts as right is a hash of the id. No model can be better
/// than 1/4.
///   {"id": "story_coin-ID", "context", "setup", "endings": [4 texts], "gold": 0..3}
/// Each run of four questions has the gold once in each place.
Dataset story_coin(const Dataset& stories);

/// Whole sentences of a text, in order, as views into it without white space at their ends. A
/// sentence ends with . ! or
/// ?, then perhaps closing quotes, before white space and a capital letter, quote or digit, or at a
/// line's or the text's end. What follows the last one is left out.
std::vector<std::string_view> split_sentences(std::string_view text);

}  // namespace allometer::tasks
