#include "ops/linear.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include <omp.h>

#include "core/contract.hpp"
#include "ops/detail/kernels.hpp"
#include "ops/detail/onednn.hpp"

namespace allometer::ops {
namespace {

using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;

/// Rows of W that pack() holds at a time: a multiple of every column block of oneDNN's layouts.
constexpr int kPackRows = 256;

/// Rows for which oneDNN chooses the layout, which must not depend on max_rows: processes share
/// packed weights.
constexpr int kLayoutRows = 256;

/// One primitive serves a range of row counts: a primitive per count would cost 0.2 ms and its code
/// each, and run-time dimensions fall back to slow products. Steps are at most a sixth of the
/// count, where rows cost time.
int bucket_of(int rows) {
  const int step = rows <= 16 ? 4 : rows <= 64 ? 8 : rows <= 256 ? 16 : 64;
  return (rows + step - 1) / step * step;
}

/// One thread for products that are over before another would wake up; the bits are the same.
class ThreadsFor {
 public:
  ThreadsFor(int rows, int in, int out) : before_(omp_get_max_threads()) {
    constexpr double kWorthThreads = 2e6;
    changed_ = before_ > 1 && 2.0 * rows * in * out < kWorthThreads;
    if (changed_) omp_set_num_threads(1);
  }
  ~ThreadsFor() {
    if (changed_) omp_set_num_threads(before_);
  }
  ThreadsFor(const ThreadsFor&) = delete;
  ThreadsFor& operator=(const ThreadsFor&) = delete;

 private:
  int before_;
  bool changed_;
};

std::size_t align64(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

std::string shape_text(int rows, int in, int out) {
  return "[" + std::to_string(rows) + " x " + std::to_string(in) + "] x [" + std::to_string(in) +
         " x " + std::to_string(out) + "]";
}

}  // namespace

struct Linear::Impl {
  int in;
  int out;
  Precision precision;
  int max_rows;
  Type type = Type::f32;  ///< in which the product is computed
  bool use_onednn = false;
  memory::desc weights_desc;  ///< of oneDNN's blocked layout
  const std::byte* weights = nullptr;
  mutable std::map<std::pair<int, bool>, dnnl::matmul> products;  ///< by bucket and accumulate

  Impl(int in_features, int out_features, Precision p, int rows)
      : in(in_features), out(out_features), precision(p), max_rows(rows) {
    const InstructionSet isa = active_instruction_set();
    if (isa == InstructionSet::avx2) return;
    if (precision == Precision::bf16 && isa == InstructionSet::avx512_bf16) type = Type::bf16;
    const auto probe =
        describe(bucket_of(max_rows), memory::desc({in, out}, type, Tag::any), false);
    weights_desc = probe.weights_desc();
    // Only the brgemm kernels are known to be invariant over rows and threads.
    use_onednn = std::string_view(probe.impl_info_str()).substr(0, 3) == "brg";
    if (!use_onednn) type = Type::f32;
  }

  bool widens() const { return precision == Precision::bf16 && type == Type::f32; }
  std::size_t element_size() const { return precision == Precision::bf16 ? 2 : 4; }
  int panels() const { return (out + detail::kLanes - 1) / detail::kLanes; }
  std::size_t panel_floats() const { return static_cast<std::size_t>(in) * detail::kLanes; }

  dnnl::matmul::primitive_desc describe(int rows, const memory::desc& w, bool accumulate) const {
    return detail::with_onednn("product " + shape_text(rows, in, out), [&] {
      dnnl::primitive_attr attributes;
      if (accumulate) {
        dnnl::post_ops sum;
        sum.append_sum(1.0F);
        attributes.set_post_ops(sum);
      }
      return detail::make_matmul({{rows, in}, type, Tag::ab}, w, {{rows, out}, Type::f32, Tag::ab},
                                 attributes);
    });
  }

  const dnnl::matmul& product(int bucket, bool accumulate) const {
    const auto key = std::make_pair(bucket, accumulate);
    const auto found = products.find(key);
    if (found != products.end()) return found->second;
    return products.emplace(key, dnnl::matmul(describe(bucket, weights_desc, accumulate)))
        .first->second;
  }

