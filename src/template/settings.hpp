#pragma once
/// The two ways in which templates are read: lm-evaluation-harness's for tasks and transformers'
/// for chats.

namespace allometer::jinja {

struct Settings {
  /// The line end after a block tag goes.
  bool trim_blocks = false;
  /// The blanks before a block tag that stands first on its line go.
  bool lstrip_blocks = false;
  bool keep_trailing_newline = true;
  /// An undefined value may be tested, but neither printed nor used.
  bool strict_undefined = true;
  /// Lists and dicts cannot be changed (jinja2's ImmutableSandboxedEnvironment).
  bool is_immutable = false;
  /// {% break %}, {% continue %} and {% generation %}; raise_exception and strftime_now; tojson as
  /// json.dumps writes it. Without: tojson safe for HTML, and the filter regex_replace.
  bool for_chat = false;
};

/// Environment(undefined=StrictUndefined, keep_trailing_newline=True)
inline constexpr Settings kTaskSettings{};
/// ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True), with the extensions of
/// transformers.
inline constexpr Settings kChatSettings{true, true, false, false, true, true};

}  // namespace allometer::jinja
