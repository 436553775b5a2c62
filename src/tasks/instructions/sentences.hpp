#pragma once
/// Where sentences end, by the Punkt algorithm (Kiss and Strunk 2006, Computational Linguistics
/// 32(4)) as nltk.tokenize.punkt runs it.

#include <string>
#include <vector>

namespace allometer::tasks {

/// The sentences of an English text, blanks between them left out. The decisions are Punkt's; what
/// Punkt would have learned from a corpus comes from two short lists of our own instead of NLTK's
/// trained English tables: 132 abbreviations, and 194 words that are capitalised only at the start
/// of a sentence. There are no collocations. So the two differ only behind an abbreviation that
/// just one of them knows, and, behind an abbreviation, an initial or dots, before a capitalised
/// word that is not in our list, where NLTK's 20,000 words can still tell that a sentence begins.
std::vector<std::string> sentences_of(const std::string& text);

/// The two lists, lower-cased: for the tests, which give them to NLTK.
const std::vector<std::string>& punkt_abbreviations();
const std::vector<std::string>& punkt_sentence_starters();

}  // namespace allometer::tasks
