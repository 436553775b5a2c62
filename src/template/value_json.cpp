#include "template/value_json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "template/number.hpp"
#include "template/python_text.hpp"

namespace allometer::jinja {
namespace {

template <class Json>
Value converted(const Json& document, Heap& heap) {
  const Heap::Level level(heap);
  heap.spend(1);
  switch (document.type()) {
    case Json::value_t::boolean:
      return Value(document.template get<bool>());
    case Json::value_t::number_integer:
      return Value(static_cast<Int>(document.template get<std::int64_t>()));
    case Json::value_t::number_unsigned:
      return Value(static_cast<Int>(document.template get<std::uint64_t>()));
    case Json::value_t::number_float:
      return Value(document.template get<double>());
    case Json::value_t::string:
      return Value(document.template get_ref<const std::string&>());
    case Json::value_t::array: {
      List* list = heap.make_list();
      for (const Json& item : document) list->items.push_back(converted(item, heap));
      return Value(list);
    }
    case Json::value_t::object: {
      Dict* dict = heap.make_dict();
      for (const auto& [key, item] : document.items()) dict->set_text(key, converted(item, heap));
      return Value(dict);
    }
    default:
      return Value();
  }
}

std::optional<nlohmann::json> json_of_int(Int value) {
  if (value >= std::numeric_limits<std::int64_t>::min() &&
      value <= std::numeric_limits<std::int64_t>::max()) {
    return nlohmann::json(static_cast<std::int64_t>(value));
  }
  if (value > 0 && value <= std::numeric_limits<std::uint64_t>::max()) {
    return nlohmann::json(static_cast<std::uint64_t>(value));
  }
  return std::nullopt;
}

std::optional<nlohmann::json> json_of_list(const List& list, Heap& heap) {
  nlohmann::json array = nlohmann::json::array();
  for (const Value& item : list.items) {
    auto part = json_of(item, heap);
    if (!part) return std::nullopt;
    array.push_back(std::move(*part));
  }
  return array;
}

std::optional<nlohmann::json> json_of_dict(const Dict& dict, Heap& heap) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [key, item] : dict.entries) {
    auto part = json_of(item, heap);
    if (!part || !key.is_string()) return std::nullopt;
    object[key.text()] = std::move(*part);
  }
  return object;
}

class Dumper {
 public:
  Dumper(const DumpOptions& options, Heap& heap) : options_(options), heap_(heap) {}

  void dump(const Value& value) {
    heap_.spend(1);
    if (value.is_none()) {
      out_ += "null";
    } else if (value.is_bool()) {
      out_ += value.boolean() ? "true" : "false";
    } else if (const auto index = value.as_index()) {
      out_ += text_of_int(*index);
    } else if (value.is_float()) {
      out_ += text_of_float(value.floating());
    } else if (value.is_string()) {
      dump_text(value.text());
    } else if (value.list() != nullptr) {
      dump_list(*value.list());
    } else if (value.dict() != nullptr) {
      dump_dict(*value.dict());
    } else {
      throw Failure("Object of type " + type_name(value) + " is not JSON serializable");
    }
  }

  std::string take() {
    heap_.spend_bytes(out_.size());
    return std::move(out_);
  }

 private:
  static std::string text_of_float(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return repr_of_float(value);
  }

  void dump_text(const std::string& text) {
    heap_.spend_bytes(text.size());
    out_ += '"';
    for (const char32_t c : code_points_of(text)) append_escaped(c);
    out_ += '"';
  }

  void append_escaped(char32_t c) {
    constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    const auto found = c < 0x80 ? kShort.find(static_cast<char>(c)) : std::string_view::npos;
    const auto number = static_cast<std::uint32_t>(c);
    if (found != std::string_view::npos) {
      out_ += '\\';
      out_ += kLetters[found];
    } else if (number < 0x20 || (options_.ensure_ascii && number >= 0x7F && number < 0x10000)) {
      out_ += fmt::format("\\u{:04x}", number);
    } else if (options_.ensure_ascii && number >= 0x10000) {
      const std::uint32_t offset = number - 0x10000;
      out_ += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (offset >> 10), 0xDC00 + (offset & 0x3FF));
    } else {
      append_utf8(out_, c);
    }
  }

  void break_line() {
    if (!options_.indent) return;
    out_ += '\n';
    for (int i = 0; i < depth_; ++i) out_ += *options_.indent;
    heap_.spend_bytes(static_cast<std::size_t>(depth_) * options_.indent->size());
  }

  void dump_list(const List& list) {
    const Heap::Level level(heap_);
    if (list.items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++depth_;
    bool is_first = true;
    for (const Value& item : list.items) {
      if (!is_first) out_ += options_.item_separator;
      is_first = false;
      break_line();
      dump(item);
    }
    --depth_;
    break_line();
    out_ += ']';
  }

  void dump_dict(const Dict& dict) {
    const Heap::Level level(heap_);
    if (dict.entries.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    if (options_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(), [&](const auto* a, const auto* b) {
        return less(a->first, b->first, heap_);
      });
    }
    out_ += '{';
    ++depth_;
    bool is_first = true;
    for (const auto* entry : entries) {
      if (!is_first) out_ += options_.item_separator;
      is_first = false;
      break_line();
      dump_key(entry->first);
      out_ += options_.key_separator;
      dump(entry->second);
    }
    --depth_;
    break_line();
    out_ += '}';
  }

  /// JSON's keys are texts: numbers, booleans and None are quoted.
  void dump_key(const Value& key) {
    if (key.is_string()) {
      dump_text(key.text());
    } else if (key.is_number() || key.is_none()) {
      out_ += '"';
      dump(key);
      out_ += '"';
    } else {
      throw Failure("keys must be str, int, float, bool or None, not " + type_name(key));
    }
  }

  const DumpOptions& options_;
  Heap& heap_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

Value value_of(const nlohmann::json& document, Heap& heap) {
  return converted(document, heap);
}

Value value_of(const nlohmann::ordered_json& document, Heap& heap) {
  return converted(document, heap);
}

std::optional<nlohmann::json> json_of(const Value& value, Heap& heap) {
  const Heap::Level level(heap);
  heap.spend(1);
  if (value.is_none()) return nlohmann::json(nullptr);
  if (value.is_bool()) return nlohmann::json(value.boolean());
  if (const auto index = value.as_index()) return json_of_int(*index);
  if (value.is_float()) {
    if (!std::isfinite(value.floating())) return std::nullopt;
    return nlohmann::json(value.floating());
  }
  if (value.is_string()) return nlohmann::json(value.text());
  if (value.list() != nullptr) return json_of_list(*value.list(), heap);
  if (value.dict() != nullptr) return json_of_dict(*value.dict(), heap);
  return std::nullopt;
}

std::string dumped_json(const Value& value, const DumpOptions& options, Heap& heap) {
  Dumper dumper(options, heap);
  dumper.dump(value);
  return dumper.take();
}

}  // namespace allometer::jinja
