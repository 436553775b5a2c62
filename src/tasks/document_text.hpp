#pragma once
/// From a document to the texts of a question: doc_to_text, doc_to_target and doc_to_choice,
/// filled.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tasks/dataset.hpp"
#include "tasks/settings.hpp"

namespace allometer::tasks {

/// One document's texts.
struct FilledDocument {
  std::string text;                  ///< empty where the choices are contexts
  std::vector<std::string> choices;  ///< empty where there are none
  /// Winogrande's form: doc_to_text gave an index into the choices, which stand before the one
  /// target.
  bool choices_are_contexts = false;
  std::vector<int> gold;  ///< indices of the right choices; empty where the target is text
  std::vector<std::string> targets;  ///< what counts as right, at least one; the first is shown

  /// The text that a demonstration or a record shows.
  const std::string& shown_text() const {
    return choices_are_contexts ? choices[static_cast<std::size_t>(gold.front())] : text;
  }
};

/// One setting made ready for the documents of a data set. Immutable; may be used from several
/// threads at once.
class TextSource {
 public:
  /// A setting that is the bare name of a field in any of the documents means that field, as in
  /// lm-evaluation-harness. Throws ConfigError "file:line: ..." for templates that are not
  /// supported.
  TextSource(const TextSetting& setting, const Dataset& dataset);
  ~TextSource();
  TextSource(TextSource&&) noexcept;

  /// The field's value, the integer, or the rendered text as a string.
  nlohmann::json fill(const nlohmann::json& document) const;
  /// As fill, but a template that is one expression alone gives its value (a list for
  /// doc_to_choice).
  nlohmann::json value(const nlohmann::json& document) const;
  /// Was the text rendered by a template? Only such text is read as a Python literal.
  bool is_template() const;
  const std::string& where() const { return setting_.where; }

 private:
  struct Form;
  TextSetting setting_;
  std::unique_ptr<const Form> form_;
};

/// The three settings together. Immutable; may be used from several threads at once.
class DocumentFiller {
 public:
  DocumentFiller(const DocumentSettings& settings, OutputType type, const Dataset& dataset);

  /// Throws ConfigError "file:row: ..." naming the field that is missing, or the target that fits
  /// no choice.
  FilledDocument fill(const Dataset& dataset, std::size_t document) const;
  /// The same of a document that is not in the data set as it is; `where` stands before messages.
  FilledDocument fill(const nlohmann::json& document, const std::string& where) const;

 private:
  FilledDocument fill(const nlohmann::json& document) const;
  std::vector<std::string> fill_choices(const nlohmann::json& document) const;
  void fill_text(const nlohmann::json& document, FilledDocument& filled) const;
  void fill_target(const nlohmann::json& document, FilledDocument& filled) const;
  nlohmann::json literal(const TextSource& source, nlohmann::json value) const;

  OutputType type_;
  std::optional<TextSource> text_;
  std::optional<TextSource> target_;
  std::vector<TextSource> choices_;
  bool choices_are_listed_ = false;
};

}  // namespace allometer::tasks
