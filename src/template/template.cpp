#include "template/template.hpp"

#include <vector>

#include <nlohmann/json.hpp>

#include "template/evaluate.hpp"
#include "template/parser.hpp"
#include "template/python_literal.hpp"

namespace allometer::jinja {

struct Template::Parsed {
  std::string where;
  std::vector<Node> nodes;
};

Template::Template(std::unique_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

Template Template::parse(std::string_view text, std::string where) {
  auto parsed = std::make_unique<Parsed>();
  parsed->nodes = parse_nodes(text, where);
  parsed->where = std::move(where);
  return Template(std::move(parsed));
}

std::string Template::render(const nlohmann::json& document) const {
  std::string text;
  for (const Node& node : parsed_->nodes) {
    if (const auto* literal = std::get_if<Text>(&node)) {
      text += literal->text;
    } else {
      text += python_str(evaluate(std::get<Output>(node).expression, document, parsed_->where));
    }
  }
  return text;
}

nlohmann::json Template::value(const nlohmann::json& document) const {
  if (parsed_->nodes.size() == 1) {
    if (const auto* output = std::get_if<Output>(&parsed_->nodes.front())) {
      return evaluate(output->expression, document, parsed_->where);
    }
  }
  return render(document);
}

bool Template::is_literal() const {
  for (const Node& node : parsed_->nodes) {
    if (!std::holds_alternative<Text>(node)) return false;
  }
  return true;
}

}  // namespace allometer::jinja
