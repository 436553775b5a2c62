#pragma once
/// The variable `loop` of a for block.

#include <functional>
#include <optional>
#include <string>

#include "template/arguments.hpp"
#include "template/value.hpp"

namespace allometer::jinja {

/// Walks over an iterable and looks one item ahead where the template asks for it.
class LoopContext : public Object {
 public:
  /// What loop(iterable) gives one level deeper; empty where the loop is not recursive.
  using Recursion = std::function<Value(const Value& iterable, int depth)>;
  LoopContext(const Value& iterable, int depth, Recursion recursion, Heap& heap);

  std::string type_name() const override { return "LoopContext"; }
  std::optional<Int> length() const override;
  std::optional<std::string> repr(Heap&) const override;
  std::optional<Value> attribute(const std::string& name, Renderer& renderer) override;
  bool is_callable() const override { return true; }
  Value call(const Arguments& arguments, Renderer& renderer) override;

  /// Moves on to the next item.
  std::optional<Value> next();

 private:
  /// The rest of a generator is read into memory to count it.
  Int count() const;
  const std::optional<Value>& look_ahead() const;
  Value cycle(const Arguments& arguments) const;
  Value changed(const Arguments& arguments, Heap& heap);

  Heap& heap_;
  Value iterable_;
  int depth_;  ///< from 0
  Recursion recursion_;
  mutable Cursor cursor_;
  mutable std::optional<std::optional<Value>> ahead_;  ///< the next item, once it was looked at
  mutable std::optional<Int> count_;
  Int index_ = -1;
  std::optional<Value> current_;
  std::optional<Value> before_;
  List* last_changed_ = nullptr;
};

}  // namespace allometer::jinja
