#include "template/evaluate.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "template/parser.hpp"

namespace allometer::jinja {
namespace {

using nlohmann::json;

std::string fields_of(const json& object) {
  constexpr std::size_t kShown = 40;
  std::string list;
  std::size_t count = 0;
  for (const auto& [key, value] : object.items()) {
    if (count++ == kShown) return list + ", ...";
    list += (list.empty() ? "" : ", ") + key;
  }
  return list.empty() ? "none" : list;
}

std::string described(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "a list of " + std::to_string(value.size());
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "true or false";
    default:
      return "a number";
  }
}

/// jinja2 finds these methods of a Python dict before it looks for a key, if they are written with
/// a dot.
bool is_dict_method(std::string_view name) {
  constexpr std::array<std::string_view, 11> kMethods{"clear",      "copy",   "fromkeys", "get",
                                                      "items",      "keys",   "pop",      "popitem",
                                                      "setdefault", "update", "values"};
  return std::find(kMethods.begin(), kMethods.end(), name) != kMethods.end();
}

class Evaluator {
 public:
  Evaluator(const json& document, const std::string& where) : document_(document), where_(where) {}

  const json& evaluate(const Expression& expression) const {
    line_ = expression.line;
    return std::visit([&](const auto& node) -> const json& { return visit(expression, node); },
                      expression.node);
  }

 private:
  const json& visit(const Expression&, const Name& name) const {
    if (!document_.is_object()) {
      fail("'" + name.name + "' is not defined: the document is " + described(document_) +
           ", not an object with fields");
    }
    const auto found = document_.find(name.name);
    if (found == document_.end()) {
      fail("'" + name.name + "' is not defined; the document has the fields " +
           fields_of(document_));
    }
    return *found;
  }

  const json& visit(const Expression& expression, const Field& field) const {
    const json& object = evaluate(*field.object);
    line_ = expression.line;
    if (!object.is_object()) {
      fail("'" + source_of(expression) + "' is not defined: '" + source_of(*field.object) +
           "' is " + described(object) + ", which has no fields");
    }
    if (field.dotted && is_dict_method(field.name)) {
      fail("'" + source_of(expression) + "' is a method of objects in Jinja: write " +
           source_of(*field.object) + "['" + field.name + "'] for the field");
    }
    const auto found = object.find(field.name);
    if (found == object.end()) {
      fail("'" + source_of(expression) + "' is not defined; '" + source_of(*field.object) +
           "' has the fields " + fields_of(object));
    }
    return *found;
  }

  const json& visit(const Expression& expression, const Index& index) const {
    const json& list = evaluate(*index.object);
    line_ = expression.line;
    if (!list.is_array()) {
      fail("'" + source_of(expression) + "' is not defined: '" + source_of(*index.object) +
           "' is " + described(list) + ", not a list");
    }
    const auto size = static_cast<std::int64_t>(list.size());
    const std::int64_t at = index.index < 0 ? index.index + size : index.index;
    if (at < 0 || at >= size) {
      fail("'" + source_of(expression) + "' is not defined: '" + source_of(*index.object) +
           "' is " + described(list));
    }
    return list[static_cast<std::size_t>(at)];
  }

  [[noreturn]] void fail(const std::string& message) const { fail_at(where_, line_, message); }

  const json& document_;
  const std::string& where_;
  mutable int line_ = 1;
};

}  // namespace

const json& evaluate(const Expression& expression, const json& document, const std::string& where) {
  return Evaluator(document, where).evaluate(expression);
}

}  // namespace allometer::jinja
