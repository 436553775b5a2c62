#include <algorithm>
#include <functional>
#include <unordered_map>

#include <fmt/format.h>

#include "template/filters.hpp"
#include "template/number.hpp"
#include "template/operators.hpp"
#include "template/python_text.hpp"
#include "template/renderer.hpp"
#include "template/tests.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

/// From an item to what a filter looks at.
using Getter = std::function<Value(const Value&)>;

Value ignore_case(const Value& value) {
  return value.is_string() ? Value(to_lower(value.text())) : value;
}

/// "a.0.b" → its parts, those of digits as integers.
std::vector<Value> attribute_parts(const Value& attribute) {
  if (attribute.is_none()) return {};
  if (!attribute.is_string()) return {attribute};
  std::vector<Value> parts;
  for (const std::string& part : split(attribute.text(), ".", -1)) {
    const bool is_index =
        !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    parts.push_back(is_index ? Value(parse_int(part, 10).value_or(0)) : Value(part));
  }
  return parts;
}

/// The attribute of an item; `standard`, unless it is None, for what is undefined on the way.
Getter getter_of(Renderer& renderer, const Value& attribute, bool ignores_case,
                 const Value& standard = Value()) {
  return [&renderer, parts = attribute_parts(attribute), ignores_case, standard](Value item) {
    for (const Value& part : parts) {
      item = renderer.item(item, part);
      if (item.is_undefined() && !standard.is_none()) item = standard;
    }
    return ignores_case ? ignore_case(item) : item;
  };
}

Value generator(Renderer& renderer, Cursor next) {
  return Value(renderer.heap().make<Iterator>(std::move(next)));
}

Value undefined(Renderer& renderer, const char* message) {
  return renderer.undefined(message);
}

Value first(Renderer& renderer, const Value& input, const Arguments&) {
  const auto item = iterate(input, renderer.heap())();
  return item ? *item : undefined(renderer, "No first item, sequence was empty.");
}

/// list(reversed(input)), or nothing where Python's reversed() refuses.
std::optional<std::vector<Value>> reversed_items(Renderer& renderer, const Value& input) {
  const bool is_reversible = input.is_undefined() || length_of(input).has_value();
  if (!is_reversible) return std::nullopt;
  std::vector<Value> items = items_of(input, renderer.heap());
  std::reverse(items.begin(), items.end());
  return items;
}

Value last(Renderer& renderer, const Value& input, const Arguments&) {
  const auto items = reversed_items(renderer, input);
  if (!items) throw Failure("a " + type_name(input) + " has no end to begin at: use |list first");
  return !items->empty() ? items->front()
                         : undefined(renderer, "No last item, sequence was empty.");
}

Value reverse(Renderer& renderer, const Value& input, const Arguments&) {
  if (input.is_string()) {
    std::u32string points = code_points_of(input.text());
    std::reverse(points.begin(), points.end());
    return Value(utf8_of(points), input.is_markup());
  }
  Heap& heap = renderer.heap();
  auto items = reversed_items(renderer, input);
  if (items) {
    const Value list(heap.make_list(std::move(*items)));
    return Value(heap.make<Iterator>(iterate(list, heap), "list_reverseiterator"));
  }
  std::vector<Value> collected = items_of(input, heap);
  std::reverse(collected.begin(), collected.end());
  return Value(heap.make_list(std::move(collected)));
}

Value join(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("join", arguments, {"d", "attribute"});
  Heap& heap = renderer.heap();
  const Getter getter = getter_of(renderer, parameters.at(1), false);
  const std::string separator = parameters.has(0) ? str_of(parameters.at(0), heap) : "";
  std::string text;
  bool is_first = true;
  for (const Value& item : items_of(input, heap)) {
    const std::string part = str_of(getter(item), heap);
    heap.spend_bytes(separator.size() + part.size());
    if (!is_first) text += separator;
    is_first = false;
    text += part;
  }
  return Value(std::move(text));
}

