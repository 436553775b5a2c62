#pragma once
/// The units that an explanation takes out of a question's texts: words, or the model's tokens.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explain/mask.hpp"
#include "explain/plausibility.hpp"
#include "tasks/explanation_settings.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::eval {

/// Texts cut into units, and units gathered into features.
class TextUnits {
 public:
  /// Words lie between ASCII white space; a token is the text that its id adds to the decoded text,
  /// and ids that only together make whole characters are one unit. With bag_of_words equal units
  /// are one feature. Throws ConfigError for texts without units, and where the tokenizer does not
  /// give a text back as it was.
  TextUnits(const std::vector<tasks::ExplainedText>& texts,
            const tasks::ExplanationSettings& settings, const tokenizer::Tokenizer& tokenizer);

  int num_features() const { return num_features_; }
  /// One string per text: the units of absent features are replaced, or left out with the white
  /// space before them; a text keeps the white space at its ends.
  std::vector<std::string> perturbed(const explain::Mask& mask) const;
  /// A feature is gold if one of its units overlaps a gold span; nothing is where no text has a
  /// rationale. Words are compared without punctuation.
  explain::Rationale rationale(const tasks::ExplanationSettings& settings) const;

  /// Per text, the units and the feature of each.
  std::vector<std::vector<std::string>> units() const;
  std::vector<std::vector<int>> features() const;

 private:
  struct Unit {
    std::size_t space = 0;  ///< text[space, begin) is white space
    std::size_t begin = 0;  ///< text[begin, end) is the unit
    std::size_t end = 0;
    int feature = 0;
  };

  void cut_words(const std::string& text, std::vector<Unit>& units) const;
  void cut_tokens(const std::string& text, const tokenizer::Tokenizer& tokenizer,
                  std::vector<Unit>& units) const;
  std::string_view view(std::size_t text, const Unit& unit) const;
  std::string perturbed(std::size_t text, const explain::Mask& mask) const;

  std::vector<tasks::ExplainedText> texts_;
  std::optional<std::string> replacement_;
  std::vector<std::vector<Unit>> units_;  ///< per text
  int num_features_ = 0;
};

}  // namespace allometer::eval
