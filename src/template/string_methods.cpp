#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "template/arguments.hpp"
#include "template/format_text.hpp"
#include "template/methods.hpp"
#include "template/python_text.hpp"
#include "template/renderer.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

/// `self.name(arguments)`
using Method = Value (*)(const Value& self, const Arguments& arguments, Renderer& renderer);

/// A text like `self`, which is safe where that is.
Value like(const Value& self, std::string text) {
  return Value(std::move(text), self.is_markup());
}

/// An argument as it goes into `self`.
std::string inserted(const Value& self, const Value& argument) {
  if (!argument.is_string()) throw Failure("a text is needed, not a " + type_name(argument));
  return self.is_markup() && !argument.is_markup() ? escaped_html(argument.text())
                                                   : argument.text();
}

template <std::string (*change)(std::string_view)>
Value changed(const Value& self, const Arguments& arguments, Renderer&) {
  const Parameters none("the method", arguments, {});
  return like(self, change(self.text()));
}

template <Ends ends>
Value stripped(const Value& self, const Arguments& arguments, Renderer&) {
  const Parameters parameters("strip", arguments, {"chars"});
  return like(self, strip(self.text(), parameters.optional_text(0), ends));
}

Value list_of_texts(const Value& self, const std::vector<std::string>& texts, Renderer& renderer) {
  std::vector<Value> items;
  for (const std::string& text : texts) items.push_back(like(self, text));
  return Value(renderer.heap().make_list(std::move(items)));
}

template <std::vector<std::string> (*cut)(std::string_view, const std::optional<std::string>&,
                                          std::int64_t)>
Value parts(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const Parameters parameters("split", arguments, {"sep", "maxsplit"});
  const auto separator = parameters.optional_text(0);
  if (separator && separator->empty()) throw Failure("split: the separator is empty");
  return list_of_texts(self, cut(self.text(), separator, clamped(parameters.integer(1, -1))),
                       renderer);
}

Value lines(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const Parameters parameters("splitlines", arguments, {"keepends"});
  return list_of_texts(self, split_lines(self.text(), parameters.flag(0, false)), renderer);
}

/// The part of `text` that start and stop leave, as find(), count() and startswith() take them.
struct Window {
  std::u32string text;
  Int start = 0;
  bool is_valid = true;  ///< false where start lies behind the end: then nothing is found
};

Window window_of(const Value& self, const Parameters& parameters) {
  std::u32string text = code_points_of(self.text());
  const auto size = static_cast<Int>(text.size());
  const Int start = parameters.has_value(1) ? parameters.integer(1, 0) : 0;
  const Int stop = parameters.has_value(2) ? parameters.integer(2, 0) : size;
  const auto bounded = [&](Int index) {
    return index < 0 ? std::max(index + size, Int{0}) : index;
  };
  const Int from = bounded(start);
  const Int to = std::min(bounded(stop), size);
  if (from > size || from > to) return {U"", from, from <= to};
  return {text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)), from,
          true};
}

template <bool is_last, bool must_be_there>
Value found_at(const Value& self, const Arguments& arguments, Renderer&) {
  const Parameters parameters("find", arguments, {"sub", "start", "end"}, 1);
  const Window window = window_of(self, parameters);
  const std::u32string wanted = code_points_of(parameters.text(0, ""));
  const std::size_t at = is_last ? window.text.rfind(wanted) : window.text.find(wanted);
  if (window.is_valid && at != std::u32string::npos) {
    return Value(static_cast<Int>(at) + window.start);
  }
  if (must_be_there) throw Failure("index: the text does not hold what is looked for");
  return Value(Int{-1});
}

Value counted(const Value& self, const Arguments& arguments, Renderer&) {
  const Parameters parameters("count", arguments, {"sub", "start", "end"}, 1);
  const Window window = window_of(self, parameters);
  const std::u32string wanted = code_points_of(parameters.text(0, ""));
  if (!window.is_valid) return Value(Int{0});
  if (wanted.empty()) return Value(static_cast<Int>(window.text.size()) + 1);
  Int count = 0;
  for (std::size_t at = 0; (at = window.text.find(wanted, at)) != std::u32string::npos;
       at += wanted.size()) {
    ++count;
  }
  return Value(count);
}

