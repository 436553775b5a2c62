#include <nlohmann/json.hpp>

#include "job/job.hpp"

namespace allometer::job {
namespace {

using Json = nlohmann::json;  // objects are sorted by key

/// The job file's directory may hold bytes that are no UTF-8: they are left out, the rest still
/// tells paths apart.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::ignore);
}

Json to_json(const Model& model) {
  Json json{{"name", model.name},
            {"path", model.path.string()},
            {"family", model.family},
            {"random", model.random_weights},
            {"levers", model.levers}};
  if (model.training_tokens) json["training_tokens"] = *model.training_tokens;
  return json;
}

Json to_json(const Analysis& analysis) {
  const Analysis usual;
  Json json{{"confidence", analysis.confidence},
            {"bootstrap_draws", analysis.bootstrap_draws},
            {"seed", analysis.seed},
            {"size", analysis.size}};
  const auto add = [&](const char* key, const auto& value, const auto& usual_value) {
    if (value != usual_value) json[key] = value;
  };
  add("smallest_effect", analysis.smallest_effect, usual.smallest_effect);
  add("contrast", analysis.contrast, usual.contrast);
  add("reference", analysis.reference, usual.reference);
  add("hierarchical", analysis.hierarchical, usual.hierarchical);
  add("mixed_model", analysis.mixed_model, usual.mixed_model);
  add("item_response", analysis.item_response, usual.item_response);
  if (analysis.density) {
    json["density"] = {{"family", analysis.density->family},
                       {"loss", analysis.density->loss},
                       {"score", analysis.density->score}};
  }
  return json;
}

Json to_json(const TaskRef& task) {
  Json json{{"name", task.name}, {"file", task.file.string()}};
  if (task.shots) json["shots"] = *task.shots;
  if (task.seeds) json["seeds"] = *task.seeds;
  if (task.limit) json["limit"] = *task.limit;
  return json;
}

Json rules_to_json(const std::vector<Rule>& rules) {
  Json json = Json::array();
  for (const Rule& rule : rules) json.push_back(rule.match);
  return json;
}

}  // namespace

std::string Analysis::to_json() const {
  return dump(job::to_json(*this));
}

Digest Job::digest() const {
  Json json{{"format", "allometer job 1"},
            {"name", name},
            {"models", Json::array()},
            {"task_directories", Json::array()},
            {"tasks", Json::array()},
            {"variants", Json::array()},
            {"seeds", seeds},
            {"exclude", rules_to_json(exclude)},
            {"include", rules_to_json(include)},
            {"analysis", to_json(analysis)}};
  for (const Model& model : models) json["models"].push_back(to_json(model));
  for (const auto& directory : task_directories) {
    json["task_directories"].push_back(directory.string());
  }
  for (const TaskRef& task : tasks) json["tasks"].push_back(to_json(task));
  for (const Variant& variant : variants) {
    json["variants"].push_back({{"precision", std::string(allometer::name_of(variant.precision))}});
  }
  if (shots) json["shots"] = *shots;
  if (sampler) json["sampler"] = *sampler;
  if (limit) json["limit"] = *limit;
  // Jobs without it keep the digest that they had before there was such a thing.
  if (chat != Chat{}) {
    json["chat"] = {{"apply_template", chat.apply_template},
                    {"template", chat.template_name},
                    {"system_instruction", chat.system_instruction},
                    {"fewshot_as_multiturn", chat.fewshot_as_multiturn}};
  }
  return sha256(dump(json));
}

}  // namespace allometer::job
