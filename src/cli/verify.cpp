/// allometer verify: which instructions stored responses follow.

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/json_lines.hpp"
#include "cli/options.hpp"
#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "tasks/dataset.hpp"
#include "tasks/instructions/instruction.hpp"

namespace allometer::cli {
namespace {

using nlohmann::json;
using tasks::Dataset;

Options declare() {
  Options options(
      "verify",
      "Says which instructions stored responses follow, as IFEval does: strictly and loosely, by "
      "prompt and by instruction. RESPONSES has {\"prompt\": ..., \"response\": ...} lines, whose "
      "instructions --input tells; or lines with instruction_id_list and kwargs of their own; or "
      "the samples that lm-evaluation-harness logs (doc, filtered_resps).");
  options.argument("RESPONSES", Options::Presence::required, "the responses, as JSONL")
      .option("input,i", "FILE",
              "prompts with instruction_id_list and kwargs, as IFEval's input_data.jsonl")
      .flag("partial", "score what is there, although prompts of --input have no response")
      .option("output,o", "FILE", "write what was found of each response, as JSONL")
      .flag("json", "print one JSON object instead of a table")
      .example("allometer verify responses.jsonl --input input_data.jsonl -o verdicts.jsonl",
               "the four accuracies of IFEval, and every verdict")
      .example("allometer verify samples_ifeval_2026-01-01.jsonl --json",
               "what lm-evaluation-harness logged, verified again");
  return options;
}

/// A response and the document that tells its instructions.
struct Answered {
  json document;
  std::string response;
  std::string where;  ///< "file:row: " of the response
  std::string document_where;
};

/// The string under `key`. Throws FormatError naming `where`.
std::string text_of(const json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_string()) return found->get<std::string>();
  throw FormatError(fmt::format("{}must have the text \"{}\"", where, key));
}

/// The prompts of --input, by their text.
class Prompts {
 public:
  explicit Prompts(Dataset dataset) : dataset_(std::move(dataset)) {
    for (std::size_t i = 0; i < dataset_.documents.size(); ++i) {
      const std::string prompt = text_of(dataset_.documents[i], "prompt", dataset_.where(i));
      if (!by_text_.emplace(prompt, i).second)
        throw FormatError(dataset_.where(i) + "the same prompt stands further up too");
    }
  }

  /// Throws FormatError for a prompt that is not there, or that was asked for before.
  std::size_t take(const std::string& prompt, const std::string& where) {
    const auto found = by_text_.find(prompt);
    if (found == by_text_.end()) {
      throw FormatError(
          fmt::format("{}no prompt in {} is the same as the one here; they must agree "
                      "to the last character",
                      where, dataset_.file.string()));
    }
    if (!taken_.insert(found->second).second)
      throw FormatError(where + "a response to the same prompt stands further up too");
    return found->second;
  }

  void require_all_taken() const {
    for (std::size_t i = 0; i < dataset_.documents.size(); ++i) {
      if (taken_.contains(i)) continue;
      throw FormatError(fmt::format(
          "{}this prompt, one of {}, has no response; --partial scores the {} that are there",
          dataset_.where(i), dataset_.documents.size() - taken_.size(), taken_.size()));
    }
  }

  const Dataset& dataset() const { return dataset_; }

 private:
  Dataset dataset_;
  std::unordered_map<std::string, std::size_t> by_text_;
  std::set<std::size_t> taken_;
};

/// filtered_resps holds one text; resps, in older logs, a list of lists of texts.
std::string logged_response(const json& sample, const std::string& where) {
  const char* key = sample.contains("filtered_resps") ? "filtered_resps" : "resps";
  json response = sample.value(key, json());
  while (response.is_array() && !response.empty()) response = json(response.front());
  if (response.is_string()) return response.get<std::string>();
  throw FormatError(fmt::format("{}\"{}\" must hold the text of a response", where, key));
}

std::vector<Answered> read_answers(const Options& options) {
  const Dataset rows = tasks::load_dataset(options.existing_path("RESPONSES"));
  std::optional<Prompts> prompts;
  if (options.given("input")) prompts.emplace(tasks::load_dataset(options.existing_path("input")));
  std::vector<Answered> answers;
  for (std::size_t i = 0; i < rows.documents.size(); ++i) {
    const json& row = rows.documents[i];
    const std::string where = rows.where(i);
    if (prompts) {
      const std::size_t at = prompts->take(text_of(row, "prompt", where), where);
      answers.push_back({prompts->dataset().documents[at], text_of(row, "response", where), where,
                         prompts->dataset().where(at)});
    } else if (row.contains("doc")) {
      answers.push_back({row["doc"], logged_response(row, where), where, where});
    } else if (row.contains("instruction_id_list")) {
      answers.push_back({row, text_of(row, "response", where), where, where});
    } else {
      throw FormatError(where +
                        "tells no instructions: give --input FILE with the prompts and their "
                        "instructions");
    }
  }
  if (prompts && !options.given("partial")) prompts->require_all_taken();
  return answers;
}

/// Followed and asked, strictly and loosely.
struct Count {
  int total = 0;
  int strict = 0;
  int loose = 0;