Value list(Renderer& renderer, const Value& input, const Arguments&) {
  return Value(renderer.heap().make_list(items_of(input, renderer.heap())));
}

Value length(Renderer&, const Value& input, const Arguments&) {
  if (const auto found = length_of(input)) return Value(*found);
  throw Failure("a " + type_name(input) + " has no length");
}

/// The arguments behind the first `count`.
Arguments behind(const Arguments& arguments, std::size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

std::string name_argument(const Arguments& arguments, std::size_t at) {
  const Value& name = arguments.positional[at];
  if (!name.is_string()) throw Failure("the name of a filter or test must be a text");
  return name.text();
}

Getter mapping_of(Renderer& renderer, const Arguments& arguments) {
  if (arguments.positional.empty() && !arguments.named.empty()) {
    Arguments named = arguments;
    const Parameters parameters("map", named, {"attribute", "default"}, 1);
    return getter_of(renderer, parameters.at(0), false, parameters.at(1));
  }
  if (arguments.positional.empty()) throw Failure("map needs the name of a filter or an attribute");
  return [&renderer, name = name_argument(arguments, 0), rest = behind(arguments, 1)](
             const Value& item) { return apply_filter(renderer, name, item, rest); };
}

/// A generator over the input that begins its work, and so finds what is wrong with its arguments,
/// when the first item is asked for.
Value lazily(Renderer& renderer, const Value& input,
             const std::function<std::function<std::optional<Value>(const Value&)>()>& prepare) {
  auto next = [&renderer, input, prepare, source = Cursor(),
               step = std::function<std::optional<Value>(const Value&)>(),
               has_begun = false]() mutable -> std::optional<Value> {
    if (!has_begun) {
      has_begun = true;
      if (truth(input)) {
        step = prepare();
        source = iterate(input, renderer.heap());
      }
    }
    if (!source) return std::nullopt;
    while (const auto item = source()) {
      renderer.heap().spend(1);
      if (auto result = step(*item)) return result;
    }
    return std::nullopt;
  };
  return generator(renderer, std::move(next));
}

Value map(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return lazily(renderer, input, [&renderer, arguments] {
    return [mapping = mapping_of(renderer, arguments)](const Value& item) {
      return std::optional<Value>(mapping(item));
    };
  });
}

/// select and its kin: items whose attribute (`of_attribute`) passes the test, or does not.
template <bool of_attribute, bool wanted>
Value select(Renderer& renderer, const Value& input, const Arguments& arguments) {
  return lazily(renderer, input, [&renderer, arguments] {
    const std::size_t offset = of_attribute ? 1 : 0;
    if (arguments.positional.size() < offset) throw Failure("the name of an attribute is missing");
    const Getter getter =
        getter_of(renderer, of_attribute ? arguments.positional[0] : Value(), false);
    const bool has_test = arguments.positional.size() > offset;
    const std::string test = has_test ? name_argument(arguments, offset) : "";
    const Arguments rest = has_test ? behind(arguments, offset + 1) : Arguments();
    return [&renderer, getter, has_test, test, rest](const Value& item) -> std::optional<Value> {
      const Value value = getter(item);
      const bool passes = has_test ? apply_test(renderer, test, value, rest) : truth(value);
      return passes == wanted ? std::optional<Value>(item) : std::nullopt;
    };
  });
}

Value unique(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("unique", arguments, {"case_sensitive", "attribute"});
  const Getter getter = getter_of(renderer, parameters.at(1), !parameters.flag(0, false));
  auto next = [&renderer, getter, input, source = Cursor(),
               seen = Dict()]() mutable -> std::optional<Value> {
    if (!source) source = iterate(input, renderer.heap());
    while (const auto item = source()) {
      renderer.heap().spend(1);
      std::string id = key_id(getter(*item), renderer.heap());
      if (seen.find(id) != nullptr) continue;
      seen.set(std::move(id), Value(), Value());
      return item;
    }
    return std::nullopt;
  };
  return generator(renderer, std::move(next));
}

struct Keyed {
  Value key;
  Value item;
};

std::vector<Value> sorted_items(Renderer& renderer, const std::vector<Value>& items,
                                const Getter& key_of, bool reverse) {
  std::vector<Keyed> keyed;
  for (const Value& item : items) keyed.push_back({key_of(item), item});
  std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return reverse ? less(b.key, a.key, renderer.heap()) : less(a.key, b.key, renderer.heap());
  });
  std::vector<Value> sorted;
  for (Keyed& entry : keyed) sorted.push_back(std::move(entry.item));
  return sorted;
}

