/// How fast multiple-choice requests are scored, as a share of what the machine's matrix products
/// reach in the same run: models of published shapes with random weights, bf16, two ranks of one
/// thread that work at the same time.
///
/// scoring_bench [chunk_tokens [items]]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <nlohmann/json.hpp>
#include <omp.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "eval/engine.hpp"
#include "model/load.hpp"
#include "model/random_checkpoint.hpp"
#include "ops/linear.hpp"

namespace {

using namespace allometer;

constexpr int kRanks = 2;
constexpr int kRounds = 3;

/// What the ranks tell each other.
struct Shared {
  pthread_barrier_t barrier;
  struct {
    double peak = 0;  // FLOP/s of bf16 matrix products
    double seconds[kRounds] = {};
    double flops = 0;
    std::int64_t computed = 0;
    std::int64_t requested = 0;
  } rank[kRanks];
};

Shared* make_shared() {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw IoError("no shared memory for the two ranks");
  Shared* const shared = new (memory) Shared;
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->barrier, &attributes, kRanks);
  return shared;
}

struct Shape {
  const char* name;
  nlohmann::json config;
};

/// Published shapes of different architectures, the larger one cut to a few layers.
std::vector<Shape> shapes() {
  return {
      {"SmolLM2-135M (llama)",
       {{"architectures", {"LlamaForCausalLM"}},
        {"vocab_size", 49152},
        {"hidden_size", 576},
        {"intermediate_size", 1536},
        {"num_hidden_layers", 30},
        {"num_attention_heads", 9},
        {"num_key_value_heads", 3},
        {"max_position_embeddings", 2048},
        {"tie_word_embeddings", true}}},
      {"Pythia-160M (gpt_neox)",
       {{"architectures", {"GPTNeoXForCausalLM"}},
        {"vocab_size", 50304},
        {"hidden_size", 768},
        {"intermediate_size", 3072},
        {"num_hidden_layers", 12},
        {"num_attention_heads", 12}}},
      {"GPT-2 124M (gpt2)",
       {{"architectures", {"GPT2LMHeadModel"}},
        {"vocab_size", 50257},
        {"n_embd", 768},
        {"n_layer", 12},
        {"n_head", 12}}},
      {"Gemma-2-2B, 3 of 26 layers (gemma2)",
       {{"architectures", {"Gemma2ForCausalLM"}},
        {"vocab_size", 32000},
        {"hidden_size", 2304},
        {"intermediate_size", 9216},
        {"num_hidden_layers", 3},
        {"num_attention_heads", 8},
        {"num_key_value_heads", 4}}},
  };
}

/// Questions of 100 to 160 tokens with four answers of 2 to 8 tokens; each rank takes every second
/// one.
std::vector<eval::ScoreRequest> requests_of(int rank, int num_items, int vocab_size) {
  std::vector<eval::ScoreRequest> requests;
  for (int item = rank; item < num_items; item += kRanks) {
    SplitMix64 random(static_cast<std::uint64_t>(item));
    const auto append = [&](std::vector<std::int32_t>& tokens, std::uint64_t count) {
      while (count-- > 0) {
        tokens.push_back(
            static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(vocab_size))));
      }
    };
    eval::ScoreRequest question;
    append(question.tokens, 100 + random.below(61));
    question.num_context = static_cast<int>(question.tokens.size());
    for (int choice = 0; choice < 4; ++choice) {
      requests.push_back(question);
      append(requests.back().tokens, 2 + random.below(7));
    }
  }
  return requests;
}

struct Directories {
  std::filesystem::path checkpoint;
  std::filesystem::path packed;
};

