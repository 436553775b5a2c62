#include "template/value.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "template/number.hpp"
#include "template/python_text.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

/// As deep as Python's own limit lets jinja2 go; a level takes less than 4 KiB of stack.
constexpr int kDeepest = 1000;

[[noreturn]] void fail_undefined(const Value& value) {
  throw Failure(value.undefined().message);
}

void require_defined(const Value& value) {
  if (value.is_undefined() && value.undefined().strict) fail_undefined(value);
}

bool equal_texts(const Value& a, const Value& b, Heap& heap) {
  if (a.text().size() != b.text().size()) return false;
  heap.spend_text(a);
  return a.text() == b.text();
}

bool equal_lists(const List& a, const List& b, Heap& heap) {
  if (a.is_tuple != b.is_tuple || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!equal(a.items[i], b.items[i], heap)) return false;
  }
  return true;
}

bool equal_dicts(const Dict& a, const Dict& b, Heap& heap) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.find(key_id(key, heap));
    if (other == nullptr || !equal(value, *other, heap)) return false;
  }
  return true;
}

/// Views of keys and items compare as sets do.
bool equal_views(View& a, View& b, Heap& heap) {
  if (a.part() == View::Part::values || b.part() == View::Part::values) return &a == &b;
  if (a.length() != b.length()) return false;
  const std::vector<Value> others = items_of(Value(static_cast<Object*>(&b)), heap);
  for (const Value& item : items_of(Value(static_cast<Object*>(&a)), heap)) {
    bool found = false;
    for (const Value& other : others) found = found || equal(item, other, heap);
    if (!found) return false;
  }
  return true;
}

bool equal_ranges(const Range& a, const Range& b) {
  const Int length = *a.length();
  return length == *b.length() &&
         (length == 0 || (a.at(0) == b.at(0) && (length == 1 || a.at(1) == b.at(1))));
}

bool equal_objects(const Value& a, const Value& b, Heap& heap) {
  if (a.object() == b.object()) return true;
  if (a.as<View>() != nullptr && b.as<View>() != nullptr) {
    return equal_views(*a.as<View>(), *b.as<View>(), heap);
  }
  if (a.as<Range>() != nullptr && b.as<Range>() != nullptr) {
    return equal_ranges(*a.as<Range>(), *b.as<Range>());
  }
  return false;
}

bool less_lists(const List& a, const List& b, Heap& heap) {
  for (std::size_t i = 0; i < a.items.size() && i < b.items.size(); ++i) {
    if (!equal(a.items[i], b.items[i], heap)) return less(a.items[i], b.items[i], heap);
  }
  return a.items.size() < b.items.size();
}

Cursor cursor_of_list(const List* list) {
  return [list, at = std::size_t{0}]() mutable -> std::optional<Value> {
    if (at >= list->items.size()) return std::nullopt;
    return list->items[at++];
  };
}

Cursor cursor_of_keys(const Dict* dict) {
  return [dict, at = std::size_t{0}]() mutable -> std::optional<Value> {
    if (at >= dict->entries.size()) return std::nullopt;
    return dict->entries[at++].first;
  };
}

Cursor cursor_of_text(const Value& text, Heap& heap) {
  heap.spend_text(text);
  return [points = code_points_of(text.text()), markup = text.is_markup(),
          at = std::size_t{0}]() mutable -> std::optional<Value> {
    if (at >= points.size()) return std::nullopt;
    return Value(utf8_of(std::u32string_view(points).substr(at++, 1)), markup);
  };
}

}  // namespace

void Dict::set(std::string id, Value key, Value value) {
  const auto [found, is_new] = positions.try_emplace(std::move(id), entries.size());
  if (is_new) {
    entries.emplace_back(std::move(key), std::move(value));
  } else {
    entries[found->second].second = std::move(value);
  }
}

void Dict::erase(const std::string& id) {
  const auto found = positions.find(id);
  if (found == positions.end()) return;
  const std::size_t at = found->second;
  positions.erase(found);
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  for (auto& [other, position] : positions) position -= position > at ? 1 : 0;
}

List* Heap::make_list(std::vector<Value> items, bool is_tuple) {
  spend(4 + items.size());
  lists_.push_back(std::make_unique<List>(List{std::move(items), is_tuple}));
  return lists_.back().get();
}

Dict* Heap::make_dict() {
  spend(8);
  dicts_.push_back(std::make_unique<Dict>());
  return dicts_.back().get();
}

