// A template of any text, for a task and for a chat, is refused with a ConfigError that says where
// it stands, or renders a document, or says, as a ConfigError too, what it cannot compute. What it
// renders is read as a Python literal, as the targets of tasks are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "template/python_literal.hpp"
#include "template/template.hpp"

using allometer::jinja::Template;

namespace {

constexpr std::string_view kWhere = "task.yaml:3: doc_to_text";

const nlohmann::json& document() {
  static const nlohmann::json kDocument = nlohmann::json::parse(R"({
    "a": "Why?", "n": 2, "r": 1e-05, "yes": true, "none": null, "list": "[1, 'x']",
    "c": {"text": ["red", "it's\n"], "label": ["A", "B"]}, "e": [[1, 2], {"b": {"d": "deep"}}]})");
  return kDocument;
}

void require(bool holds) {
  if (!holds) std::abort();
}

/// Loops and growing texts end soon enough for many inputs a second.
constexpr std::int64_t kWork = 100'000;

std::tm fixed_time() {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mday = 1;
  return time;
}

void use_for_task(std::string_view text) {
  const Template parsed = Template::parse(text, std::string(kWhere));
  const nlohmann::json value = parsed.value(document(), kWork);
  const std::string rendered = parsed.render(nlohmann::ordered_json(document()), fixed_time, kWork);
  require(parsed.render(nlohmann::ordered_json(document()), fixed_time, kWork) == rendered);
  if (parsed.is_literal()) require(value == rendered);
  allometer::jinja::literal_or_text(rendered);
  allometer::jinja::python_repr(value);
}

void use_for_chat(std::string_view text) {
  static const auto kChat = nlohmann::ordered_json::parse(R"({
    "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi\u00df"},
      {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "id": "123456789",
        "function": {"name": "f", "arguments": {"x": [1, 2.5]}}}]},
      {"role": "tool", "content": {"a": 1}}], "tools": [{"type": "function", "function":
        {"name": "f", "parameters": {"properties": {"x": {"type": "array"}}}}}],
    "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true})");
  Template::parse(text, std::string(kWhere), allometer::jinja::kChatSettings)
      .render(kChat, fixed_time, kWork);
}

template <class Use>
void expect_clear_refusal(Use use) {
  try {
    use();
  } catch (const allometer::ConfigError& error) {
    require(std::string_view(error.what()).substr(0, kWhere.size()) == kWhere);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect_clear_refusal([&] { use_for_task(text); });
  expect_clear_refusal([&] { use_for_chat(text); });
  allometer::jinja::parse_python_literal(text);
  return 0;
}
