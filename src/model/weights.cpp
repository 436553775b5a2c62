#include "model/weights.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/fault_point.hpp"
#include "model/architecture.hpp"

namespace allometer::model {
namespace {

/// Raised when the order or layout of the packed weights changes.
constexpr int kLayoutRevision = 2;

/// Names the file of packed weights after everything that decides its bytes.
std::string packed_name(const Digest& digest, const LoadOptions& options) {
  const std::string key = fmt::format("{}|{}|{}|{}|{}|{}", digest.hex(), name_of(options.precision),
                                      name_of(options.instruction_set), ops::backend_version(),
                                      ops::kernel_revision(), kLayoutRevision);
  return fmt::format("{}-{}-{}-{}", digest.short_hex(), name_of(options.precision),
                     name_of(options.instruction_set), sha256(key).short_hex());
}

/// Where the weights already are, else where they were asked for: the first rank of a node may have
/// left too little room in memory for the others to choose it again.
std::filesystem::path directory_for(const std::string& name, const std::filesystem::path& asked) {
  return !asked.empty() && PackedFile::exists(memory_directory(), name) ? memory_directory()
                                                                        : asked;
}

}  // namespace

Weights::Weights(Checkpoint checkpoint, const Config& config, const LoadOptions& options)
    : checkpoint_(std::move(checkpoint)),
      prefix_(fmt::format("{}.", architecture_of(config).base_model_prefix)),
      precision_(options.precision),
      max_rows_(options.max_rows) {
  // Without an identity, two models could share one file.
  ALLOMETER_EXPECT(options.shared_directory.empty() || options.digest != Digest{});
  check_shapes(tensors_of(config));
  std::size_t offset = 0;
  for (const LinearSpec& spec : linears_of(config)) {
    places_[spec.name] = {spec, offset};
    offset +=
        ops::Linear(spec.in_features, spec.out_features(), precision_, max_rows_).packed_bytes();
  }
  const std::string name = packed_name(options.digest, options);
  file_ = PackedFile::open(directory_for(name, options.shared_directory), name, offset,
                           [this](std::byte* memory) { fill(memory); });
}

void Weights::check_shapes(const std::vector<TensorSpec>& tensors) const {
  for (const TensorSpec& expected : tensors) {
    const Tensor found = tensor(expected.name);
    if (found.shape() == expected.shape) continue;
    throw FormatError(fmt::format(
        "{}: tensor \"{}\" has shape [{}], but config.json asks for [{}]: one of the two files "
        "belongs to another model",
        checkpoint_.label(), expected.name, fmt::join(found.shape(), ", "),
        fmt::join(expected.shape, ", ")));
  }
}

void Weights::fill(std::byte* memory) const {
  for (const auto& [name, place] : places_) {
    const LinearSpec& spec = place.spec;
    const ops::Linear linear(spec.in_features, spec.out_features(), precision_, max_rows_);
    linear.pack(
        [&](int first, int count, float* dst) {
          const auto width = static_cast<std::size_t>(spec.in_features);
          int part_begin = 0;
          for (const LinearPart& part : spec.parts) {
            const int begin = std::max(first, part_begin);
            const int end = std::min(first + count, part_begin + part.num_rows);
            if (begin < end) {
              read_rows(part, begin - part_begin, end - begin, width,
                        dst + static_cast<std::size_t>(begin - first) * width);
            }
            part_begin += part.num_rows;
          }
        },
        memory + place.offset);
    fault_point("packing");
  }
}

/// Rows [first, first + count) of the part, F32 [count, width].
void Weights::read_rows(const LinearPart& part, int first, int count, std::size_t width,
                        float* dst) const {
  const Tensor matrix = tensor(part.tensor);
  const std::int64_t row = part.first_row + first;
  if (!part.is_transposed) {
    matrix.copy_to(row * static_cast<std::int64_t>(width),
                   {dst, static_cast<std::size_t>(count) * width});
    return;
  }
  std::vector<float> column(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < width; ++i) {
    matrix.copy_to(static_cast<std::int64_t>(i) * matrix.shape().back() + row, column);
    for (std::size_t r = 0; r < column.size(); ++r) dst[r * width + i] = column[r];
  }
}

Tensor Weights::tensor(const std::string& name) const {
  if (!checkpoint_.contains(name) && name.starts_with(prefix_)) {
    const std::string bare = name.substr(prefix_.size());
    if (checkpoint_.contains(bare)) return checkpoint_.at(bare);
  }
  return checkpoint_.at(name);
}

std::vector<float> Weights::bias(std::span<const Projection> parts) const {
  const auto has_bias = [](const Projection& part) { return part.has_bias; };
  if (std::none_of(parts.begin(), parts.end(), has_bias)) return {};
  std::vector<float> all;
  for (const Projection& part : parts) {
    if (!part.has_bias) {
      all.resize(all.size() + static_cast<std::size_t>(part.out_features));
      continue;
    }
    const std::vector<float> stored = vector(part.name + ".bias");
    if (part.order.empty()) all.insert(all.end(), stored.begin(), stored.end());
    for (const RowRange& rows : part.order)
      all.insert(all.end(), stored.begin() + rows.first, stored.begin() + rows.first + rows.count);
  }
  return all;
}

ops::Linear Weights::linear(const std::string& name) const {
  const LinearSpec& spec = places_.at(name).spec;
  ops::Linear linear(spec.in_features, spec.out_features(), precision_, max_rows_);
  linear.attach(packed(name));
  return linear;
}

const std::byte* Weights::packed(const std::string& name) const {
  return file_.data() + places_.at(name).offset;
}

std::vector<float> Weights::vector(const std::string& name) const {
  const Tensor all = tensor(name);
  std::vector<float> values(static_cast<std::size_t>(all.num_elements()));
  all.copy_to(0, values);
  return values;
}

std::size_t packed_bytes(const std::vector<LinearSpec>& linears, Precision precision) {
  constexpr int kAnyRows = 1;
  std::map<std::pair<int, int>, std::size_t> sizes;
  std::size_t total = 0;
  for (const LinearSpec& spec : linears) {
    const auto [size, is_new] = sizes.try_emplace({spec.in_features, spec.out_features()}, 0);
    if (is_new)
      size->second =
          ops::Linear(spec.in_features, spec.out_features(), precision, kAnyRows).packed_bytes();
    total += size->second;
  }
  return total;
}

void Embedding::forward(std::span<const std::int32_t> ids, float* out) const {
  const std::int64_t width = table_.shape().back();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    table_.copy_to(ids[i] * width,
                   {out + i * static_cast<std::size_t>(width), static_cast<std::size_t>(width)});
  }
}

}  // namespace allometer::model
