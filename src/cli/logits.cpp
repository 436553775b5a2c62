/// allometer logits: what a model says at every position, for comparison with other
/// implementations.

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/checkpoint.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options("logits",
                  "Reads token sequences from a JSON file, [{\"ids\": [1, 403, ...]}, ...], and "
                  "writes the logits after "
                  "every position of each as tensors case0, case1, ... F32 [T, vocab_size]. "
                  "Nothing is added to the ids.");
  options.argument("MODEL", Options::Presence::required, "a checkpoint directory or a GGUF file")
      .option("ids", "FILE", "the JSON file with the sequences (needed)")
      .option("output,o", "FILE", "the .safetensors file to write (needed)");
  declare_compute_options(options);
  options.example(
      "allometer logits models/smollm2-135m --ids cases.json -o logits.safetensors --precision "
      "bf16",
      "logits of every case of cases.json");
  return options;
}

using Sequence = std::vector<std::int32_t>;

Sequence parse_case(const nlohmann::json& entry, std::size_t index,
                    const std::filesystem::path& file) {
  const std::string where = fmt::format("{}: case {}", file.string(), index);
  if (!entry.is_object() || !entry.contains("ids") || !entry["ids"].is_array()) {
    throw FormatError(where + " must be an object with \"ids\", a list of token ids");
  }
  Sequence ids;
  for (const nlohmann::json& id : entry["ids"]) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 ||
        id.get<std::int64_t>() > INT32_MAX) {
      throw FormatError(
          fmt::format("{}: {} is not a token id (a whole number from 0)", where, id.dump()));
    }
    ids.push_back(id.get<std::int32_t>());
  }
  if (ids.empty()) throw FormatError(where + " has no ids");
  return ids;
}

std::vector<Sequence> read_cases(const std::filesystem::path& file) {
  nlohmann::json cases;
  try {
    cases = nlohmann::json::parse(io::read_text(file));
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: not JSON: {}", file.string(), error.what()));
  }
  if (!cases.is_array() || cases.empty()) {
    throw FormatError(file.string() + ": must be a JSON list of cases, as [{\"ids\": [1, 2, 3]}]");
  }
  std::vector<Sequence> sequences;
  for (std::size_t i = 0; i < cases.size(); ++i) sequences.push_back(parse_case(cases[i], i, file));
  return sequences;
}

/// F32 [ids.size(), vocab_size].
std::vector<float> all_logits(model::CausalModel& model, const Sequence& ids) {
  const auto hidden_size = static_cast<std::size_t>(model.config().hidden_size);
  const auto vocab_size = static_cast<std::size_t>(model.config().vocab_size);
  const int length = static_cast<int>(ids.size());
  std::vector<float> logits(ids.size() * vocab_size);
  std::vector<float> hidden(static_cast<std::size_t>(model.max_rows()) * hidden_size);
  model::KvCache cache = model.make_cache(length);
  model::KvCache* const caches[] = {&cache};
  for (int first = 0; first < length; first += model.max_rows()) {
    const int rows = std::min(model.max_rows(), length - first);
    const model::Segment segment{0, rows, first, 0};
    model.forward(
        std::span(ids).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows)),
        {&segment, 1}, caches, hidden.data());
    model.logits(hidden.data(), rows, logits.data() + static_cast<std::size_t>(first) * vocab_size);
  }
  return logits;
}

}  // namespace

int run_logits(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const Compute compute = compute_options(options);
  const std::filesystem::path path = checkpoint_path(options, "MODEL");
  for (const char* needed : {"ids", "output"}) {
    if (!options.given(needed)) options.fail(fmt::format("--{} is missing", needed));
  }
  const std::filesystem::path file = options.existing_path("ids");
  const std::vector<Sequence> sequences = read_cases(file);
  const auto model = load_checkpoint(path, compute);

  std::vector<std::vector<float>> values;
  std::vector<io::TensorToWrite> tensors;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    try {
      values.push_back(all_logits(*model, sequences[i]));
    } catch (const ConfigError& error) {
      throw FormatError(fmt::format("{}: case {}: {}", file.string(), i, error.what()));
    }
    tensors.push_back({fmt::format("case{}", i),
                       io::TensorType::f32,
                       {static_cast<std::int64_t>(sequences[i].size()), model->config().vocab_size},
                       {}});
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].values = values[i];
  io::write_safetensors(options.text("output"), tensors);
  return kDone;
}

}  // namespace allometer::cli
