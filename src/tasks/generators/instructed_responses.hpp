#pragma once
/// Short requests with verifiable instructions, and responses of which one follows them all: what
/// the generators `instructions` and `preferences` are made of.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/random.hpp"

namespace allometer::tasks {

/// What a response is told about; no request has two instructions about the same.
enum class Aspect {
  casing,    ///< capital letters, small letters, so many words in capitals
  layout,    ///< so many sentences, bullet points or paragraphs
  keywords,  ///< words to use, to avoid, to use so often, to use in an order
  ending,    ///< a last sentence, a postscript
  format,    ///< quotes, a title, brackets, stars
  length,    ///< so many words
};
inline constexpr int kNumAspects = 6;
/// In the order of the enumeration.
const std::vector<std::string>& aspect_names();

/// A document with the fields question, answer, choices (`num_responses`), gold (`right`),
/// difficulty (`num_instructions`), instruction_id_list and kwargs; nothing where the draw leads
/// nowhere.
///
/// Nothing but the instructions tells the right response: all are drawn in the same way, each is
/// unlike the others in what the request tells about, and each would be the right one of a request
/// with its own instructions (checked by InstructionList, strictly).
std::optional<nlohmann::json> make_instructed_question(SplitMix64& random,
                                                       const std::vector<Aspect>& aspects,
                                                       int num_instructions, int num_responses,
                                                       int right);

/// The aspects of these names.
std::vector<Aspect> aspects_named(const std::vector<std::string>& names);

}  // namespace allometer::tasks
