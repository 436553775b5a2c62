#pragma once
/// Templates in Jinja's notation, as prompts of tasks and chat templates are written. What comes
/// out is what jinja2 gives with the same settings, character by character; what jinja2 has and we
/// have not is refused by name.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "template/clock.hpp"
#include "template/settings.hpp"

namespace allometer::jinja {

/// What a template refuses of its own accord, with raise_exception(message).
class RefusedByTemplate : public ConfigError {
 public:
  RefusedByTemplate(const std::string& what, std::string message)
      : ConfigError(what), message_(std::move(message)) {}
  /// The template's own words.
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

/// Steps of one rendering, or as many times 16 bytes of text that is read or made: chat templates
/// write 400 messages of 430 KB with it, and a template that loops without end spends it within a
/// second or two. No rendering makes more than 64 MiB of text, then.
inline constexpr std::int64_t kMostWork = 4 << 20;

/// Immutable after parsing; every method may be called from several threads at once.
class Template {
 public:
  /// `where` stands at the start of every message, as in "jobs/tasks/arc.yaml:7: doc_to_text".
  /// Throws ConfigError naming what is malformed or not supported.
  static Template parse(std::string_view text, std::string where,
                        const Settings& settings = kTaskSettings);

  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  /// The text for one document (an object). Values are written as Python's str() writes them; the
  /// keys of an object stand in the order of the JSON, which nlohmann::json sorts. Throws
  /// ConfigError for what cannot be computed, naming a field that the document lacks and the fields
  /// that it has.
  std::string render(const nlohmann::json& document) const;
  /// The same with keys in the order in which they came. `clock` tells strftime_now() the time,
  /// `work` bounds the rendering.
  std::string render(const nlohmann::ordered_json& document, const Clock& clock = local_time,
                     std::int64_t work = kMostWork) const;

  /// The JSON value itself where the template is one expression and nothing else (`{{ choices.text
  /// }}` gives the list) and the value has a form in JSON, otherwise the rendered text as a JSON
  /// string. Errors as render.
  nlohmann::json value(const nlohmann::json& document, std::int64_t work = kMostWork) const;

  /// Is the template literal text alone?
  bool is_literal() const;

 private:
  struct Parsed;
  explicit Template(std::unique_ptr<const Parsed> parsed);
  std::unique_ptr<const Parsed> parsed_;
};

}  // namespace allometer::jinja
