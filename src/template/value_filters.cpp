#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "template/filters.hpp"
#include "template/methods.hpp"
#include "template/number.hpp"
#include "template/regex_replace.hpp"
#include "template/renderer.hpp"
#include "template/value_json.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

Value standard(Renderer&, const Value& input, const Arguments& arguments) {
  const Parameters parameters("default", arguments, {"default_value", "boolean"});
  const bool is_missing = input.is_undefined() || (parameters.flag(1, false) && !truth(input));
  if (!is_missing) return input;
  return parameters.has(0) ? parameters.at(0) : Value("");
}

Value absolute(Renderer&, const Value& input, const Arguments&) {
  if (!input.is_number()) throw Failure("abs needs a number, not a " + type_name(input));
  return absolute_number(input);
}

void require_defined(const Value& input) {
  if (input.is_undefined()) throw Failure(input.undefined().message);
}

/// The number that a text or number is, cut to an integer.
std::optional<Int> integer_of(const Value& input, int base) {
  std::optional<double> number;
  if (const auto index = input.as_index()) return index;
  if (input.is_string()) {
    const bool is_base = base == 0 || (base >= 2 && base <= 36);
    if (const auto integer = is_base ? parse_int(input.text(), base) : std::nullopt) return integer;
    number = parse_float(input.text());
  } else if (input.is_float()) {
    number = input.floating();
  }
  if (!number || !std::isfinite(*number)) return std::nullopt;
  const auto whole = whole_number(std::trunc(*number));
  if (!whole) throw Failure("an integer grows beyond 128 bits");
  return whole;
}

Value integer(Renderer&, const Value& input, const Arguments& arguments) {
  const Parameters parameters("int", arguments, {"default", "base"});
  require_defined(input);
  const auto base = static_cast<int>(std::min<Int>(parameters.integer(1, 10), 99));
  if (const auto number = integer_of(input, base)) return Value(*number);
  return parameters.has(0) ? parameters.at(0) : Value(Int{0});
}

Value floating(Renderer&, const Value& input, const Arguments& arguments) {
  const Parameters parameters("float", arguments, {"default"});
  require_defined(input);
  if (input.is_number()) return Value(float_of(input));
  if (input.is_string()) {
    if (const auto number = parse_float(input.text())) return Value(*number);
  }
  return parameters.has(0) ? parameters.at(0) : Value(0.0);
}

Value rounded(Renderer&, const Value& input, const Arguments& arguments) {
  const Parameters parameters("round", arguments, {"precision", "method"});
  const std::string method = parameters.text(1, "common");
  if (method != "common" && method != "ceil" && method != "floor") {
    throw Failure("the method of round must be common, ceil or floor");
  }
  require_defined(input);
  if (!input.is_number()) throw Failure("round needs a number, not a " + type_name(input));
  const Int precision = parameters.integer(0, 0);
  if (method == "common") return rounded_number(input, precision);
  const double unit = std::pow(10.0, static_cast<double>(precision));
  const double scaled = float_of(input) * unit;
  if (!std::isfinite(scaled)) throw Failure("round: the number is too large");
  return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

Value attribute(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("attr", arguments, {"name"}, 1);
  const std::string name = str_of(parameters.at(0), renderer.heap());
  require_defined(input);
  if (auto found = builtin_attribute(input, name, renderer)) return std::move(*found);
  return renderer.undefined("'" + described(input) + "' has no attribute '" + name + "'");
}

std::optional<std::string> indentation(const Value& indent, Heap& heap) {
  if (indent.is_none()) return std::nullopt;
  if (indent.is_string()) return indent.text();
  const auto width = indent.as_index();
  if (!width) throw Failure("the indent of tojson must be an integer or a text");
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(clamped(*width), 0));
  heap.spend_bytes(count);
  return std::string(count, ' ');
}

/// As transformers writes it: json.dumps with its arguments.
Value to_json(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("tojson", arguments,
                              {"ensure_ascii", "indent", "separators", "sort_keys"});
  Heap& heap = renderer.heap();
  DumpOptions options;
  options.ensure_ascii = parameters.flag(0, false);
  options.indent = indentation(parameters.at(1), heap);
  options.sort_keys = parameters.flag(3, false);
  if (options.indent) options.item_separator = ",";
  if (parameters.has_value(2)) {
    const std::vector<Value> separators = items_of(parameters.at(2), heap);
    if (separators.size() != 2 || !separators[0].is_string() || !separators[1].is_string()) {
      throw Failure("the separators of tojson must be two texts");
    }
    options.item_separator = separators[0].text();
    options.key_separator = separators[1].text();
  }
  return Value(dumped_json(input, options, heap));
}

/// As jinja2 writes it: sorted, and safe inside of HTML.
Value to_safe_json(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("tojson", arguments, {"indent"});
  DumpOptions options;
  options.ensure_ascii = true;
  options.sort_keys = true;
  options.indent = indentation(parameters.at(0), renderer.heap());
  if (options.indent) options.item_separator = ",";
  std::string text;
  for (const char c : dumped_json(input, options, renderer.heap())) {
    const bool is_special = c == '<' || c == '>' || c == '&' || c == '\'';
    text += is_special ? fmt::format("\\u{:04x}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return Value(std::move(text), true);
}

Value replace_by_pattern(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("regex_replace", arguments, {"pattern", "repl", "count"}, 2);
  require_defined(input);
  if (!input.is_string()) throw Failure("regex_replace needs a text, not a " + type_name(input));
  return Value(regex_replaced(input.text(), parameters.text(0, ""), parameters.text(1, ""),
                              clamped(parameters.integer(2, 0)), renderer.heap()));
}

}  // namespace

FilterFunction find_value_filter(std::string_view name, const Settings& settings) {
  static const std::unordered_map<std::string_view, FilterFunction> kFilters{
      {"abs", absolute},   {"attr", attribute}, {"d", standard},   {"default", standard},
      {"float", floating}, {"int", integer},    {"round", rounded}};
  if (name == "tojson") return settings.for_chat ? to_json : to_safe_json;
  if (name == "regex_replace" && !settings.for_chat) return replace_by_pattern;
  const auto found = kFilters.find(name);
  return found == kFilters.end() ? nullptr : found->second;
}

}  // namespace allometer::jinja
