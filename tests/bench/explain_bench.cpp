/// What the token trie saves when predictions are explained, and how fast that is: LIME with 1000
/// samples per question on the stories checkpoints.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "eval/run_shard.hpp"
#include "model/load.hpp"
#include "tasks/task.hpp"
#include "tokenizer/tokenizer.hpp"

namespace {

using namespace allometer;

constexpr int kQuestions = 8;

void bench(const std::filesystem::path& checkpoint, const std::string& task_name, int shots) {
  const auto task =
      tasks::load_task(ALLOMETER_SOURCE_DIR "/jobs/tasks/explainability/" + task_name + ".yaml");
  const auto tokenizer = tokenizer::Tokenizer::load(checkpoint);
  const auto model = model::load_model(checkpoint, {});
  eval::Engine engine(*model, {});
  tasks::PromptSettings settings;
  settings.num_fewshot = shots;
  const auto start = std::chrono::steady_clock::now();
  eval::run_questions(*task, settings, 0, kQuestions, tokenizer, model->config(), engine);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const eval::EngineCounters& counters = engine.counters();
  std::printf("%-14s %-20s %d shots  %9lld / %9lld = %.4f  %6.2f questions/s  %8.0f tokens/s\n",
              checkpoint.filename().c_str(), task_name.c_str(), shots,
              static_cast<long long>(counters.tokens_computed),
              static_cast<long long>(counters.tokens_requested),
              static_cast<double>(counters.tokens_computed) /
                  static_cast<double>(counters.tokens_requested),
              kQuestions / seconds, static_cast<double>(counters.tokens_computed) / seconds);
}

}  // namespace

int main() {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) {
    std::printf("not measured, ALLOMETER_SHARED_DATA is not set\n");
    return 0;
  }
  std::printf("explanations: tokens computed / one pass per request\n");
  for (const char* model : {"stories-50k", "stories-260k", "stories-658k"}) {
    for (const char* task : {"sentiment_lime_1000", "nli_lime_1000"}) {
      for (const int shots : {0, 2})
        bench(std::filesystem::path(data) / "stories" / model, task, shots);
    }
  }
}
