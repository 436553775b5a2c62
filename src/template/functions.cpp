#include "template/functions.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>

#include "template/methods.hpp"
#include "template/number.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

/// As long as jinja2's sandbox allows.
constexpr Int kLongestRange = 100'000;

Value make_range(Renderer& renderer, const Arguments& arguments) {
  const Parameters parameters("range", arguments, {"start", "stop", "step"}, 1);
  Int start = 0;
  Int stop = clamped(parameters.integer(0, 0));
  if (parameters.has(1)) {
    start = stop;
    stop = clamped(parameters.integer(1, 0));
  }
  const Int step = clamped(parameters.integer(2, 1));
  if (step == 0) throw Failure("the step of a range cannot be zero");
  auto* range = renderer.heap().make<Range>(start, stop, step);
  // The sandbox's alone: elsewhere what a long range costs is counted as it is gone through.
  if (renderer.settings().is_immutable && *range->length() > kLongestRange) {
    throw Failure(fmt::format("a range of {} is longer than {}", *range->length(), kLongestRange));
  }
  return Value(range);
}

Value make_dict(Renderer& renderer, const Arguments& arguments) {
  Dict* dict = renderer.heap().make_dict();
  fill_dict(*dict, arguments, renderer);
  return Value(dict);
}

Value make_namespace(Renderer& renderer, const Arguments& arguments) {
  Dict* attributes = renderer.heap().make_dict();
  fill_dict(*attributes, arguments, renderer);
  return Value(renderer.heap().make<Namespace>(attributes));
}

/// cycler(): gives its values in turn.
class Cycler : public Object {
 public:
  explicit Cycler(std::vector<Value> items) : items_(std::move(items)) {}
  std::string type_name() const override { return "Cycler"; }
  std::optional<Value> attribute(const std::string& name, Renderer& renderer) override {
    if (name == "current") return items_[at_];
    if (name == "next") {
      return method_value(renderer, name, [this](Renderer&, const Arguments&) {
        const Value item = items_[at_];
        at_ = (at_ + 1) % items_.size();
        return item;
      });
    }
    if (name == "reset") {
      return method_value(renderer, name, [this](Renderer&, const Arguments&) {
        at_ = 0;
        return Value();
      });
    }
    return std::nullopt;
  }

 private:
  std::vector<Value> items_;
  std::size_t at_ = 0;
};

Value make_cycler(Renderer& renderer, const Arguments& arguments) {
  if (arguments.positional.empty() || !arguments.named.empty()) {
    throw Failure("cycler needs the values to go through");
  }
  return Value(renderer.heap().make<Cycler>(arguments.positional));
}

/// joiner(): nothing at the first call, its separator at every other.
class Joiner : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  std::string type_name() const override { return "Joiner"; }
  bool is_callable() const override { return true; }
  Value call(const Arguments& arguments, Renderer&) override {
    const Parameters none("joiner", arguments, {});
    return std::exchange(is_used_, true) ? separator_ : Value("");
  }

 private:
  Value separator_;
  bool is_used_ = false;
};

Value make_joiner(Renderer& renderer, const Arguments& arguments) {
  const Parameters parameters("joiner", arguments, {"sep"});
  return Value(renderer.heap().make<Joiner>(parameters.has(0) ? parameters.at(0) : Value(", ")));
}

Value raise_exception(Renderer& renderer, const Arguments& arguments) {
  const Parameters parameters("raise_exception", arguments, {"message"}, 1);
  throw Refusal(str_of(parameters.at(0), renderer.heap()));
}

/// What datetime.strftime() puts in itself before C's takes over: %f, %z and %Z, of which a time
/// without a zone has none.
std::string without_own_conversions(std::string_view format, int microseconds) {
  std::string result;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%' || at + 1 == format.size()) {
      result += format[at];
      continue;
    }
    const char conversion = format[++at];
    if (conversion == 'f') {
      result += fmt::format("{:06}", microseconds);
    } else if (conversion != 'z' && conversion != 'Z') {
      result.append({'%', conversion});
    }
  }
  return result;
}

Value format_time(Renderer& renderer, const Arguments& arguments) {
  const Parameters parameters("strftime_now", arguments, {"format"}, 1);
  const Moment now = renderer.clock()();
  // A mark before the text tells an empty result from a buffer that is too small.
  const std::string marked =
      "x" + without_own_conversions(parameters.text(0, ""), now.microseconds);
  if (marked.find('\0') != std::string::npos) {
    throw Failure("strftime_now: the format holds a null character");
  }
  constexpr std::size_t kLongest = 1 << 20;
  std::string text(std::max<std::size_t>(256, 2 * marked.size()), '\0');
  std::size_t length = 0;
  while ((length = std::strftime(text.data(), text.size(), marked.c_str(), &now.seconds)) == 0) {
    if (text.size() >= kLongest) throw Failure("strftime_now: the text grows too long");
    text.resize(text.size() * 2);
  }
  return Value(text.substr(1, length - 1));
}

struct GlobalFunction {
  std::string_view name;
  Value (*body)(Renderer&, const Arguments&);
  bool for_chat_only;
};
constexpr std::array<GlobalFunction, 7> kFunctions{{{"range", make_range, false},
                                                    {"dict", make_dict, false},
                                                    {"namespace", make_namespace, false},
                                                    {"cycler", make_cycler, false},
                                                    {"joiner", make_joiner, false},
                                                    {"raise_exception", raise_exception, true},
                                                    {"strftime_now", format_time, true}}};

}  // namespace

std::optional<Value> global_function(const std::string& name, Renderer& renderer) {
  for (const GlobalFunction& function : kFunctions) {
    if (name != function.name) continue;
    if (function.for_chat_only && !renderer.settings().for_chat) return std::nullopt;
    return Value(renderer.heap().make<Function>(name, function.body));
  }
  if (name == "lipsum") throw Failure("the function 'lipsum' makes random text: not supported");
  return std::nullopt;
}

}  // namespace allometer::jinja