Value sort(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  const bool ignores_case = !parameters.flag(1, false);
  std::vector<Getter> getters;
  if (parameters.has(2) && parameters.at(2).is_string()) {
    for (const std::string& attribute : split(parameters.at(2).text(), ",", -1)) {
      getters.push_back(getter_of(renderer, Value(attribute), ignores_case));
    }
  } else {
    getters.push_back(getter_of(renderer, parameters.at(2), ignores_case));
  }
  Heap& heap = renderer.heap();
  const Getter key_of = [&](const Value& item) {
    std::vector<Value> parts;
    for (const Getter& getter : getters) parts.push_back(getter(item));
    return Value(heap.make_list(std::move(parts)));
  };
  return Value(heap.make_list(
      sorted_items(renderer, items_of(input, heap), key_of, parameters.flag(0, false))));
}

Value dictsort(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const std::string by = parameters.text(1, "key");
  if (by != "key" && by != "value") throw Failure("dictsort sorts by 'key' or 'value'");
  if (input.dict() == nullptr) throw Failure("dictsort needs a dict, not a " + type_name(input));
  const std::size_t position = by == "key" ? 0 : 1;
  const bool ignores_case = !parameters.flag(0, false);
  Heap& heap = renderer.heap();
  std::vector<Value> pairs;
  for (const auto& [key, value] : input.dict()->entries) {
    pairs.emplace_back(heap.make_list({key, value}, true));
  }
  const Getter key_of = [&](const Value& pair) {
    const Value& part = pair.list()->items[position];
    return ignores_case ? ignore_case(part) : part;
  };
  return Value(heap.make_list(sorted_items(renderer, pairs, key_of, parameters.flag(2, false))));
}

Value groupby(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
  const bool ignores_case = !parameters.flag(2, false);
  const Getter key_of = getter_of(renderer, parameters.at(0), ignores_case, parameters.at(1));
  const Getter shown_of = getter_of(renderer, parameters.at(0), false, parameters.at(1));
  Heap& heap = renderer.heap();
  std::vector<Value> groups;
  Value key;
  for (const Value& item : sorted_items(renderer, items_of(input, heap), key_of, false)) {
    const Value item_key = key_of(item);
    if (groups.empty() || !equal(key, item_key, heap)) {
      key = item_key;
      List* group = heap.make_list({shown_of(item), Value(heap.make_list())}, true);
      group->is_group = true;
      groups.emplace_back(group);
    }
    groups.back().list()->items[1].list()->items.push_back(item);
  }
  return Value(heap.make_list(std::move(groups)));
}

template <bool wants_greatest>
Value extreme(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("min", arguments, {"case_sensitive", "attribute"});
  const Getter key_of = getter_of(renderer, parameters.at(1), !parameters.flag(0, false));
  Heap& heap = renderer.heap();
  std::optional<Keyed> best;
  for (const Value& item : items_of(input, heap)) {
    Value key = key_of(item);
    const bool is_better =
        !best || (wants_greatest ? less(best->key, key, heap) : less(key, best->key, heap));
    if (is_better) best = Keyed{std::move(key), item};
  }
  return best ? best->item : undefined(renderer, "No aggregated item, sequence was empty.");
}

