#include "model/weights.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/fault_point.hpp"

namespace allometer::model {
namespace {

/// Raised when the order or layout of the packed weights changes.
constexpr int kLayoutRevision = 1;

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

/// Rows [first, first + count) of the stacked parts, F32.
void read_rows(const Checkpoint& checkpoint, const LinearSpec& spec, int first, int count,
               float* dst) {
  const auto width = static_cast<std::size_t>(spec.in_features);
  int part_begin = 0;
  for (const LinearPart& part : spec.parts) {
    const int begin = std::max(first, part_begin);
    const int end = std::min(first + count, part_begin + part.num_rows);
    if (begin < end) {
      const std::int64_t row = part.first_row + (begin - part_begin);
      checkpoint.at(part.tensor)
          .copy_to(row * spec.in_features, {dst + static_cast<std::size_t>(begin - first) * width,
                                            static_cast<std::size_t>(end - begin) * width});
    }
    part_begin += part.num_rows;
  }
}

}  // namespace

Weights::Weights(Checkpoint checkpoint, const Architecture& architecture, const Config& config,
                 const LoadOptions& options)
    : checkpoint_(std::move(checkpoint)),
      precision_(options.precision),
      max_rows_(options.max_rows) {
  // Without an identity, two models could share one file.
  ALLOMETER_EXPECT(options.shared_directory.empty() || options.digest != Digest{});
  check_shapes(architecture.tensors(config));
  std::size_t offset = 0;
  for (const LinearSpec& spec : architecture.linears(config)) {
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
    const Tensor found = checkpoint_.at(expected.name);
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
        [&](int first, int count, float* dst) { read_rows(checkpoint_, spec, first, count, dst); },
        memory + place.offset);
    fault_point("packing");
  }
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
  const Tensor tensor = checkpoint_.at(name);
  std::vector<float> values(static_cast<std::size_t>(tensor.num_elements()));
  tensor.copy_to(0, values);
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
