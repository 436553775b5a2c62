#include "sweep/node_memory.hpp"

#include <algorithm>
#include <limits>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/provenance.hpp"
#include "model/checkpoint.hpp"
#include "model/kv_cache.hpp"
#include "model/load.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::sweep {
namespace {

namespace fs = std::filesystem;

double needed_bytes(const VariantMemory& memory, const Node& node) {
  return static_cast<double>(memory.weights) +
         static_cast<double>(node.ranks) * static_cast<double>(memory.of_rank());
}

std::string remedy(Precision precision, const Node& node) {
  std::string remedy = "use nodes with more memory";
  if (node.ranks > 1) remedy += ", or fewer ranks on each";
  if (precision != Precision::bf16) remedy += ", or bf16";
  return remedy;
}

/// Nothing where it fits on every node.
std::optional<InputFailure> failure_of(const std::string& variant, Precision precision,
                                       const VariantMemory& memory,
                                       const std::vector<Node>& nodes) {
  for (const Node& node : nodes) {
    const double needed = needed_bytes(memory, node);
    if (needed <= static_cast<double>(node.memory_bytes)) continue;
    return InputFailure{
        std::string(kBeyondMemory),
        fmt::format("{} needs {} on a node (weights {}; {} for {}), but {} has {}; {}", variant,
                    human_bytes(needed), human_bytes(static_cast<double>(memory.weights)),
                    human_bytes(static_cast<double>(memory.of_rank())),
                    node.ranks == 1 ? "its rank" : fmt::format("each of {} ranks", node.ranks),
                    node.name, human_bytes(static_cast<double>(node.memory_bytes)),
                    remedy(precision, node))};
  }
  return std::nullopt;
}

/// Whether any file was written at that time (utc_text) or later.
bool changed_since(const fs::path& checkpoint, const std::string& time) {
  std::vector<fs::path> files;
  if (fs::is_directory(checkpoint)) {
    for (const auto& entry : fs::directory_iterator(checkpoint)) files.push_back(entry.path());
  } else {
    files = model::Checkpoint::open(checkpoint).files();
  }
  return std::any_of(files.begin(), files.end(), [&](const fs::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) != 0 || utc_text(status.st_mtime) >= time;
  });
}

/// The digest that the last start planned with, if the checkpoint was not written since.
std::optional<Digest> planned_digest(const fs::path& checkpoint,
                                     const results::JournalIndex& index) {
  if (!index.plan() || index.starts().empty()) return std::nullopt;
  const auto& models = index.plan()->models;
  const auto planned = std::find_if(models.begin(), models.end(), [&](const auto& model) {
    return model.path == checkpoint.string();
  });
  if (planned == models.end() || changed_since(checkpoint, index.starts().back().time))
    return std::nullopt;
  return planned->digest;
}

}  // namespace

VariantMemory memory_of(const model::Config& config, Precision precision, int chunk_tokens,
                        std::int64_t max_sequence) {
  VariantMemory memory;
  memory.weights = model::packed_bytes(config, precision);
  memory.cache = model::KvCache::size_in_bytes(
      config.num_hidden_layers, config.num_key_value_heads, config.head_dim,
      static_cast<int>(std::clamp<std::int64_t>(max_sequence, 1, std::numeric_limits<int>::max())));
  memory.activations = model::activation_bytes(config, chunk_tokens);
  return memory;
}

std::optional<InputFailure> find_too_large(const job::Job& job, const job::Model& model,
                                           const std::vector<Node>& nodes) {
  try {
    const auto config = model::Config::sketch(model.path);
    std::optional<InputFailure> failure;
    for (const job::Variant& variant : job.variants) {
      failure =
          failure_of(model.name + "/" + std::string(name_of(variant.precision)), variant.precision,
                     memory_of(config, variant.precision, job.chunk_tokens, 1), nodes);
      if (!failure) return std::nullopt;
    }
    return failure;
  } catch (const Error&) {
    return std::nullopt;  // told by whoever reads it next
  }
}

ModelIdentity identity_of_too_large(const job::Model& model, InputFailure failure,
                                    const fs::path& cache_file,
                                    const results::JournalIndex& index) {
  ModelIdentity identity{sha256("checkpoint beyond memory " + model.path.string()), Digest{},
                         std::move(failure)};
  try {
    identity.tokenizer = tokenizer::Tokenizer::load(model.path).digest();
    if (const auto weights = model::cached_checkpoint_digest(model.path, cache_file)) {
      identity.digest = model_digest(*weights, identity.tokenizer);
    } else if (const auto planned = planned_digest(model.path, index)) {
      identity.digest = *planned;
    }
  } catch (const Error&) {
    // There is no tokenizer: the model was never asked anything.
  }
  return identity;
}

void fail_cells_beyond_memory(Plan& plan, const std::vector<Node>& nodes) {
  std::vector<std::int64_t> longest(plan.record.variants.size(), 1);
  for (std::size_t i = 0; i < plan.record.cells.size(); ++i) {
    auto& sequence = longest[static_cast<std::size_t>(plan.record.cells[i].variant)];
    if (!plan.cell_failure[i]) sequence = std::max(sequence, plan.work[i].max_sequence);
  }
  std::vector<std::optional<InputFailure>> failures(plan.record.variants.size());
  for (std::size_t i = 0; i < failures.size(); ++i) {
    const auto& variant = plan.record.variants[i];
    const PlannedModelInput& model = plan.models[static_cast<std::size_t>(variant.model)];
    if (model.failure) continue;
    const Precision precision = *parse_precision(variant.precision);
    const VariantMemory memory =
        memory_of(model.config, precision, plan.job.chunk_tokens, longest[i]);
    failures[i] = failure_of(variant.name, precision, memory, nodes);
  }
  for (std::size_t i = 0; i < plan.record.cells.size(); ++i) {
    const auto& failure = failures[static_cast<std::size_t>(plan.record.cells[i].variant)];
    if (!plan.cell_failure[i] && failure) plan.cell_failure[i] = failure;
  }
}

std::string human_bytes(double bytes) {
  for (const auto& [unit, size] :
       {std::pair{"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}}) {
    if (bytes >= size) return fmt::format("{:.1f} {}", bytes / size, unit);
  }
  return fmt::format("{:.0f} B", bytes);
}

}  // namespace allometer::sweep
