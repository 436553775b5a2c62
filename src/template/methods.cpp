#include "template/methods.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "template/arguments.hpp"
#include "template/renderer.hpp"

namespace allometer::jinja {
namespace {

/// Attributes of Python's numbers that nothing here needs.
constexpr std::array<std::string_view, 12> kNumberAttributes{
    "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes",
    "fromhex",          "hex",       "imag",       "numerator", "real",        "to_bytes"};

Value index_in_list(const List& list, const Arguments& arguments, Heap& heap) {
  const Parameters parameters("index", arguments, {"value", "start", "stop"}, 1);
  const auto size = static_cast<Int>(list.items.size());
  const auto bounded = [&](Int index) {
    return std::clamp(index < 0 ? index + size : index, Int{0}, size);
  };
  const Int stop = bounded(parameters.integer(2, size));
  for (Int i = bounded(parameters.integer(1, 0)); i < stop; ++i) {
    if (equal(list.items[static_cast<std::size_t>(i)], parameters.at(0), heap)) return Value(i);
  }
  throw Failure("the value is not in the list");
}

Value count_in_list(const List& list, const Arguments& arguments, Heap& heap) {
  const Parameters parameters("count", arguments, {"value"}, 1);
  Int count = 0;
  for (const Value& item : list.items) count += equal(item, parameters.at(0), heap) ? 1 : 0;
  return Value(count);
}

Value pop_from_list(List& list, const Arguments& arguments) {
  const Parameters parameters("pop", arguments, {"index"});
  const auto size = static_cast<Int>(list.items.size());
  Int at = parameters.integer(0, -1);
  if (at < 0) at += size;
  if (at < 0 || at >= size) throw Failure("pop: the list has no such item");
  const auto found = list.items.begin() + static_cast<std::ptrdiff_t>(at);
  Value item = *found;
  list.items.erase(found);
  return item;
}

void insert_into_list(List& list, const Arguments& arguments) {
  const Parameters parameters("insert", arguments, {"index", "value"}, 2);
  const auto size = static_cast<Int>(list.items.size());
  const Int index = parameters.integer(0, 0);
  const Int at = std::clamp(index < 0 ? index + size : index, Int{0}, size);
  list.items.insert(list.items.begin() + static_cast<std::ptrdiff_t>(at), parameters.at(1));
}

void remove_from_list(List& list, const Arguments& arguments, Heap& heap) {
  const Parameters parameters("remove", arguments, {"value"}, 1);
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (!equal(list.items[i], parameters.at(0), heap)) continue;
    list.items.erase(list.items.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
  throw Failure("remove: the value is not in the list");
}

void sort_list(List& list, const Arguments& arguments, Heap& heap) {
  const Parameters parameters("sort", arguments, {"reverse"});
  const bool reverse = parameters.flag(0, false);
  std::vector<Value> items = list.items;
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) {
    return reverse ? less(b, a, heap) : less(a, b, heap);
  });
  list.items = std::move(items);
}

/// What changes a list, by name; each gives None or an item.
Value change_list(List& list, const std::string& name, const Arguments& arguments,
                  Renderer& renderer) {
  Heap& heap = renderer.heap();
  heap.spend(1);
  if (name == "append") {
    list.items.push_back(Parameters(name, arguments, {"value"}, 1).at(0));
  } else if (name == "extend") {
    std::vector<Value> items = items_of(Parameters(name, arguments, {"values"}, 1).at(0), heap);
    list.items.insert(list.items.end(), items.begin(), items.end());
  } else if (name == "insert") {
    insert_into_list(list, arguments);
  } else if (name == "pop") {
    return pop_from_list(list, arguments);
  } else if (name == "remove") {
    remove_from_list(list, arguments, heap);
  } else if (name == "reverse") {
    std::reverse(list.items.begin(), list.items.end());
  } else if (name == "sort") {
    sort_list(list, arguments, heap);
  } else {
    list.items.clear();
  }
  return Value();
}

Value get_from_dict(const Dict& dict, const Arguments& arguments, Heap& heap) {
  const Parameters parameters("get", arguments, {"key", "default"}, 1);
  const Value* found = dict.find(key_id(parameters.at(0), heap));
  return found != nullptr ? *found : parameters.at(1);
}

Value pop_from_dict(Dict& dict, const Arguments& arguments, Heap& heap) {
  const Parameters parameters("pop", arguments, {"key", "default"}, 1);
  const std::string id = key_id(parameters.at(0), heap);
  const Value* found = dict.find(id);
  if (found == nullptr && !parameters.has(1)) throw Failure("pop: the dict has no such key");
  Value value = found != nullptr ? *found : parameters.at(1);
  dict.erase(id);
  return value;
}

Value pop_last_entry(Dict& dict, Heap& heap) {
  if (dict.entries.empty()) throw Failure("popitem: the dict is empty");
  const auto [key, value] = dict.entries.back();
  dict.erase(key_id(key, heap));
  return Value(heap.make_list({key, value}, true));
}

/// What changes a dict, by name.
Value change_dict(Dict& dict, const std::string& name, const Arguments& arguments,
                  Renderer& renderer) {
  Heap& heap = renderer.heap();
  heap.spend(1);
  if (name == "pop") return pop_from_dict(dict, arguments, heap);
  if (name == "popitem") return pop_last_entry(dict, heap);
  if (name == "setdefault") {
    const Parameters parameters(name, arguments, {"key", "default"}, 1);
    const std::string id = key_id(parameters.at(0), heap);
    if (dict.find(id) == nullptr) dict.set(id, parameters.at(0), parameters.at(1));
    return *dict.find(id);
  }
  if (name == "update") {
    fill_dict(dict, arguments, renderer);
  } else {
    dict.entries.clear();
    dict.positions.clear();
  }
  return Value();
}

template <std::size_t size>
bool is_one_of(const std::string& name, const std::array<std::string_view, size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Value method_value(Renderer& renderer, const std::string& name, Function::Body body) {
  return Value(renderer.heap().make<Function>(name, std::move(body), true));
}

Value unsafe_attribute(const Value& object, const std::string& name, Renderer& renderer) {
  return renderer.undefined(
      fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, type_name(object)));
}

void fill_dict(Dict& dict, const Arguments& arguments, Renderer& renderer) {
  Heap& heap = renderer.heap();
  if (arguments.positional.size() > 1) throw Failure("a dict is made of one value at most");
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional.front();
    if (const Dict* other = source.dict()) {
      heap.spend(other->entries.size());
      const auto entries = other->entries;
      for (const auto& [key, value] : entries) dict.set(key_id(key, heap), key, value);
    } else {
      for (const Value& pair : items_of(source, heap)) {
        const std::vector<Value> parts = items_of(pair, heap);
        if (parts.size() != 2) throw Failure("a dict is made of pairs of a key and a value");
        dict.set(key_id(parts[0], heap), parts[0], parts[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) dict.set_text(name, value);
}

std::optional<Value> list_attribute(List* list, const std::string& name, Renderer& renderer) {
  constexpr std::array<std::string_view, 8> kChanging{"append", "clear",  "extend",  "insert",
                                                      "pop",    "remove", "reverse", "sort"};
  if (list->is_group && name == "grouper") return list->items[0];
  if (list->is_group && name == "list") return list->items[1];
  if (name == "index") {
    return method_value(renderer, name, [list](Renderer& called, const Arguments& arguments) {
      return index_in_list(*list, arguments, called.heap());
    });
  }
  if (name == "count") {
    return method_value(renderer, name, [list](Renderer& called, const Arguments& arguments) {
      return count_in_list(*list, arguments, called.heap());
    });
  }
  if (list->is_tuple) return std::nullopt;
  if (name == "copy") {
    return method_value(renderer, name, [list](Renderer& called, const Arguments&) {
      return Value(called.heap().make_list(list->items));
    });
  }
  if (!is_one_of(name, kChanging)) return std::nullopt;
  if (renderer.settings().is_immutable) return unsafe_attribute(Value(list), name, renderer);
  return method_value(renderer, name, [list, name](Renderer& called, const Arguments& arguments) {
    return change_list(*list, name, arguments, called);
  });
}

std::optional<Value> dict_attribute(Dict* dict, const std::string& name, Renderer& renderer) {
  constexpr std::array<std::string_view, 5> kChanging{"clear", "pop", "popitem", "setdefault",
                                                      "update"};
  constexpr std::array<std::pair<std::string_view, View::Part>, 3> kViews{
      {{"items", View::Part::items}, {"keys", View::Part::keys}, {"values", View::Part::values}}};
  for (const auto& [view, part] : kViews) {
    if (name != view) continue;
    return method_value(renderer, name, [dict, part = part](Renderer& called, const Arguments&) {
      return Value(called.heap().make<View>(*dict, part));
    });
  }
  if (name == "get") {
    return method_value(renderer, name, [dict](Renderer& called, const Arguments& arguments) {
      return get_from_dict(*dict, arguments, called.heap());
    });
  }
  if (name == "copy") {
    return method_value(renderer, name, [dict](Renderer& called, const Arguments&) {
      Dict* copy = called.heap().make_dict();
      fill_dict(*copy, Arguments{{Value(dict)}, {}}, called);
      return Value(copy);
    });
  }
  if (!is_one_of(name, kChanging)) return std::nullopt;
  if (renderer.settings().is_immutable) return unsafe_attribute(Value(dict), name, renderer);
  return method_value(renderer, name, [dict, name](Renderer& called, const Arguments& arguments) {
    return change_dict(*dict, name, arguments, called);
  });
}

std::optional<Value> builtin_attribute(const Value& object, const std::string& name,
                                       Renderer& renderer) {
  if (object.is_string()) return string_attribute(object, name, renderer);
  if (object.list() != nullptr) return list_attribute(object.list(), name, renderer);
  if (object.dict() != nullptr) return dict_attribute(object.dict(), name, renderer);
  if (object.object() != nullptr) return object.object()->attribute(name, renderer);
  if (object.is_float() && name == "is_integer") {
    return method_value(renderer, name, [object](Renderer&, const Arguments&) {
      return Value(object.floating() == std::floor(object.floating()));
    });
  }
  if (object.is_number() && is_one_of(name, kNumberAttributes)) {
    throw Failure("the attribute '" + name + "' of numbers is not supported");
  }
  return std::nullopt;
}

}  // namespace allometer::jinja
