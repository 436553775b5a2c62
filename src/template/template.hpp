#pragma once
/// Prompt templates in Jinja's notation. Supported so far: literal text and `{{ field }}`, `{{
/// a.b.c }}`,
/// `{{ choices[0] }}`, `{{ choices.0 }}`, `{{ choices[-1] }}`, `{{ choices["text"] }}`. Any other
/// Jinja is refused when the template is parsed. Text comes out as jinja2 renders it with
/// StrictUndefined and keep_trailing_newline.

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace allometer::jinja {

/// Immutable after parsing; every method may be called from several threads at once.
class Template {
 public:
  /// `where` stands at the start of every message, as in "jobs/tasks/arc.yaml:7: doc_to_text".
  /// Throws ConfigError naming what is malformed or not supported.
  static Template parse(std::string_view text, std::string where);

  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  /// The text for one document (an object). Values are written as Python's str() writes them; the
  /// keys of an object stand in the order of nlohmann::json, which sorts them. Throws ConfigError
  /// naming a field that the document lacks and the fields that it has.
  std::string render(const nlohmann::json& document) const;

  /// The JSON value itself where the template is one expression and nothing else (`{{ choices.text
  /// }}` gives the list), otherwise the rendered text as a JSON string. Errors as render.
  nlohmann::json value(const nlohmann::json& document) const;

  /// Is the template literal text alone?
  bool is_literal() const;

 private:
  struct Parsed;
  explicit Template(std::unique_ptr<const Parsed> parsed);
  std::unique_ptr<const Parsed> parsed_;
};

}  // namespace allometer::jinja