template <bool at_start>
Value has_affix(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const Parameters parameters("startswith", arguments, {"prefix", "start", "end"}, 1);
  const Window window = window_of(self, parameters);
  const Value affixes = parameters.at(0);
  std::vector<Value> candidates{affixes};
  if (affixes.list() != nullptr && affixes.list()->is_tuple) {
    candidates = items_of(affixes, renderer.heap());
  }
  for (const Value& candidate : candidates) {
    if (!candidate.is_string()) {
      throw Failure("startswith and endswith need a text or a tuple of texts, not a " +
                    type_name(candidate));
    }
    const std::u32string affix = code_points_of(candidate.text());
    const bool fits = at_start ? window.text.starts_with(affix) : window.text.ends_with(affix);
    if (window.is_valid && fits) return Value(true);
  }
  return Value(false);
}

Value replaced(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const Parameters parameters("replace", arguments, {"old", "new", "count"}, 2);
  const std::string from = inserted(self, parameters.at(0));
  const std::string to = inserted(self, parameters.at(1));
  std::string text =
      replace_bounded(self.text(), from, to, clamped(parameters.integer(2, -1)), renderer.heap());
  return like(self, std::move(text));
}

Value joined(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const Parameters parameters("join", arguments, {"iterable"}, 1);
  std::string text;
  bool is_first = true;
  for (const Value& item : items_of(parameters.at(0), renderer.heap())) {
    if (!is_first) text += self.text();
    is_first = false;
    text += inserted(self, item);
    renderer.heap().spend_bytes(item.text().size() + self.text().size());
  }
  return like(self, std::move(text));
}

Value formatted(const Value& self, const Arguments& arguments, Renderer& renderer) {
  if (self.is_markup()) throw Failure("format is not supported on text that is marked as safe");
  return Value(formatted_braces(self.text(), arguments, renderer));
}

template <Side side>
Value padded(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const Parameters parameters("center", arguments, {"width", "fillchar"}, 1);
  const std::u32string fill =
      parameters.has(1) ? code_points_of(inserted(self, parameters.at(1))) : U" ";
  if (fill.size() != 1) throw Failure("the character to fill with must be one");
  const std::int64_t width = clamped(parameters.integer(0, 0));
  renderer.heap().spend_bytes(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)));
  return like(self, pad_text(self.text(), width, fill[0], side));
}

Value zero_filled(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const std::int64_t width = clamped(Parameters("zfill", arguments, {"width"}, 1).integer(0, 0));
  renderer.heap().spend_bytes(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)));
  const std::string& text = self.text();
  const bool is_signed = !text.empty() && (text[0] == '-' || text[0] == '+');
  const std::string digits =
      pad_text(text.substr(is_signed ? 1 : 0), width - (is_signed ? 1 : 0), '0', Side::right);
  return like(self, (is_signed ? text.substr(0, 1) : "") + digits);
}

template <bool at_start>
Value without_affix(const Value& self, const Arguments& arguments, Renderer&) {
  const std::string affix = Parameters("removeprefix", arguments, {"affix"}, 1).text(0, "");
  const std::string& text = self.text();
  const bool fits = at_start ? text.starts_with(affix) : text.ends_with(affix);
  if (!fits) return self;
  const std::size_t length = text.size() - affix.size();
  return like(self, at_start ? text.substr(affix.size()) : text.substr(0, length));
}

template <bool is_last>
Value partitioned(const Value& self, const Arguments& arguments, Renderer& renderer) {
  const std::string separator = Parameters("partition", arguments, {"sep"}, 1).text(0, "");
  if (separator.empty()) throw Failure("partition: the separator is empty");
  const std::string& text = self.text();
  const std::size_t at = is_last ? text.rfind(separator) : text.find(separator);
  std::vector<Value> three;
  if (at != std::string::npos) {
    three = {like(self, text.substr(0, at)), like(self, separator),
             like(self, text.substr(at + separator.size()))};
  } else if (is_last) {
    three = {like(self, ""), like(self, ""), self};
  } else {
    three = {self, like(self, ""), like(self, "")};
  }
  return Value(renderer.heap().make_list(std::move(three), true));
}