Value sum(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("sum", arguments, {"attribute", "start"});
  const Getter getter = getter_of(renderer, parameters.at(0), false);
  Value total = parameters.has(1) ? parameters.at(1) : Value(Int{0});
  if (total.is_string()) throw Failure("sum adds numbers and lists: use join for texts");
  for (const Value& item : items_of(input, renderer.heap())) {
    total = arithmetic("+", total, getter(item), renderer.heap());
  }
  return total;
}

Value batch(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("batch", arguments, {"linecount", "fill_with"}, 1);
  const Int size = parameters.integer(0, 0);
  const Value fill = parameters.at(1);
  Heap& heap = renderer.heap();
  std::vector<Value> batches;
  std::vector<Value> batch_items;
  for (const Value& item : items_of(input, heap)) {
    if (static_cast<Int>(batch_items.size()) == size) {
      batches.emplace_back(heap.make_list(std::exchange(batch_items, {})));
    }
    batch_items.push_back(item);
  }
  if (!batch_items.empty()) {
    while (!fill.is_none() && static_cast<Int>(batch_items.size()) < size) {
      heap.spend(1);
      batch_items.push_back(fill);
    }
    batches.emplace_back(heap.make_list(std::move(batch_items)));
  }
  return generator(renderer, iterate(Value(heap.make_list(std::move(batches))), heap));
}

Value slice(Renderer& renderer, const Value& input, const Arguments& arguments) {
  const Parameters parameters("slice", arguments, {"slices", "fill_with"}, 1);
  Heap& heap = renderer.heap();
  const std::vector<Value> items = items_of(input, heap);
  const Int slices = parameters.integer(0, 0);
  if (slices == 0) throw Failure("slice: division by zero");
  const Int size = slices > 0 ? static_cast<Int>(items.size()) / slices : 0;
  const Int num_larger = slices > 0 ? static_cast<Int>(items.size()) % slices : 0;
  std::vector<Value> columns;
  auto at = items.begin();
  for (Int i = 0; i < slices; ++i) {
    heap.spend(1);
    const bool is_larger = i < num_larger;
    const auto end = at + static_cast<std::ptrdiff_t>(size + (is_larger ? 1 : 0));
    std::vector<Value> column(at, end);
    if (parameters.has_value(1) && !is_larger) column.push_back(parameters.at(1));
    columns.emplace_back(heap.make_list(std::move(column)));
    at = end;
  }
  return generator(renderer, iterate(Value(heap.make_list(std::move(columns))), heap));
}

Value items(Renderer& renderer, const Value& input, const Arguments&) {
  // As the generator that it is in jinja2, it refuses a wrong input only when it is walked over.
  auto next = [&renderer, input, at = std::size_t{0}]() mutable -> std::optional<Value> {
    if (input.is_undefined()) return std::nullopt;
    const Dict* dict = input.dict();
    if (dict == nullptr) throw Failure("items needs a dict, not a " + type_name(input));
    if (at >= dict->entries.size()) return std::nullopt;
    const auto& [key, value] = dict->entries[at++];
    return Value(renderer.heap().make_list({key, value}, true));
  };
  return generator(renderer, std::move(next));
}

}  // namespace

FilterFunction find_sequence_filter(std::string_view name) {
  static const std::unordered_map<std::string_view, FilterFunction> kFilters{
      {"batch", batch},
      {"count", length},
      {"dictsort", dictsort},
      {"first", first},
      {"groupby", groupby},
      {"items", items},
      {"join", join},
      {"last", last},
      {"length", length},
      {"list", list},
      {"map", map},
      {"max", extreme<true>},
      {"min", extreme<false>},
      {"reject", select<false, false>},
      {"rejectattr", select<true, false>},
      {"reverse", reverse},
      {"select", select<false, true>},
      {"selectattr", select<true, true>},
      {"slice", slice},
      {"sort", sort},
      {"sum", sum},
      {"unique", unique}};
  const auto found = kFilters.find(name);
  return found == kFilters.end() ? nullptr : found->second;
}

}  // namespace allometer::jinja
