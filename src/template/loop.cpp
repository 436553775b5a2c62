#include "template/loop.hpp"

#include <utility>

#include "template/number.hpp"
#include "template/renderer.hpp"

namespace allometer::jinja {

LoopContext::LoopContext(const Value& iterable, int depth, Recursion recursion, Heap& heap)
    : heap_(heap),
      iterable_(iterable),
      depth_(depth),
      recursion_(std::move(recursion)),
      cursor_(jinja::iterate(iterable, heap)) {}

std::optional<Value> LoopContext::next() {
  std::optional<Value> item = ahead_ ? *std::exchange(ahead_, std::nullopt) : cursor_();
  if (!item) return std::nullopt;
  heap_.spend(1);
  ++index_;
  before_ = std::exchange(current_, item);
  return item;
}

Int LoopContext::count() const {
  if (count_) return *count_;
  count_ = length_of(iterable_);
  if (count_) return *count_;
  std::vector<Value> rest;
  while (auto item = cursor_()) {
    heap_.spend(1);
    rest.push_back(std::move(*item));
  }
  count_ = static_cast<Int>(rest.size()) + index_ + 1 + (ahead_ && *ahead_ ? 1 : 0);
  cursor_ = jinja::iterate(Value(heap_.make_list(std::move(rest))), heap_);
  return *count_;
}

const std::optional<Value>& LoopContext::look_ahead() const {
  if (!ahead_) ahead_ = cursor_();
  return *ahead_;
}

std::optional<Int> LoopContext::length() const {
  return count();
}

std::optional<std::string> LoopContext::repr(Heap&) const {
  return "<LoopContext " + text_of_int(index_ + 1) + "/" + text_of_int(count()) + ">";
}

std::optional<Value> LoopContext::attribute(const std::string& name, Renderer& renderer) {
  if (name == "index") return Value(index_ + 1);
  if (name == "index0") return Value(index_);
  if (name == "first") return Value(index_ == 0);
  if (name == "last") return Value(!look_ahead().has_value());
  if (name == "length") return Value(count());
  if (name == "revindex") return Value(count() - index_);
  if (name == "revindex0") return Value(count() - index_ - 1);
  if (name == "depth") return Value(static_cast<Int>(depth_ + 1));
  if (name == "depth0") return Value(static_cast<Int>(depth_));
  if (name == "previtem") {
    return index_ > 0 ? *before_ : renderer.undefined("there is no previous item");
  }
  if (name == "nextitem") {
    return look_ahead() ? *look_ahead() : renderer.undefined("there is no next item");
  }
  if (name == "cycle") {
    return Value(renderer.heap().make<Function>(
        name, [this](Renderer&, const Arguments& arguments) { return cycle(arguments); }, true));
  }
  if (name == "changed") {
    return Value(renderer.heap().make<Function>(
        name,
        [this](Renderer& called, const Arguments& arguments) {
          return changed(arguments, called.heap());
        },
        true));
  }
  return std::nullopt;
}

Value LoopContext::cycle(const Arguments& arguments) const {
  if (arguments.positional.empty() || !arguments.named.empty()) {
    throw Failure("loop.cycle needs the values to go through");
  }
  return arguments.positional[static_cast<std::size_t>(index_) % arguments.positional.size()];
}

Value LoopContext::changed(const Arguments& arguments, Heap& heap) {
  List* now = heap.make_list(arguments.positional, true);
  const bool is_new = last_changed_ == nullptr || !equal(Value(last_changed_), Value(now), heap);
  if (is_new) last_changed_ = now;
  return Value(is_new);
}

Value LoopContext::call(const Arguments& arguments, Renderer&) {
  if (!recursion_) throw Failure("loop(...) needs a loop that is marked 'recursive'");
  const Parameters parameters("loop", arguments, {"iterable"}, 1);
  return recursion_(parameters.at(0), depth_ + 1);
}

}  // namespace allometer::jinja