/// Is every code point of this kind, and is there one?
template <bool (*is_kind)(char32_t)>
Value consists_of(const Value& self, const Arguments&, Renderer&) {
  const std::u32string points = code_points_of(self.text());
  return Value(!points.empty() && std::all_of(points.begin(), points.end(), is_kind));
}

template <bool (*test)(std::string_view)>
Value tested(const Value& self, const Arguments&, Renderer&) {
  return Value(test(self.text()));
}

bool is_alphanumeric(char32_t c) {
  return c != '_' && is_word(c);
}

Value only_ascii(const Value& self, const Arguments&, Renderer&) {
  const std::string& text = self.text();
  return Value(std::all_of(text.begin(), text.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

Value only_printable(const Value& self, const Arguments&, Renderer&) {
  const std::u32string points = code_points_of(self.text());
  return Value(std::all_of(points.begin(), points.end(), is_printable));
}

const std::unordered_map<std::string, Method>& methods() {
  static const std::unordered_map<std::string, Method> kMethods{
      {"capitalize", changed<to_capitalized>},
      {"center", padded<Side::center>},
      {"count", counted},
      {"endswith", has_affix<false>},
      {"find", found_at<false, false>},
      {"format", formatted},
      {"index", found_at<false, true>},
      {"isalnum", consists_of<is_alphanumeric>},
      {"isalpha", consists_of<is_alpha>},
      {"isascii", only_ascii},
      {"isdecimal", consists_of<is_decimal>},
      {"isdigit", consists_of<is_digit>},
      {"islower", tested<is_lower_text>},
      {"isprintable", only_printable},
      {"isspace", consists_of<is_space>},
      {"istitle", tested<is_title_text>},
      {"isupper", tested<is_upper_text>},
      {"join", joined},
      {"ljust", padded<Side::left>},
      {"lower", changed<to_lower>},
      {"lstrip", stripped<Ends::left>},
      {"partition", partitioned<false>},
      {"removeprefix", without_affix<true>},
      {"removesuffix", without_affix<false>},
      {"replace", replaced},
      {"rfind", found_at<true, false>},
      {"rindex", found_at<true, true>},
      {"rjust", padded<Side::right>},
      {"rpartition", partitioned<true>},
      {"rsplit", parts<rsplit>},
      {"rstrip", stripped<Ends::right>},
      {"split", parts<split>},
      {"splitlines", lines},
      {"startswith", has_affix<true>},
      {"strip", stripped<Ends::both>},
      {"swapcase", changed<to_swapped_case>},
      {"title", changed<to_title>},
      {"upper", changed<to_upper>},
      {"zfill", zero_filled}};
  return kMethods;
}

/// Python has them too.
constexpr std::array<std::string_view, 8> kOthers{"casefold",   "encode",       "expandtabs",
                                                  "format_map", "isidentifier", "isnumeric",
                                                  "maketrans",  "translate"};

}  // namespace

std::optional<Value> string_attribute(const Value& text, const std::string& name,
                                      Renderer& renderer) {
  const auto found = methods().find(name);
  if (found != methods().end()) {
    return method_value(
        renderer, name,
        [text, method = found->second](Renderer& called, const Arguments& arguments) {
          called.heap().spend_text(text);
          return method(text, arguments, called);
        });
  }
  if (std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end()) {
    throw Failure("the method '" + name + "' of texts is not supported");
  }
  return std::nullopt;
}

std::string replace_bounded(std::string_view text, std::string_view from, std::string_view to,
                            std::int64_t most, Heap& heap) {
  // No more than one per byte, and one behind the last.
  heap.spend_bytes((text.size() / std::max<std::size_t>(from.size(), 1) + 1) * to.size());
  return replace_text(text, from, to, most);
}

}  // namespace allometer::jinja
