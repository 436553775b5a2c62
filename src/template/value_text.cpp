#include "template/value_text.hpp"

#include <fmt/format.h>

#include "template/number.hpp"
#include "template/python_text.hpp"

namespace allometer::jinja {
namespace {

void append_repr_of_code_point(std::string& out, char32_t code_point, char32_t quote) {
  switch (code_point) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      break;
  }
  const auto number = static_cast<std::uint32_t>(code_point);
  if (code_point == quote) {
    out += '\\';
    append_utf8(out, code_point);
  } else if (is_printable(code_point)) {
    append_utf8(out, code_point);
  } else if (number < 0x100) {
    out += fmt::format("\\x{:02x}", number);
  } else if (number < 0x10000) {
    out += fmt::format("\\u{:04x}", number);
  } else {
    out += fmt::format("\\U{:08x}", number);
  }
}

std::string repr_of_list(const List& list, Heap& heap) {
  std::string out(1, list.is_tuple ? '(' : '[');
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) out += ", ";
    out += repr_of(list.items[i], heap);
  }
  if (list.is_tuple && list.items.size() == 1) out += ',';
  return out += list.is_tuple ? ')' : ']';
}

std::string repr_of_dict(const Dict& dict, Heap& heap) {
  std::string out = "{";
  for (const auto& [key, value] : dict.entries) {
    if (out.size() > 1) out += ", ";
    out += repr_of(key, heap) + ": " + repr_of(value, heap);
  }
  return out += '}';
}

std::string repr_of_container(const Value& value, Heap& heap) {
  const Heap::Level level(heap);
  if (const List* list = value.list()) return repr_of_list(*list, heap);
  if (const Dict* dict = value.dict()) return repr_of_dict(*dict, heap);
  if (auto text = value.object()->repr(heap)) return std::move(*text);
  throw Failure(
      "a " + type_name(value) +
      " has no text that could be printed: print what it holds or gives (a generator as a "
      "list, with |list)");
}

}  // namespace

std::string repr_of_text(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  for (const char32_t c : code_points_of(text)) {
    append_repr_of_code_point(out, c, static_cast<unsigned char>(quote));
  }
  return out += quote;
}

std::string str_of(const Value& value, Heap& heap) {
  if (value.is_string()) return value.text();
  if (value.is_undefined()) {
    if (value.undefined().strict) throw Failure(value.undefined().message);
    return "";
  }
  return repr_of(value, heap);
}

std::string repr_of(const Value& value, Heap& heap) {
  heap.spend(1);
  if (value.is_none()) return "None";
  if (value.is_bool()) return value.boolean() ? "True" : "False";
  if (const auto index = value.as_index()) return text_of_int(*index);
  if (value.is_float()) return repr_of_float(value.floating());
  if (value.is_undefined()) return "Undefined";
  std::string out;
  if (value.is_string()) {
    out = repr_of_text(value.text());
    if (value.is_markup()) out = "Markup(" + out + ")";
  } else {
    out = repr_of_container(value, heap);
  }
  heap.spend_bytes(out.size());
  return out;
}

Value soft_str(const Value& value, Heap& heap) {
  return value.is_string() ? value : Value(str_of(value, heap));
}

std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace allometer::jinja