  void add(bool is_strict, bool is_loose) {
    ++total;
    strict += is_strict ? 1 : 0;
    loose += is_loose ? 1 : 0;
  }
  double strict_share() const { return static_cast<double>(strict) / total; }
  double loose_share() const { return static_cast<double>(loose) / total; }
};

bool all_of(const std::vector<bool>& verdicts) {
  return std::find(verdicts.begin(), verdicts.end(), false) == verdicts.end();
}

struct Tally {
  Count prompts;
  Count instructions;
  std::map<std::string, Count> types;

  void add(const std::vector<std::string>& ids, const tasks::Verdicts& verdicts) {
    prompts.add(all_of(verdicts.strict), all_of(verdicts.loose));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      instructions.add(verdicts.strict[i], verdicts.loose[i]);
      types[ids[i]].add(verdicts.strict[i], verdicts.loose[i]);
    }
  }
};

/// One line of --output, in the words of IFEval's own results.
std::string verdict_line(const Answered& answer, const std::vector<std::string>& ids,
                         const tasks::Verdicts& verdicts) {
  const auto followed = [](const std::vector<bool>& list) {
    return nlohmann::ordered_json{{"follow_all_instructions", all_of(list)},
                                  {"follow_instruction_list", list}};
  };
  nlohmann::ordered_json line;
  for (const char* key : {"key", "prompt"}) {
    if (answer.document.contains(key)) line[key] = answer.document[key];
  }
  line["response"] = answer.response;
  line["instruction_id_list"] = ids;
  line["strict"] = followed(verdicts.strict);
  line["loose"] = followed(verdicts.loose);
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

void print_json(const Tally& tally) {
  nlohmann::ordered_json types = nlohmann::ordered_json::object();
  for (const auto& [id, count] : tally.types) {
    types[id] = {{"instructions", count.total},
                 {"strict_acc", count.strict_share()},
                 {"loose_acc", count.loose_share()}};
  }
  print_json_line({{"responses", tally.prompts.total},
                   {"instructions", tally.instructions.total},
                   {"prompt_level_strict_acc", tally.prompts.strict_share()},
                   {"inst_level_strict_acc", tally.instructions.strict_share()},
                   {"prompt_level_loose_acc", tally.prompts.loose_share()},
                   {"inst_level_loose_acc", tally.instructions.loose_share()},
                   {"types", types}});
}

void print_table(const Tally& tally) {
  const auto row = [](const std::string& name, const Count& count) {
    fmt::print("{:<46} {:>7.4f} {:>7.4f} {:>6}\n", name, count.strict_share(), count.loose_share(),
               count.total);
  };
  fmt::print("{:<46} {:>7} {:>7} {:>6}\n", "accuracy", "strict", "loose", "of");
  row("prompt level", tally.prompts);
  row("instruction level", tally.instructions);
  for (const auto& [id, count] : tally.types) row("  " + id, count);
}

}  // namespace

int run_verify(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  Tally tally;
  std::string lines;
  for (const Answered& answer : read_answers(options)) {
    if (!answer.document.is_object())
      throw FormatError(answer.where + "\"doc\" must be the document that was asked");
    const tasks::InstructionList list(answer.document, answer.document_where);
    const tasks::Verdicts verdicts = list.verify(answer.response);
    tally.add(list.ids(), verdicts);
    lines += verdict_line(answer, list.ids(), verdicts);
  }
  if (options.given("output")) io::replace_file(options.text("output"), lines);
  if (options.given("json")) {
    print_json(tally);
  } else {
    print_table(tally);
  }
  return kDone;
}

}  // namespace allometer::cli