void Heap::spend(std::size_t units) {
  work_ -= static_cast<std::int64_t>(units);
  if (work_ < 0) {
    throw Failure(
        "the template takes too many steps or makes too much text: it seems to grow without end");
  }
}

Heap::Level::Level(Heap& heap) : heap_(heap) {
  if (heap.depth_ >= kDeepest) {
    throw Failure(fmt::format(
        "the template goes more than {} levels deep: a macro or a value seems to contain itself",
        kDeepest));
  }
  ++heap.depth_;
}

std::optional<std::string> Range::repr(Heap&) const {
  std::string text = "range(" + text_of_int(start_) + ", " + text_of_int(stop_);
  if (step_ != 1) text += ", " + text_of_int(step_);
  return text + ")";
}

std::optional<Int> Range::length() const {
  if (step_ > 0 ? start_ >= stop_ : start_ <= stop_) return 0;
  return (step_ > 0 ? stop_ - start_ - 1 : start_ - stop_ - 1) / (step_ > 0 ? step_ : -step_) + 1;
}

std::optional<Cursor> Range::iterate(Heap&) {
  return [this, at = Int{0}, size = *length()]() mutable -> std::optional<Value> {
    if (at >= size) return std::nullopt;
    return Value(this->at(at++));
  };
}

std::string View::type_name() const {
  return part_ == Part::keys ? "dict_keys" : part_ == Part::values ? "dict_values" : "dict_items";
}

std::optional<std::string> View::repr(Heap& heap) const {
  std::vector<Value> items;
  for (std::size_t i = 0; i < dict_.entries.size(); ++i) items.push_back(at(i, heap));
  return type_name() + "(" + repr_of(Value(heap.make_list(std::move(items))), heap) + ")";
}

Value View::at(std::size_t index, Heap& heap) const {
  const auto& [key, value] = dict_.entries[index];
  if (part_ == Part::keys) return key;
  if (part_ == Part::values) return value;
  return Value(heap.make_list({key, value}, true));
}

std::optional<Cursor> View::iterate(Heap& heap) {
  return [this, &heap, at = std::size_t{0}]() mutable -> std::optional<Value> {
    if (at >= dict_.entries.size()) return std::nullopt;
    return this->at(at++, heap);
  };
}

std::optional<Cursor> Iterator::iterate(Heap& heap) {
  return [this, &heap]() -> std::optional<Value> {
    const Heap::Level level(heap);
    return next_();
  };
}

std::optional<std::string> Namespace::repr(Heap& heap) const {
  return "<Namespace " + repr_of(Value(attributes_), heap) + ">";
}

std::optional<Value> Namespace::attribute(const std::string& name, Renderer&) {
  const Value* found = attributes_->find_text(name);
  return found != nullptr ? std::optional<Value>(*found) : std::nullopt;
}

std::string type_name(const Value& value) {
  if (value.is_none()) return "NoneType";
  if (value.is_bool()) return "bool";
  if (value.is_int()) return "int";
  if (value.is_float()) return "float";
  if (value.is_string()) return value.is_markup() ? "Markup" : "str";
  if (value.is_undefined()) return value.undefined().strict ? "StrictUndefined" : "Undefined";
  if (const List* list = value.list()) return list->is_tuple ? "tuple" : "list";
  if (value.dict() != nullptr) return "dict";
  return value.object()->type_name();
}

std::string described(const Value& value) {
  if (value.is_none()) return "None";
  if (value.as<Namespace>() != nullptr) return "jinja2.utils.Namespace object";
  return type_name(value) + " object";
}

bool truth(const Value& value) {
  require_defined(value);
  if (value.is_none() || value.is_undefined()) return false;
  if (value.is_bool()) return value.boolean();
  if (const auto index = value.as_index()) return *index != 0;
  if (value.is_float()) return value.floating() != 0.0;
  if (value.is_string()) return !value.text().empty();
  const auto length = length_of(value);
  return !length || *length != 0;
}

std::optional<Int> length_of(const Value& value) {
  require_defined(value);
  if (value.is_undefined()) return 0;
  if (value.is_string()) return static_cast<Int>(num_code_points(value.text()));
  if (const List* list = value.list()) return static_cast<Int>(list->items.size());
  if (const Dict* dict = value.dict()) return static_cast<Int>(dict->entries.size());
  if (value.object() != nullptr) return value.object()->length();
  return std::nullopt;
}