  void pack_block(int first, int count, float* rows, std::byte* packed) const;
  void run_onednn(const void* src, int rows, float* dst, bool accumulate) const;
  void run_panels(const float* src, int rows, float* dst, bool accumulate) const;
};

/// rows: F32 [count, in]. `first` is a multiple of kPackRows.
void Linear::Impl::pack_block(int first, int count, float* rows, std::byte* packed) const {
  if (use_onednn) {
    detail::with_onednn(
        "packing weights [" + std::to_string(out) + ", " + std::to_string(in) + "]", [&] {
          const auto& engine = detail::cpu_engine();
          dnnl::stream stream(engine);
          memory from({{in, count}, Type::f32, Tag::ba}, engine, rows);
          memory to(weights_desc.submemory_desc({in, count}, {0, first}), engine, packed);
          dnnl::reorder(from, to).execute(stream, from, to);
          stream.wait();
        });
    return;
  }
  float* panels_begin = reinterpret_cast<float*>(packed);
  for (int r = 0; r < count; ++r) {
    const int column = first + r;
    float* panel =
        panels_begin + static_cast<std::size_t>(column / detail::kLanes) * panel_floats();
    const float* row = rows + static_cast<std::size_t>(r) * static_cast<std::size_t>(in);
    for (int i = 0; i < in; ++i) panel[i * detail::kLanes + column % detail::kLanes] = row[i];
  }
}

void Linear::Impl::run_onednn(const void* src, int rows, float* dst, bool accumulate) const {
  const ThreadsFor threads(rows, in, out);
  const auto& engine = detail::cpu_engine();
  thread_local dnnl::stream stream(engine);
  memory x({{rows, in}, type, Tag::ab}, engine, const_cast<void*>(src));
  memory w(weights_desc, engine, const_cast<std::byte*>(weights));
  memory y({{rows, out}, Type::f32, Tag::ab}, engine, dst);
  product(rows, accumulate)
      .execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
  stream.wait();
}

void Linear::Impl::run_panels(const float* src, int rows, float* dst, bool accumulate) const {
  const detail::Kernels& k = detail::kernels();
  const float* panels_begin = reinterpret_cast<const float*>(weights);
  const ThreadsFor threads(rows, in, out);
#pragma omp parallel for schedule(static)
  for (int p = 0; p < panels(); ++p) {
    const int column = p * detail::kLanes;
    k.matmul_panel(src, rows, in, panels_begin + static_cast<std::size_t>(p) * panel_floats(),
                   std::min(detail::kLanes, out - column), dst + column,
                   static_cast<std::size_t>(out), accumulate);
  }
}

Linear::Linear(int in_features, int out_features, Precision precision, int max_rows)
    : impl_(std::make_unique<Impl>(in_features, out_features, precision, max_rows)) {}
Linear::~Linear() = default;
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;

std::size_t Linear::packed_bytes() const {
  const Impl& m = *impl_;
  if (m.use_onednn) return align64(m.weights_desc.get_size());
  return static_cast<std::size_t>(m.panels()) * m.panel_floats() * sizeof(float);
}

void Linear::pack(const std::function<void(int, int, float*)>& rows, std::byte* packed) const {
  const Impl& m = *impl_;
  std::memset(packed, 0, packed_bytes());  // the padding of partial blocks takes part in products
  const std::size_t width = static_cast<std::size_t>(m.in);
  std::vector<float> block(static_cast<std::size_t>(std::min(kPackRows, m.out)) * width);
  std::vector<std::uint16_t> rounded(m.widens() ? width : 0);
  for (int first = 0; first < m.out; first += kPackRows) {
    const int count = std::min(kPackRows, m.out - first);
    rows(first, count, block.data());
    for (int r = 0; m.widens() && r < count; ++r) {
      float* row = block.data() + static_cast<std::size_t>(r) * width;
      detail::kernels().to_bf16(row, width, rounded.data());
      detail::kernels().from_bf16(rounded.data(), width, row);
    }
    m.pack_block(first, count, block.data(), packed);
  }
}

void Linear::attach(const std::byte* packed) {
  impl_->weights = packed;
}

void Linear::forward(const void* src, int rows, float* dst, bool accumulate) const {
  const Impl& m = *impl_;
  ALLOMETER_EXPECT(m.weights != nullptr);
  ALLOMETER_EXPECT(rows >= 0 && rows <= m.max_rows);
  if (rows == 0) return;
  const auto in = static_cast<std::size_t>(m.in);
  const auto out = static_cast<std::size_t>(m.out);
  const auto n = static_cast<std::size_t>(rows);
  const int bucket = m.use_onednn ? bucket_of(rows) : rows;
  thread_local std::vector<std::byte> padded_src;
  thread_local std::vector<float> padded_dst;
  if (m.widens() || bucket != rows) {
    padded_src.resize(
        std::max(padded_src.size(), static_cast<std::size_t>(bucket) * in * sizeof(float)));
    if (m.widens()) {
      detail::kernels().from_bf16(static_cast<const std::uint16_t*>(src), n * in,
                                  reinterpret_cast<float*>(padded_src.data()));
    } else {
      std::memcpy(padded_src.data(), src, n * in * m.element_size());
    }
    src = padded_src.data();
  }
  if (!m.use_onednn) return m.run_panels(static_cast<const float*>(src), rows, dst, accumulate);
  if (bucket == rows) return m.run_onednn(src, rows, dst, accumulate);
  padded_dst.resize(std::max(padded_dst.size(), static_cast<std::size_t>(bucket) * out));
  if (accumulate) std::memcpy(padded_dst.data(), dst, n * out * sizeof(float));
  m.run_onednn(src, bucket, padded_dst.data(), accumulate);
  std::memcpy(dst, padded_dst.data(), n * out * sizeof(float));
}

double measure_matmul_flops_per_second(Precision precision, int repeats) {
  constexpr int kRows = 256;
  constexpr int kIn = 1024;
  constexpr int kOut = 2048;
  Linear linear(kIn, kOut, precision, kRows);
  std::vector<std::byte> weights(linear.packed_bytes() + 64);
  std::byte* packed = weights.data() + (64 - reinterpret_cast<std::uintptr_t>(weights.data()) % 64);
  linear.pack([](int, int count,
                 float* dst) { std::fill_n(dst, static_cast<std::size_t>(count) * kIn, 0.5F); },
              packed);
  linear.attach(packed);
  const std::vector<float> src(static_cast<std::size_t>(kRows) * kIn,
                               1.0F);  // as bf16 pairs: 1.0 and 0.0
  std::vector<float> dst(static_cast<std::size_t>(kRows) * kOut);
  linear.forward(src.data(), kRows, dst.data());
  double best = 0;
  for (int i = 0; i < repeats; ++i) {
    constexpr int kCalls = 4;
    const auto start = std::chrono::steady_clock::now();
    for (int j = 0; j < kCalls; ++j) linear.forward(src.data(), kRows, dst.data());
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2.0 * kRows * kIn * kOut * kCalls / seconds);
  }
  return best;
}

}  // namespace allometer::ops
