/// Matrix products of ops::Linear against oneDNN's own best, attention against the F32 peak, and
/// one forward pass of a 135M shape part by part. Prints one table; rates in GFLOP/s, best of
/// several repeats taken in turns.
///
///     OMP_NUM_THREADS=1 ops_bench

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include <dnnl.hpp>
#include <omp.h>

#include "core/random.hpp"
#include "ops/attention.hpp"
#include "ops/detail/onednn.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"

namespace {

using namespace allometer;
using namespace allometer::ops;

struct alignas(64) Line {
  std::byte bytes[64];
};
using Memory = std::vector<Line>;
std::byte* bytes_of(Memory& memory) {
  return reinterpret_cast<std::byte*>(memory.data());
}
Memory memory_of(std::size_t bytes) {
  return Memory(bytes / sizeof(Line) + 1);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Rates of several ways to do the same work, measured in turns so that the machine's moods hit all
/// alike.
std::vector<double> best_rates(double flops, const std::vector<std::function<void()>>& ways) {
  std::vector<double> best(ways.size());
  const int calls = std::max(1, static_cast<int>(4e8 / flops));
  for (int repeat = 0; repeat < 7; ++repeat) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const double seconds = seconds_of([&] {
        for (int c = 0; c < calls; ++c) ways[i]();
      });
      best[i] = std::max(best[i], flops * calls / seconds / 1e9);
    }
  }
  return best;
}

std::vector<float> normal(std::size_t count) {
  SplitMix64 random(1);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random.normal());
  return values;
}

/// oneDNN alone: weights in the format of its choice for exactly these rows.
class PlainProduct {
 public:
  PlainProduct(int rows, int in, int out, Precision precision) : stream_(detail::cpu_engine()) {
    using dnnl::memory;
    const auto type =
        precision == Precision::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
    const memory::desc x({rows, in}, type, memory::format_tag::ab);
    const memory::desc w({in, out}, type, memory::format_tag::any);
    const memory::desc y({rows, out}, memory::data_type::f32, memory::format_tag::ab);
    const auto description = detail::make_matmul(x, w, y, {});
    product_ = dnnl::matmul(description);
    arguments_ = {{DNNL_ARG_SRC, zeros(x)},
                  {DNNL_ARG_WEIGHTS, zeros(description.weights_desc())},
                  {DNNL_ARG_DST, zeros(y)}};
  }
  void run() {
    product_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  static dnnl::memory zeros(const dnnl::memory::desc& desc) {
    dnnl::memory memory(desc, detail::cpu_engine());
    std::memset(memory.get_data_handle(), 0, desc.get_size());
    return memory;
  }
  dnnl::stream stream_;
  dnnl::matmul product_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

void bench_products() {
  struct Shape {
    int in, out;
  };
  std::printf("matrix products        ops   oneDNN   ratio\n");
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    if (precision == Precision::bf16 && active_instruction_set() != InstructionSet::avx512_bf16)
      continue;
    for (const auto [in, out] :
         {Shape{576, 960}, {576, 3072}, {1536, 576}, {576, 49152}, {896, 4864}}) {
      Linear linear(in, out, precision, 256);
      Memory packed = memory_of(linear.packed_bytes());
      linear.pack(
          [&](int, int count, float* dst) {
            std::fill_n(dst, static_cast<std::size_t>(count) * static_cast<std::size_t>(in), 0.01F);
          },
          bytes_of(packed));
      linear.attach(bytes_of(packed));
      const std::vector<float> src(static_cast<std::size_t>(256 * in));
      std::vector<float> dst(static_cast<std::size_t>(256) * static_cast<std::size_t>(out));
      for (const int rows : {1, 4, 16, 64, 256}) {
        PlainProduct plain(rows, in, out, precision);
        const auto rates = best_rates(
            2.0 * rows * in * out,
            {[&] { linear.forward(src.data(), rows, dst.data()); }, [&] { plain.run(); }});
        std::printf("%4s %3d x %4d x %5d %7.1f %7.1f  %5.2f\n", name_of(precision).data(), rows, in,
                    out, rates[0], rates[1], rates[0] / rates[1]);
      }
    }
  }
}

/// Rows of a 135M shape at the end of a context; rates count the keys that the causal mask lets
/// through.
void bench_attention() {
  const AttentionShape shape{9, 3, 64};
  const double peak = measure_matmul_flops_per_second(Precision::f32) / 1e9;
  std::printf(
      "\nattention, 9 heads, 3 key/value heads of 64 (share of the F32 product rate, %.1f)\n",
      peak);
  std::vector<float> inverse;
  for (int i = 0; i < 64; i += 2)
    inverse.push_back(static_cast<float>(std::pow(10000.0, -i / 64.0)));
  RotaryTable rotary(inverse);
  rotary.reserve(1024);
  const std::vector<float> qkv = normal(256 * 15 * 64);
  std::vector<float> out(256 * 9 * 64);
  const CacheLayout layout{3, 64, 1024};
  for (const auto& [rows, position] :
       {std::pair{256, 0}, {64, 100}, {256, 100}, {256, 344}, {64, 536}, {8, 300}, {1, 300}}) {
    Memory cache = memory_of(layout.num_bytes());
    const AttentionSegment segment{0, rows, position, bytes_of(cache), 1024};
    double flops = 0;
    for (int r = 0; r < rows; ++r) flops += 4.0 * 9 * 64 * (position + r + 1);
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
      const auto rates = best_rates(flops, {[&] {
                                      attention(shape, qkv.data(), {&segment, 1}, rotary,
                                                {.scale = 0.125F}, precision, out.data());
                                    }});
      std::printf("%4s %3d rows from %3d %7.1f  %5.2f\n", name_of(precision).data(), rows, position,
                  rates[0], rates[0] / peak);
    }
  }
}

void bench_elementwise() {
  std::printf("\nelementwise passes over 256 rows, microseconds\n");
  const std::vector<float> x = normal(256 * 3072);
  std::vector<std::uint16_t> out(256 * 3072);
  const std::vector<float> weight(576, 1.0F);
  std::vector<RowStatistics> statistics(256);
  const auto report = [](const char* name, const std::function<void()>& work) {
    double best = 1;
    for (int i = 0; i < 20; ++i) best = std::min(best, seconds_of(work));
    std::printf("%-28s %8.1f\n", name, best * 1e6);
  };
  report("rms_norm 576",
         [&] { rms_norm(x.data(), 256, weight, 1e-5F, Precision::bf16, out.data()); });
  report("gated silu 1536", [&] {
    activate_gated(Activation::silu, x.data(), 256, 1536, Precision::bf16, out.data());
  });
  report("row_statistics 1024", [&] { row_statistics(x.data(), 256, 1024, statistics); });
}

}  // namespace

int main() {
  std::printf("%s, %s, %d threads\n\n", backend_version().c_str(),
              name_of(active_instruction_set()).data(), omp_get_max_threads());
  bench_products();
  bench_attention();
  bench_elementwise();
}
