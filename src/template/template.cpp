#include "template/template.hpp"

#include <chrono>
#include <ctime>

#include <nlohmann/json.hpp>

#include "template/lexer.hpp"
#include "template/parser.hpp"
#include "template/renderer.hpp"
#include "template/value_json.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {

struct Template::Parsed {
  std::string where;
  Settings settings;
  Nodes nodes;

  /// What `use` makes of a renderer; a Failure becomes a ConfigError that says where it was.
  template <class Use>
  auto with_renderer(const Clock& clock, std::int64_t work, Use use) const {
    Renderer renderer(settings, clock, work);
    try {
      return use(renderer);
    } catch (const Refusal& refusal) {
      throw RefusedByTemplate(where + ": the template refuses this: " + refusal.what(),
                              refusal.what());
    } catch (const Failure& failure) {
      fail_at(where, renderer.line(), failure.what());
    }
  }

  template <class Json>
  std::string rendered(const Json& document, const Clock& clock, std::int64_t work) const {
    return with_renderer(clock, work, [&](Renderer& renderer) {
      return renderer.render(nodes, value_of(document, renderer.heap()));
    });
  }
};

Moment local_time() {
  using std::chrono::system_clock;
  const auto now = std::chrono::floor<std::chrono::microseconds>(system_clock::now());
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const std::time_t whole = system_clock::to_time_t(second);
  std::tm parts{};
  localtime_r(&whole, &parts);
  return {parts, static_cast<int>((now - second).count())};
}

Template::Template(std::unique_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

Template Template::parse(std::string_view text, std::string where, const Settings& settings) {
  auto parsed = std::make_unique<Parsed>();
  parsed->nodes = parse_nodes(text, settings, where);
  parsed->where = std::move(where);
  parsed->settings = settings;
  return Template(std::move(parsed));
}

std::string Template::render(const nlohmann::json& document) const {
  return parsed_->rendered(document, local_time, kMostWork);
}

std::string Template::render(const nlohmann::ordered_json& document, const Clock& clock,
                             std::int64_t work) const {
  return parsed_->rendered(document, clock, work);
}

nlohmann::json Template::value(const nlohmann::json& document, std::int64_t work) const {
  const Output* output =
      parsed_->nodes.size() == 1 ? std::get_if<Output>(&parsed_->nodes.front().node) : nullptr;
  if (output == nullptr) return parsed_->rendered(document, local_time, work);
  const Clock clock = local_time;
  return parsed_->with_renderer(clock, work, [&](Renderer& renderer) {
    const Value value = renderer.evaluate(output->expression, value_of(document, renderer.heap()));
    auto json = json_of(value, renderer.heap());
    return json ? *json : nlohmann::json(str_of(value, renderer.heap()));
  });
}

bool Template::is_literal() const {
  for (const Node& node : parsed_->nodes) {
    if (!std::holds_alternative<Text>(node.node)) return false;
  }
  return true;
}

}  // namespace allometer::jinja
