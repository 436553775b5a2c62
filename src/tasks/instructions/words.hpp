#pragma once
/// Two ways to take a text apart into words, as instructions about words need them.

#include <string>
#include <vector>

namespace allometer::tasks {

/// re.findall(r"\w+", text)
std::vector<std::string> word_runs(const std::string& text);

/// The words in which nltk.word_tokenize counts capitals: sentences are split at blanks, marks of
/// punctuation and clitics, so that "DON'T" is two words ("DO", "N'T") and "CO-OP" is one. The
/// marks themselves, which have no case, are left out.
std::vector<std::string> treebank_words(const std::string& text);

}  // namespace allometer::tasks
