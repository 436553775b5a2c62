#pragma once
/// The values that a template computes with: Python's types as far as Jinja shows them.
///
/// Containers and objects belong to the Heap of one rendering and live as long as it does, so that
/// a value is cheap to copy and lists may contain one another.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace allometer::jinja {

/// Python's integers have no bounds; here one beyond 128 bits is refused.
__extension__ using Int = __int128;

/// What Python would raise while a template is rendered. The renderer adds the place.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct List;
struct Dict;
class Object;
class Heap;
class Renderer;
struct Arguments;

/// What a name, attribute or item that does not exist evaluates to. Printing it gives nothing, or
/// fails where `strict` (jinja2's StrictUndefined).
struct Undefined {
  std::string message;
  bool strict = false;
};

struct None {};

struct String {
  std::shared_ptr<const std::string> text;
  /// Made by the filters `safe` and `escape`: markupsafe's Markup.
  bool is_markup = false;
};

class Value {
 public:
  Value() : value_(None{}) {}
  explicit Value(bool value) : value_(value) {}
  explicit Value(Int value) : value_(value) {}
  explicit Value(double value) : value_(value) {}
  explicit Value(List* list) : value_(list) {}
  explicit Value(Dict* dict) : value_(dict) {}
  explicit Value(Object* object) : value_(object) {}
  explicit Value(std::string text, bool is_markup = false)
      : value_(String{std::make_shared<const std::string>(std::move(text)), is_markup}) {}
  explicit Value(std::string_view text) : Value(std::string(text)) {}
  explicit Value(const char* text) : Value(std::string(text)) {}
  explicit Value(Undefined undefined)
      : value_(std::make_shared<const Undefined>(std::move(undefined))) {}
  static Value of_size(std::size_t size) { return Value(static_cast<Int>(size)); }

  bool is_none() const { return std::holds_alternative<None>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  /// An int that is not a bool.
  bool is_int() const { return std::holds_alternative<Int>(value_); }
  bool is_float() const { return std::holds_alternative<double>(value_); }
  /// bool, int or float.
  bool is_number() const { return is_bool() || is_int() || is_float(); }
  bool is_string() const { return std::holds_alternative<String>(value_); }
  bool is_markup() const { return is_string() && std::get<String>(value_).is_markup; }
  bool is_undefined() const {
    return std::holds_alternative<std::shared_ptr<const Undefined>>(value_);
  }

  bool boolean() const { return std::get<bool>(value_); }
  double floating() const { return std::get<double>(value_); }
  const std::string& text() const { return *std::get<String>(value_).text; }
  const Undefined& undefined() const { return *std::get<std::shared_ptr<const Undefined>>(value_); }
  /// The value of an int or a bool, as Python's __index__; nothing for other types.
  std::optional<Int> as_index() const {
    if (is_bool()) return static_cast<Int>(boolean());
    if (is_int()) return std::get<Int>(value_);
    return std::nullopt;
  }
  /// The list or tuple, or null.
  List* list() const { return pointer<List>(); }
  Dict* dict() const { return pointer<Dict>(); }
  Object* object() const { return pointer<Object>(); }
  /// The object if it is a `Type`, or null.
  template <class Type>
  Type* as() const {
    return dynamic_cast<Type*>(object());
  }

 private:
  template <class Type>
  Type* pointer() const {
    Type* const* found = std::get_if<Type*>(&value_);
    return found != nullptr ? *found : nullptr;
  }

  std::variant<None, bool, Int, double, String, List*, Dict*, Object*,
               std::shared_ptr<const Undefined>>
      value_;
};

/// Gives one item after the other, then nothing.
using Cursor = std::function<std::optional<Value>()>;

/// A list or a tuple.
struct List {
  std::vector<Value> items;
  bool is_tuple = false;
  bool is_group = false;  ///< of the filter `groupby`: its parts are `grouper` and `list` too
};

/// Keys in the order in which they came, as in Python.
struct Dict {
  std::vector<std::pair<Value, Value>> entries;
  std::unordered_map<std::string, std::size_t> positions;  ///< key_id → index of the entry

  const Value* find(const std::string& id) const {
    const auto found = positions.find(id);
    return found == positions.end() ? nullptr : &entries[found->second].second;
  }
  /// Of a text.
  const Value* find_text(std::string_view key) const { return find("s" + std::string(key)); }
  /// Stores, over the value of an equal key if there is one.
  void set(std::string id, Value key, Value value);
  void set_text(const std::string& key, Value value) { set("s" + key, Value(key), value); }
  void erase(const std::string& id);
};

/// Anything that is not plain data.
class Object {
 public:
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;
  /// type(x).__name__
  virtual std::string type_name() const = 0;
  /// repr(x); nothing where Python's contains an address.
  virtual std::optional<std::string> repr(Heap&) const { return std::nullopt; }
  /// len(x), or nothing where it has none.
  virtual std::optional<Int> length() const { return std::nullopt; }
  /// iter(x), or nothing.
  virtual std::optional<Cursor> iterate(Heap&) { return std::nullopt; }
  /// getattr(x, name), or nothing.
  virtual std::optional<Value> attribute(const std::string& /*name*/, Renderer&) {
    return std::nullopt;
  }
  virtual bool is_callable() const { return false; }
  /// x(arguments), for what is callable.
  virtual Value call(const Arguments&, Renderer&) { return Value(); }
};

/// What one rendering has made, and the limits that keep a template from running or growing
/// without end. Not thread-safe.
class Heap {
 public:
  /// `work`: units that may be spent, one per step of evaluation or 16 bytes of text read or made.
  explicit Heap(std::int64_t work) : work_(work) {}

