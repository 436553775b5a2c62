#include "tasks/yaml_value.hpp"

#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "core/error.hpp"
#include "tasks/python_text.hpp"

namespace allometer::tasks {
namespace {

/// Bounds on what aliases may unfold to: a few lines of YAML can name billions of nodes, or
/// themselves.
constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 1'000'000;
/// Prompts, JSON and the results file are UTF-8.
constexpr const char* kNotUtf8 =
    "the text is not valid UTF-8; convert the file, for example with iconv -t UTF-8";

class Converter {
 public:
  explicit Converter(const std::filesystem::path& name)
      : file_(std::make_shared<const std::filesystem::path>(name)) {}

  YamlValue convert(const YAML::Node& node, int depth = 0) {
    YamlValue value;
    value.file = file_;
    value.line = node.Mark().line + 1;
    if (depth > kMaxDepth || ++num_nodes_ > kMaxNodes) {
      throw ConfigError(value.where() +
                        "the YAML is nested too deeply or repeats itself through aliases");
    }
    // yaml-cpp marks plain scalars "?" and quoted ones "!".
    if (node.Tag() != "?" && node.Tag() != "!") value.tag = node.Tag();
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        value.kind = YamlValue::Kind::scalar;
        value.text = node.Scalar();
        if (!is_utf8(value.text)) throw ConfigError(value.where() + kNotUtf8);
        value.quoted = node.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        value.kind = YamlValue::Kind::list;
        for (const YAML::Node& item : node) value.items.push_back(convert(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        value.kind = YamlValue::Kind::map;
        for (const auto& entry : node) add_field(value, entry.first, entry.second, depth);
        break;
    }
    return value;
  }

 private:
  void add_field(YamlValue& map, const YAML::Node& key, const YAML::Node& field, int depth) {
    const int line = key.Mark().line + 1;
    const std::string where = fmt::format("{}:{}: ", file_->string(), line);
    if (!key.IsScalar()) throw ConfigError(where + "a key must be plain text");
    if (!is_utf8(key.Scalar())) throw ConfigError(where + kNotUtf8);
    if (map.find(key.Scalar()) != nullptr) {
      throw ConfigError(
          fmt::format("{}the key '{}' stands twice; keep one of them", where, key.Scalar()));
    }
    map.fields.push_back({key.Scalar(), line, convert(field, depth + 1)});
    // An empty value has no place of its own.
    if (map.fields.back().value.kind == YamlValue::Kind::null) map.fields.back().value.line = line;
  }

  std::shared_ptr<const std::filesystem::path> file_;
  int num_nodes_ = 0;
};

/// Takes a document's events and does nothing with them.
class Skip : public YAML::EventHandler {
  using Mark = YAML::Mark;
  using Anchor = YAML::anchor_t;
  using Style = YAML::EmitterStyle::value;
  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const std::string&, Anchor, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

/// Not YAML::LoadAll: behind a comma outside brackets yaml-cpp 0.7 finds documents without end.
void require_one_document(std::string_view text, const std::filesystem::path& name) {
  std::istringstream in{std::string(text)};
  YAML::Parser parser(in);
  Skip skip;
  if (!parser.HandleNextDocument(skip)) {
    throw ConfigError(name.string() + ":1: expected one YAML document, found none");
  }
  if (parser.HandleNextDocument(skip)) {
    throw ConfigError(name.string() +
                      ":1: expected one YAML document, found more: look for '---' or a stray ','");
  }
}

}  // namespace

std::string YamlValue::where() const {
  return fmt::format("{}:{}: ", file ? file->string() : std::string("?"), line);
}

const YamlValue* YamlValue::find(std::string_view key) const {
  for (const YamlField& field : fields) {
    if (field.key == key) return &field.value;
  }
  return nullptr;
}

YamlValue parse_yaml(std::string_view text, const std::filesystem::path& name) {
  try {
    require_one_document(text, name);
    return Converter(name).convert(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    throw ConfigError(fmt::format("{}:{}: not valid YAML: {}", name.string(),
                                  error.mark.is_null() ? 1 : error.mark.line + 1, error.msg));
  }
}

}  // namespace allometer::tasks
