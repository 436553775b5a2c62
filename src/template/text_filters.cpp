#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "template/filters.hpp"
#include "template/format_text.hpp"
#include "template/methods.hpp"
#include "template/python_text.hpp"
#include "template/renderer.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

/// The input as a text that a filter changes; what comes out is safe where the input is.
template <std::string (*change)(std::string_view)>
Value changed(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters none("the filter", arguments, {});
  const Value text = soft_str(input, renderer.heap());
  return Value(change(text.text()), text.is_markup());
}

/// Words begin behind white space and - ( { [ <.
std::string titled(std::string_view text) {
  const std::u32string points = code_points_of(text);
  const auto is_divider = [](char32_t c) {
    return is_space(c) || std::u32string_view(U"-({[<").find(c) != std::u32string_view::npos;
  };
  std::string out;
  for (std::size_t at = 0; at < points.size();) {
    std::size_t end = at + 1;
    while (end < points.size() && is_divider(points[end]) == is_divider(points[at])) ++end;
    out += to_upper(utf8_of(std::u32string_view(points).substr(at, 1)));
    out += to_lower(utf8_of(std::u32string_view(points).substr(at + 1, end - at - 1)));
    at = end;
  }
  return out;
}

Value center(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const std::int64_t width = clamped(Parameters("center", arguments, {"width"}).integer(0, 80));
  renderer.heap().spend_bytes(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)));
  const Value text = soft_str(input, renderer.heap());
  return Value(pad_text(text.text(), width, ' ', Side::center), text.is_markup());
}

Value format(Renderer& renderer, const Value& input, const Arguments& arguments) {
  if (!arguments.named.empty() && !arguments.positional.empty()) {
    throw Failure("format takes either positional arguments or named ones");
  }
  Heap& heap = renderer.heap();
  const Value text = soft_str(input, heap);
  if (arguments.named.empty()) {
    return formatted_percent(text, Value(heap.make_list(arguments.positional, true)), heap);
  }
  Dict* dict = heap.make_dict();
  fill_dict(*dict, arguments, renderer);
  return formatted_percent(text, Value(dict), heap);
}

const std::string& required_text(std::string_view filter, const Value& input) {
  if (input.is_undefined()) throw Failure(input.undefined().message);
  if (!input.is_string()) {
    throw Failure(fmt::format("{} needs a text, not a {}", filter, type_name(input)));
  }
  return input.text();
}

std::string indentation(const Parameters& parameters, Heap& heap) {
  if (parameters.has(0) && parameters.at(0).is_string()) return parameters.text(0, "");
  const auto width = clamped(parameters.integer(0, 4));
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(width, 0));
  heap.spend_bytes(count);
  return std::string(count, ' ');
}

Value indent(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("indent", arguments, {"width", "first", "blank"});
  const std::string& text = required_text("indent", input);
  const std::string indention = indentation(parameters, renderer.heap());
  const bool indents_blank = parameters.flag(2, false);
  std::string out = parameters.flag(1, false) ? indention : "";
  bool is_first = true;
  for (const std::string& line : split_lines(text + "\n", false)) {
    if (!is_first) out += (indents_blank || !line.empty()) ? "\n" + indention : "\n";
    is_first = false;
    out += line;
    renderer.heap().spend_bytes(indention.size());
  }
  return Value(std::move(out), input.is_markup());
}

Value replace(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("replace", arguments, {"old", "new", "count"}, 2);
  Heap& heap = renderer.heap();
  const std::int64_t most = parameters.has_value(2) ? clamped(parameters.integer(2, -1)) : -1;
  return Value(replace_bounded(str_of(input, heap), str_of(parameters.at(0), heap),
                               str_of(parameters.at(1), heap), most, heap));
}

Value trim(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("trim", arguments, {"chars"});
  const Value text = soft_str(input, renderer.heap());
  return Value(strip(text.text(), parameters.optional_text(0), Ends::both), text.is_markup());
}

