#pragma once
/// Generated data sets: documents without end, the same on every machine, with a train and a test
/// split that never meet. One file per generator; kinds.hpp lists them.
///
/// A task file names one in place of a dataset_path, and everything else of it stays as it is:
///   generator: stepgame
///   generator_args: {questions: 300, demonstrations: 256, seed: 0, hops: [1, 2, 3]}
/// The first three are read here; the rest are the generator's own.
///
/// Fields that documents have by convention: question (text), answer (text), choices (list of
/// texts), gold (index into choices), difficulty (number), steps (the reasoning as text), rationale
/// (list of [begin, end) byte spans in the text that is explained). A document about an image would
/// name it in a further field.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/random.hpp"
#include "tasks/dataset.hpp"
#include "tasks/generators/generator_arguments.hpp"

namespace allometer::tasks {

/// What one document is made from.
struct Draw {
  /// Keyed by (generator, version, seed, split, number of the document, attempt).
  SplitMix64 random{0};
  int level = 0;   ///< index into the generator's levels of difficulty
  int answer = 0;  ///< which of num_answers() must be right
};

/// A generator whose arguments were read and checked. Immutable.
class Generator {
 public:
  virtual ~Generator() = default;
  virtual int num_levels() const = 0;
  /// Answers that are balanced within each level; 1 where there is nothing to balance.
  virtual int num_answers() const = 0;
  /// A document without id, with at least `question` (text) and `difficulty` (number); nothing
  /// where the draw leads nowhere, and another is made. Two documents are one question if they have
  /// the same `question`, or the same text in the field `key`. Which split a question belongs to is
  /// decided by the text in the field `split_by`, where there is one: what a demonstration would
  /// give away. Both fields are taken out again.
  virtual std::optional<nlohmann::json> make(Draw draw) const = 0;
};

struct GeneratorKind {
  std::string_view name;
  /// Raised whenever the documents change for any arguments: part of ids and of every draw.
  int version = 1;
  std::string_view summary;
  /// Throws ConfigError for arguments that it cannot use.
  std::unique_ptr<Generator> (*create)(GeneratorArguments& arguments) = nullptr;
};

/// All generators, in alphabetical order.
std::span<const GeneratorKind* const> generator_kinds();
/// nullptr if there is none of that name.
const GeneratorKind* find_generator(std::string_view name);

enum class Split { train, test };

/// What the frame itself reads of generator_args.
struct GeneratedSizes {
  int questions = 256;       ///< documents of the test split
  int demonstrations = 256;  ///< documents of the train split
  std::uint64_t seed = 0;
};

/// A kind with its arguments: makes either split.
class GeneratedData {
 public:
  /// `arguments`: the map generator_args, or nullptr; `file` is the task file, for messages. Throws
  /// ConfigError "file:line: ..." for arguments that are unknown or out of range.
  GeneratedData(const GeneratorKind& kind, const YamlValue* arguments, std::filesystem::path file);

  const GeneratedSizes& sizes() const { return sizes_; }
  /// The first `count` documents of a split, ids as "stepgame/1/0/test/17" (generator, version,
  /// seed, split, number). More documents begin with those of fewer. Throws ConfigError where the
  /// arguments allow too few different questions.
  Dataset make(Split split, int count) const;

 private:
  nlohmann::json make_document(Split split, int number,
                               std::unordered_set<std::uint64_t>& seen) const;

  const GeneratorKind* kind_;
  std::filesystem::path file_;
  std::string where_;
  GeneratedSizes sizes_;
  std::unique_ptr<Generator> generator_;
};

}  // namespace allometer::tasks