std::optional<Cursor> try_iterate(const Value& value, Heap& heap) {
  require_defined(value);
  if (value.is_undefined()) return Cursor([]() -> std::optional<Value> { return std::nullopt; });
  if (value.is_string()) return cursor_of_text(value, heap);
  if (const List* list = value.list()) return cursor_of_list(list);
  if (const Dict* dict = value.dict()) return cursor_of_keys(dict);
  if (value.object() != nullptr) return value.object()->iterate(heap);
  return std::nullopt;
}

Cursor iterate(const Value& value, Heap& heap) {
  auto cursor = try_iterate(value, heap);
  if (!cursor) throw Failure("'" + type_name(value) + "' object is not iterable");
  return std::move(*cursor);
}

std::vector<Value> items_of(const Value& value, Heap& heap) {
  std::vector<Value> items;
  const Cursor next = iterate(value, heap);
  while (auto item = next()) {
    heap.spend(1);
    items.push_back(std::move(*item));
  }
  return items;
}

bool equal(const Value& a, const Value& b, Heap& heap) {
  require_defined(a);
  require_defined(b);
  heap.spend(1);
  if (a.is_number() && b.is_number())
    return compare_numbers(a, b) == std::partial_ordering::equivalent;
  if (a.is_string() && b.is_string()) return equal_texts(a, b, heap);
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  const Heap::Level level(heap);
  if (a.list() != nullptr && b.list() != nullptr) {
    return a.list() == b.list() || equal_lists(*a.list(), *b.list(), heap);
  }
  if (a.dict() != nullptr && b.dict() != nullptr) {
    return a.dict() == b.dict() || equal_dicts(*a.dict(), *b.dict(), heap);
  }
  return a.object() != nullptr && b.object() != nullptr && equal_objects(a, b, heap);
}

bool less(const Value& a, const Value& b, Heap& heap) {
  if (a.is_undefined()) fail_undefined(a);
  if (b.is_undefined()) fail_undefined(b);
  heap.spend(1);
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == std::partial_ordering::less;
  // The order of UTF-8's bytes is that of the code points.
  if (a.is_string() && b.is_string()) {
    heap.spend_bytes(std::min(a.text().size(), b.text().size()));
    return a.text() < b.text();
  }
  if (a.list() != nullptr && b.list() != nullptr && a.list()->is_tuple == b.list()->is_tuple) {
    const Heap::Level level(heap);
    return less_lists(*a.list(), *b.list(), heap);
  }
  throw Failure(
      fmt::format("'{}' and '{}' have no order: only numbers, texts and lists of them can "
                  "be compared with < and >, or sorted",
                  type_name(a), type_name(b)));
}

bool same(const Value& a, const Value& b, Heap& heap) {
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_bool() || b.is_bool()) return a.is_bool() && b.is_bool() && a.boolean() == b.boolean();
  if (a.is_int() && b.is_int()) return a.as_index() == b.as_index();
  if (a.is_float() && b.is_float()) return a.floating() == b.floating();
  if (a.is_string() && b.is_string()) return equal_texts(a, b, heap);
  if (a.is_undefined() && b.is_undefined()) return &a.undefined() == &b.undefined();
  if (a.list() != nullptr) return a.list() == b.list();
  if (a.dict() != nullptr) return a.dict() == b.dict();
  return a.object() != nullptr && a.object() == b.object();
}

std::string key_id(const Value& key, Heap& heap) {
  heap.spend_text(key);
  if (key.is_string()) return "s" + key.text();
  if (key.is_none()) return "n";
  if (const auto index = key.as_index()) return "i" + text_of_int(*index);
  if (key.is_float()) {
    const auto whole = whole_number(key.floating());
    return whole ? "i" + text_of_int(*whole) : "f" + repr_of_float(key.floating());
  }
  if (key.is_undefined()) {
    require_defined(key);
    return "u";
  }
  if (const List* list = key.list(); list != nullptr && list->is_tuple) {
    const Heap::Level level(heap);
    heap.spend(list->items.size());
    std::string id = "t";
    for (const Value& item : list->items) {
      const std::string part = key_id(item, heap);
      heap.spend_bytes(part.size());
      id += std::to_string(part.size()) + ":" + part;
    }
    return id;
  }
  if (key.object() != nullptr) {
    return fmt::format("o{}", static_cast<const void*>(key.object()));
  }
  throw Failure("unhashable type: '" + type_name(key) + "'");
}

}  // namespace allometer::jinja