void pin_to_core(int index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || index-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

void run_rank(int rank, Shared& shared, const Directories& directories, int chunk_tokens,
              int num_items) {
  pin_to_core(rank);
  omp_set_num_threads(1);
  model::LoadOptions options;
  options.precision = Precision::bf16;
  options.instruction_set = detect_instruction_set();
  options.max_rows = chunk_tokens;
  options.digest = sha256(directories.checkpoint.string());
  options.shared_directory = directories.packed;
  if (rank > 0) pthread_barrier_wait(&shared.barrier);  // the first rank packs, the other attaches
  const auto model = model::load_model(directories.checkpoint, options);
  if (rank == 0) pthread_barrier_wait(&shared.barrier);
  const std::vector<eval::ScoreRequest> requests =
      requests_of(rank, num_items, model->config().vocab_size);
  auto& mine = shared.rank[rank];
  {
    eval::Engine warm_up(*model, {chunk_tokens});
    warm_up.score(std::span(requests).first(8));
  }
  pthread_barrier_wait(&shared.barrier);
  mine.peak = ops::measure_matmul_flops_per_second(Precision::bf16);
  for (double& seconds : mine.seconds) {
    eval::Engine engine(*model, {chunk_tokens});
    pthread_barrier_wait(&shared.barrier);
    const auto start = std::chrono::steady_clock::now();
    engine.score(requests);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    mine.flops = engine.counters().flops;
    mine.computed = engine.counters().tokens_computed;
    mine.requested = engine.counters().tokens_requested;
  }
  pthread_barrier_wait(&shared.barrier);
  const double peak_after = ops::measure_matmul_flops_per_second(Precision::bf16);
  mine.peak = std::max(mine.peak, peak_after);
}

void report(const Shape& shape, const Shared& shared, int chunk_tokens, int num_items) {
  double peak = 0;
  double flops = 0;
  std::int64_t computed = 0;
  std::int64_t requested = 0;
  for (const auto& rank : shared.rank) {
    peak += rank.peak;
    flops += rank.flops;
    computed += rank.computed;
    requested += rank.requested;
  }
  std::printf("scoring, %s, bf16, %d ranks x 1 thread, %d items x 4 choices, chunks of %d rows\n",
              shape.name, kRanks, num_items, chunk_tokens);
  std::printf("  computed / naive tokens   %lld / %lld = %.3f\n", static_cast<long long>(computed),
              static_cast<long long>(requested),
              static_cast<double>(computed) / static_cast<double>(requested));
  std::printf("  matrix-product peak       %.1f GFLOP/s (both ranks at once)\n", peak * 1e-9);
  for (int round = 0; round < kRounds; ++round) {
    double seconds = 0;
    for (const auto& rank : shared.rank) seconds = std::max(seconds, rank.seconds[round]);
    std::printf(
        "  round %d: %.2f s  %.0f computed tokens/s  %.1f GFLOP/s = %.1f %% of the peak (aim: "
        "70)\n",
        round + 1, seconds, static_cast<double>(computed) / seconds, flops / seconds * 1e-9,
        100 * flops / seconds / peak);
  }
}

/// Runs `body` in a process of its own, which then knows nothing of this one's threads.
template <class Body>
pid_t start_process(Body&& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  int status = 0;
  try {
    body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scoring_bench: %s\n", error.what());
    status = 1;
  }
  std::fflush(nullptr);
  _exit(status);
}

bool wait_for(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Makes the checkpoint, scores with all ranks and prints the figures. False if a process failed.
bool bench(const Shape& shape, int chunk_tokens, int num_items) {
  const std::string name = "allometer-scoring-bench-" + std::to_string(getpid());
  const std::size_t packed_bytes =
      model::packed_bytes(model::Config::parse(shape.config, shape.name), Precision::bf16);
  const Directories directories = {
      std::filesystem::temp_directory_path() / name,
      model::choose_shared_directory(packed_bytes) / (name + "-packed")};
  std::filesystem::create_directories(directories.packed);
  Shared* const shared = make_shared();
  bool is_good = wait_for(start_process([&] {
    model::RandomCheckpoint random;
    random.config = shape.config;
    model::write_random_checkpoint(directories.checkpoint, random);
  }));
  if (is_good) {
    pid_t ranks[kRanks];
    for (int rank = 0; rank < kRanks; ++rank) {
      ranks[rank] =
          start_process([&] { run_rank(rank, *shared, directories, chunk_tokens, num_items); });
    }
    for (const pid_t rank : ranks) is_good = wait_for(rank) && is_good;
  }
  std::filesystem::remove_all(directories.checkpoint);
  std::filesystem::remove_all(directories.packed);
  if (is_good) report(shape, *shared, chunk_tokens, num_items);
  return is_good;
}

}  // namespace

int main(int argc, char** argv) {
  const int chunk_tokens = argc > 1 ? std::atoi(argv[1]) : 256;
  const int num_items = argc > 2 ? std::atoi(argv[2]) : 64;
  if (chunk_tokens < 1 || num_items < 2 * kRanks) {
    std::fprintf(stderr, "usage: scoring_bench [chunk_tokens [items]], at least 1 and %d\n",
                 2 * kRanks);
    return 2;
  }
  for (const Shape& shape : shapes()) {
    if (!bench(shape, chunk_tokens, num_items)) return 1;
  }
  return 0;
}
