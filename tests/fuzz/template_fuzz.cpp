// A template of any text is refused with a ConfigError that says where it stands, or renders a
// document, or says, as a ConfigError too, what that document lacks. What it renders is read as a
// Python literal, as the targets of tasks are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
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

void use(const Template& parsed) {
  const std::string text = parsed.render(document());
  require(parsed.render(document()) == text);
  const nlohmann::json value = parsed.value(document());
  if (parsed.is_literal()) require(value == text);
  allometer::jinja::literal_or_text(text);
  allometer::jinja::python_repr(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    use(Template::parse(text, std::string(kWhere)));
  } catch (const allometer::ConfigError& error) {
    require(std::string_view(error.what()).substr(0, kWhere.size()) == kWhere);
  }
  allometer::jinja::parse_python_literal(text);
  return 0;
}
