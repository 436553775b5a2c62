#include "tasks/generators/generator.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/yaml_read.hpp"

namespace allometer::tasks {
namespace {

constexpr int kMaxDocuments = 1'000'000;
/// Draws for one document before the arguments are taken to allow no further question.
constexpr int kMaxAttempts = 10'000;
/// One question in four belongs to the train split, whatever the seed.
constexpr std::uint64_t kSplits = 4;

std::string_view name_of(Split split) {
  return split == Split::train ? "train" : "test";
}

/// Which split a question belongs to is a property of the question itself.
Split split_of(std::string_view generator, std::string_view key) {
  const std::uint64_t hash = seed_from(fmt::format("split/{}/{}", generator, key));
  return hash % kSplits == 0 ? Split::train : Split::test;
}

/// The text of a field that is for the frame alone, taken out of the document.
std::string take_text(nlohmann::json& document, const char* field, const std::string& otherwise) {
  const auto found = document.find(field);
  if (found == document.end()) return otherwise;
  std::string text = found->get<std::string>();
  document.erase(found);
  return text;
}

}  // namespace

std::span<const GeneratorKind* const> generator_kinds() {
  // In alphabetical order.
  static const std::vector<const GeneratorKind*> kinds{
      &kArithmetic,      //
      &kCategoryRule,    //
      &kCells,           //
      &kCloze,           //
      &kFigures,         //
      &kInstructions,    //
      &kMap,             //
      &kMaze,            //
      &kNavigate,        //
      &kNli,             //
      &kPreferences,     //
      &kSentiment,       //
      &kShapes,          //
      &kSmallFunction,   //
      &kSmallWorld,      //
      &kStatedFacts,     //
      &kStepgame,        //
      &kStringMapping,   //
      &kTrainedFacts,    //
      &kWordScrambling,  //
  };
  return kinds;
}

const GeneratorKind* find_generator(std::string_view name) {
  const auto kinds = generator_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const GeneratorKind* kind) { return kind->name == name; });
  return found == kinds.end() ? nullptr : *found;
}

GeneratedData::GeneratedData(const GeneratorKind& kind, const YamlValue* arguments,
                             std::filesystem::path file)
    : kind_(&kind), file_(std::move(file)) {
  where_ = arguments == nullptr ? file_.string() + ": " : arguments->where();
  GeneratorArguments reader(kind.name, arguments);
  sizes_.questions =
      static_cast<int>(reader.integer("questions", sizes_.questions, 1, kMaxDocuments));
  sizes_.demonstrations =
      static_cast<int>(reader.integer("demonstrations", sizes_.demonstrations, 1, kMaxDocuments));
  sizes_.seed = static_cast<std::uint64_t>(
      reader.integer("seed", 0, 0, std::numeric_limits<long long>::max()));
  generator_ = kind.create(reader);
  reader.require_all_known();
  ALLOMETER_EXPECT(generator_->num_levels() > 0 && generator_->num_answers() > 0);
}

nlohmann::json GeneratedData::make_document(Split split, int number,
                                            std::unordered_set<std::uint64_t>& seen) const {
  const std::string stream =
      fmt::format("{}/{}/{}/{}", kind_->name, kind_->version, sizes_.seed, name_of(split));
  Draw draw;
  draw.level = number % generator_->num_levels();
  // Each run of num_answers documents of a level has every answer once, in an order of its own.
  const int in_level = number / generator_->num_levels();
  std::vector<int> answers(static_cast<std::size_t>(generator_->num_answers()));
  std::iota(answers.begin(), answers.end(), 0);
  const auto num_answers = static_cast<int>(answers.size());
  SplitMix64 order(
      seed_from(fmt::format("{}/answers/{}/{}", stream, draw.level, in_level / num_answers)));
  order.shuffle(std::span(answers));
  draw.answer = answers[static_cast<std::size_t>(in_level % num_answers)];

  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    draw.random = SplitMix64(seed_from(fmt::format("{}/{}/{}", stream, number, attempt)));
    std::optional<nlohmann::json> document = generator_->make(draw);
    if (!document) continue;
    const std::string key =
        take_text(*document, "key", document->at("question").get<std::string>());
    if (split_of(kind_->name, take_text(*document, "split_by", key)) != split) continue;
    if (!seen.insert(seed_from(key)).second) continue;
    (*document)["id"] = fmt::format("{}/{}", stream, number);
    return std::move(*document);
  }
  throw ConfigError(fmt::format(
      "{}the generator {} finds no new question for its {} split after {} of them; ask for fewer, "
      "or for more levels of difficulty",
      where_, kind_->name, name_of(split), number));
}

Dataset GeneratedData::make(Split split, int count) const {
  Dataset dataset;
  dataset.file =
      fmt::format("{} ({} split of the generator {})", file_.string(), name_of(split), kind_->name);
  Sha256 hash;
  std::unordered_set<std::uint64_t> seen;
  for (int number = 0; number < count; ++number) {
    nlohmann::json document = make_document(split, number, seen);
    hash.update(document.dump()).update("\n");
    dataset.ids.push_back(document.at("id").get<std::string>());
    dataset.rows.push_back(number);
    dataset.documents.push_back(std::move(document));
  }
  dataset.digest = hash.finish();
  return dataset;
}

}  // namespace allometer::tasks
