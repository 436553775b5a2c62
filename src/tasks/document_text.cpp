#include "tasks/document_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "template/python_literal.hpp"
#include "template/template.hpp"

namespace allometer::tasks {

using nlohmann::json;

namespace {

bool is_digits(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// An index that a setting gave, checked against the number of choices.
int index_of(const json& value, std::size_t num_choices, const std::string& where) {
  // Compared as 64 bits: an index beyond int must not wrap into the range.
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0 &&
      value.get<std::int64_t>() < static_cast<std::int64_t>(num_choices)) {
    return value.get<int>();
  }
  throw ConfigError(
      fmt::format("{} gives {}, which is not the index of one of the {} choices (0 to {})", where,
                  value.dump(), num_choices, num_choices - 1));
}

}  // namespace

struct TextSource::Form {
  std::optional<std::int64_t> integer;
  std::string field;  ///< the bare name, if that is what the setting is
  std::optional<jinja::Template> text;
};

TextSource::TextSource(const TextSetting& setting, const Dataset& dataset) : setting_(setting) {
  auto form = std::make_unique<Form>();
  const bool is_field =
      std::any_of(dataset.documents.begin(), dataset.documents.end(),
                  [&](const json& document) { return document.contains(setting.text); });
  if (setting.is_integer) {
    form->integer = std::stoll(setting.text);
  } else if (is_field) {
    form->field = setting.text;
  } else {
    form->text = jinja::Template::parse(setting.text, setting.where);
  }
  form_ = std::move(form);
}

TextSource::~TextSource() = default;
TextSource::TextSource(TextSource&&) noexcept = default;

bool TextSource::is_template() const {
  return form_->text.has_value();
}

json TextSource::fill(const json& document) const {
  if (form_->text) return form_->text->render(document);
  return value(document);
}

json TextSource::value(const json& document) const {
  if (form_->text) return form_->text->value(document);
  if (form_->integer) return *form_->integer;
  const auto found = document.find(form_->field);
  if (found != document.end()) return *found;
  std::vector<std::string> fields;
  for (const auto& entry : document.items()) fields.push_back(entry.key());
  throw ConfigError(fmt::format("{}: the document has no field '{}'; it has {}", setting_.where,
                                form_->field, fmt::join(fields, ", ")));
}

DocumentFiller::DocumentFiller(const DocumentSettings& settings, OutputType type,
                               const Dataset& dataset)
    : type_(type) {
  if (settings.text) text_.emplace(*settings.text, dataset);
  if (settings.target) target_.emplace(*settings.target, dataset);
  if (settings.choices) {
    choices_are_listed_ = settings.choices->is_list;
    for (const TextSetting& text : settings.choices->texts) choices_.emplace_back(text, dataset);
  }
}

FilledDocument DocumentFiller::fill(const Dataset& dataset, std::size_t document) const {
  return fill(dataset.documents.at(document), dataset.where(document));
}

FilledDocument DocumentFiller::fill(const json& document, const std::string& where) const {
  try {
    return fill(document);
  } catch (const ConfigError& error) {
    throw ConfigError(where + error.what());
  }
}

FilledDocument DocumentFiller::fill(const json& document) const {
  FilledDocument filled;
  filled.choices = fill_choices(document);
  fill_text(document, filled);
  fill_target(document, filled);
  return filled;
}

std::vector<std::string> DocumentFiller::fill_choices(const json& document) const {
  std::vector<std::string> choices;
  if (choices_.empty()) return choices;
  if (choices_are_listed_) {
    for (const TextSource& source : choices_) {
      const json value = source.fill(document);
      choices.push_back(value.is_string() ? value.get<std::string>() : jinja::python_str(value));
    }
  } else {
    const TextSource& source = choices_.front();
    json value = source.value(document);
    if (value.is_string() && source.is_template()) {
      if (std::optional<json> list =
              jinja::parse_python_literal(value.get_ref<const std::string&>()))
        value = *list;
    }
    if (!value.is_array() || value.empty()) {
      throw ConfigError(
          fmt::format("{} must give a list of choices, not {}", source.where(), value.dump()));
    }
    for (const json& choice : value) {
      if (!choice.is_string()) {
        throw ConfigError(
            fmt::format("{}: a choice must be text, not {}", source.where(), choice.dump()));
      }
      choices.push_back(choice.get<std::string>());
    }
  }
  const auto empty = std::find(choices.begin(), choices.end(), "");
  if (empty != choices.end()) {
    throw ConfigError(fmt::format("{}: choice {} is empty and cannot be scored",
                                  choices_.front().where(), empty - choices.begin()));
  }
  return choices;
}

/// lm-evaluation-harness reads rendered digits as an index where there are choices, and rendered
/// text in square brackets as a Python list (the latter in doc_to_target only).
json DocumentFiller::literal(const TextSource& source, json value) const {
  if (!source.is_template() || !value.is_string()) return value;
  const std::string& text = value.get_ref<const std::string&>();
  if (is_digits(text)) return choices_.empty() ? value : jinja::literal_or_text(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
    return jinja::literal_or_text(text);
  return value;
}

void DocumentFiller::fill_text(const json& document, FilledDocument& filled) const {
  if (!text_) return;
  json value = text_->fill(document);
  if (value.is_string() && is_digits(value.get_ref<const std::string&>()))
    value = literal(*text_, value);
  if (value.is_number_integer() && !choices_.empty()) {
    filled.gold = {index_of(value, filled.choices.size(), text_->where())};
    // With one choice after the text lm-evaluation-harness shows that choice in the text's place.
    if (type_ == OutputType::multiple_choice) {
      filled.choices_are_contexts = true;
    } else {
      filled.text = filled.choices[static_cast<std::size_t>(filled.gold.front())];
      filled.gold.clear();
    }
  } else if (value.is_string() || value.is_number()) {
    filled.text = value.is_string() ? value.get<std::string>() : jinja::python_str(value);
  } else {
    throw ConfigError(fmt::format("{} must give text, not {}", text_->where(), value.dump()));
  }
}

void DocumentFiller::fill_target(const json& document, FilledDocument& filled) const {
  if (!target_) return;
  const json value = literal(*target_, target_->fill(document));
  if (value.is_array() && value.empty())
    throw ConfigError(target_->where() + " gives an empty list");
  const json list = value.is_array() ? value : json::array({value});
  if (filled.choices_are_contexts || filled.choices.empty()) {
    for (const json& target : list) filled.targets.push_back(jinja::python_str(target));
  } else {
    for (const json& target : list) {
      int gold = 0;
      if (target.is_string()) {
        const auto found =
            std::find(filled.choices.begin(), filled.choices.end(), target.get<std::string>());
        if (found == filled.choices.end()) {
          throw ConfigError(
              fmt::format("{} gives {}, which is neither one of the {} choices nor an index",
                          target_->where(), target.dump(), filled.choices.size()));
        }
        gold = static_cast<int>(found - filled.choices.begin());
      } else {
        gold = index_of(target, filled.choices.size(), target_->where());
      }
      filled.gold.push_back(gold);
      filled.targets.push_back(filled.choices[static_cast<std::size_t>(gold)]);
    }
  }
  const bool takes_many = type_ == OutputType::generate_until ||
                          (type_ == OutputType::multiple_choice && !filled.choices_are_contexts);
  if (value.is_array() && !takes_many) {
    throw ConfigError(fmt::format("{} gives a list; output_type {} takes one target",
                                  target_->where(), name_of(type_)));
  }
}

}  // namespace allometer::tasks