Value truncate(Renderer&, const Value& input, const Arguments& arguments) {
  const Parameters parameters("truncate", arguments, {"length", "killwords", "end", "leeway"});
  const Int length = parameters.integer(0, 255);
  const std::string end = parameters.text(2, "...");
  const Int leeway = parameters.has_value(3) ? parameters.integer(3, 5) : 5;
  const auto end_length = static_cast<Int>(num_code_points(end));
  if (length < end_length || leeway < 0) {
    throw Failure("truncate: the length must hold the end, and the leeway cannot be negative");
  }
  // Whatever is short enough stays as it is.
  if (length_of(input).value_or(length + leeway + 1) <= length + leeway) return input;
  const std::u32string points = code_points_of(required_text("truncate", input));
  const std::string kept = utf8_of(points.substr(0, static_cast<std::size_t>(length - end_length)));
  if (parameters.flag(1, false)) return Value(kept + end, input.is_markup());
  return Value(rsplit(kept, " ", 1).front() + end, input.is_markup());
}

/// As urllib.parse.quote: letters, digits, _.-~ and what `safe` adds stand for themselves.
std::string quoted_for_url(std::string_view text, bool is_query) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte) != 0) || c == '_' || c == '.' || c == '-' || c == '~' ||
        (c == '/' && !is_query)) {
      out += c;
    } else if (c == ' ' && is_query) {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

Value urlencode(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters none("urlencode", arguments, {});
  Heap& heap = renderer.heap();
  std::vector<Value> pairs;
  if (const Dict* dict = input.dict()) {
    for (const auto& [key, value] : dict->entries) {
      pairs.emplace_back(heap.make_list({key, value}, true));
    }
  } else if (input.is_string() || !try_iterate(input, heap)) {
    return Value(quoted_for_url(str_of(input, heap), false));
  } else {
    pairs = items_of(input, heap);
  }
  std::string out;
  for (const Value& pair : pairs) {
    const std::vector<Value> parts = items_of(pair, heap);
    if (parts.size() != 2) throw Failure("urlencode needs pairs of a name and a value");
    if (!out.empty()) out += '&';
    out += quoted_for_url(str_of(parts[0], heap), true) + "=" +
           quoted_for_url(str_of(parts[1], heap), true);
  }
  return Value(std::move(out));
}

Value wordcount(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters none("wordcount", arguments, {});
  Int words = 0;
  bool in_word = false;
  for (const char32_t c : code_points_of(soft_str(input, renderer.heap()).text())) {
    words += is_word(c) && !in_word ? 1 : 0;
    in_word = is_word(c);
  }
  return Value(words);
}

Value escape(Renderer& renderer, const Value& input, const Arguments&) {
  if (input.is_markup()) return input;
  return Value(escaped_html(str_of(input, renderer.heap())), true);
}

Value forceescape(Renderer& renderer, const Value& input, const Arguments&) {
  return Value(escaped_html(str_of(input, renderer.heap())), true);
}

Value safe(Renderer& renderer, const Value& input, const Arguments&) {
  return Value(str_of(input, renderer.heap()), true);
}

Value string(Renderer& renderer, const Value& input, const Arguments&) {
  return soft_str(input, renderer.heap());
}

}  // namespace

FilterFunction find_text_filter(std::string_view name) {
  static const std::unordered_map<std::string_view, FilterFunction> kFilters{
      {"capitalize", changed<to_capitalized>},
      {"center", center},
      {"e", escape},
      {"escape", escape},
      {"forceescape", forceescape},
      {"format", format},
      {"indent", indent},
      {"lower", changed<to_lower>},
      {"replace", replace},
      {"safe", safe},
      {"string", string},
      {"title", changed<titled>},
      {"trim", trim},
      {"truncate", truncate},
      {"upper", changed<to_upper>},
      {"urlencode", urlencode},
      {"wordcount", wordcount}};
  const auto found = kFilters.find(name);
  return found == kFilters.end() ? nullptr : found->second;
}

}  // namespace allometer::jinja