  List* make_list(std::vector<Value> items = {}, bool is_tuple = false);
  Dict* make_dict();
  template <class Type, class... Arguments>
  Type* make(Arguments&&... arguments) {
    auto object = std::make_unique<Type>(std::forward<Arguments>(arguments)...);
    Type* made = object.get();
    objects_.push_back(std::move(object));
    spend(4);
    return made;
  }

  /// Throws Failure once everything is spent.
  void spend(std::size_t units);
  void spend_bytes(std::size_t bytes) { spend(bytes / 16); }
  /// What reading or making the value costs if it is a text; nothing for others.
  void spend_text(const Value& value) {
    if (value.is_string()) spend_bytes(value.text().size());
  }

  /// Counts one level of recursion while it lives; throws Failure where there are too many.
  class Level {
   public:
    explicit Level(Heap& heap);
    ~Level() { --heap_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Heap& heap_;
  };

 private:
  std::int64_t work_;
  int depth_ = 0;
  std::vector<std::unique_ptr<List>> lists_;
  std::vector<std::unique_ptr<Dict>> dicts_;
  std::vector<std::unique_ptr<Object>> objects_;
};

/// range(start, stop, step).
class Range : public Object {
 public:
  Range(Int start, Int stop, Int step) : start_(start), stop_(stop), step_(step) {}
  std::string type_name() const override { return "range"; }
  std::optional<std::string> repr(Heap&) const override;
  std::optional<Int> length() const override;
  std::optional<Cursor> iterate(Heap&) override;
  Int at(Int index) const { return start_ + index * step_; }
  Int start() const { return start_; }
  Int stop() const { return stop_; }
  Int step() const { return step_; }

 private:
  Int start_;
  Int stop_;
  Int step_;
};

/// dict.keys(), dict.values() and dict.items(): they follow the dict.
class View : public Object {
 public:
  enum class Part { keys, values, items };
  View(const Dict& dict, Part part) : dict_(dict), part_(part) {}
  std::string type_name() const override;
  std::optional<std::string> repr(Heap&) const override;
  std::optional<Int> length() const override { return static_cast<Int>(dict_.entries.size()); }
  std::optional<Cursor> iterate(Heap&) override;
  Value at(std::size_t index, Heap&) const;
  Part part() const { return part_; }

 private:
  const Dict& dict_;
  Part part_;
};

/// A generator, as many filters give: its items are computed when they are asked for, once.
class Iterator : public Object {
 public:
  explicit Iterator(Cursor next, std::string type_name = "generator")
      : next_(std::move(next)), type_name_(std::move(type_name)) {}
  std::string type_name() const override { return type_name_; }
  std::optional<Cursor> iterate(Heap& heap) override;

 private:
  Cursor next_;
  std::string type_name_;
};

/// namespace(): the one object whose attributes a template may set.
class Namespace : public Object {
 public:
  explicit Namespace(Dict* attributes) : attributes_(attributes) {}
  std::string type_name() const override { return "Namespace"; }
  std::optional<std::string> repr(Heap&) const override;
  std::optional<Value> attribute(const std::string& name, Renderer&) override;
  Dict& attributes() { return *attributes_; }

 private:
  Dict* attributes_;
};

/// A function of ours, or a method that is bound to its object.
class Function : public Object {
 public:
  using Body = std::function<Value(Renderer&, const Arguments&)>;
  Function(std::string name, Body body, bool is_method = false)
      : name_(std::move(name)), body_(std::move(body)), is_method_(is_method) {}
  std::string type_name() const override { return is_method_ ? "method" : "function"; }
  bool is_callable() const override { return true; }
  Value call(const Arguments& arguments, Renderer& renderer) override {
    return body_(renderer, arguments);
  }
  const std::string& name() const { return name_; }
  bool is_method() const { return is_method_; }

 private:
  std::string name_;
  Body body_;
  bool is_method_;
};

/// type(x).__name__
std::string type_name(const Value& value);
/// How jinja2 calls the object in "'dict object' has no attribute 'x'".
std::string described(const Value& value);

/// bool(x). Throws Failure for a strict Undefined.
bool truth(const Value& value);
/// len(x), or nothing where Python raises a TypeError.
std::optional<Int> length_of(const Value& value);
/// iter(x), or nothing where Python raises a TypeError.
std::optional<Cursor> try_iterate(const Value& value, Heap& heap);
/// iter(x). Throws Failure where Python does.
Cursor iterate(const Value& value, Heap& heap);
/// list(x).
std::vector<Value> items_of(const Value& value, Heap& heap);

/// a == b, a < b and a is b. The second throws Failure for types that have no order.
bool equal(const Value& a, const Value& b, Heap& heap);
bool less(const Value& a, const Value& b, Heap& heap);
bool same(const Value& a, const Value& b, Heap& heap);

/// Equal for keys that a dict holds to be equal. Throws Failure for what cannot be a key.
std::string key_id(const Value& key, Heap& heap);

}  // namespace allometer::jinja
