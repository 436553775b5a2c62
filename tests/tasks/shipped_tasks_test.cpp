/// Every task file in jobs/tasks loads, asks, and says what it is.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tasks/explanation_settings.hpp"
#include "tasks/task.hpp"

namespace allometer::tasks {
namespace {

const std::filesystem::path kTasks = std::filesystem::path(ALLOMETER_SOURCE_DIR) / "jobs" / "tasks";

TaskLibrary shipped() {
  const std::filesystem::path directories[] = {kTasks};
  return TaskLibrary(directories);
}

TEST(ShippedTasks, EveryTaskHasACard) {
  const TaskLibrary library = shipped();
  for (const TaskLibrary::Entry& entry : library.entries()) {
    EXPECT_FALSE(entry.description.empty()) << entry.name;
    EXPECT_FALSE(entry.card.protocol.empty()) << entry.name;
    EXPECT_FALSE(entry.card.source.empty()) << entry.name;
    EXPECT_FALSE(entry.card.formula.empty()) << entry.name;
  }
}

TEST(ShippedTasks, TheFiveBatteriesAreThereAndNameTasksThatExist) {
  const TaskLibrary library = shipped();
  for (const char* name :
       {"explainability", "instruction_following", "visual_spatial", "few_shot", "contrast"}) {
    EXPECT_NE(library.find_battery(name), nullptr) << name;
  }
  for (const Battery& battery : library.batteries()) {
    EXPECT_FALSE(battery.description.empty()) << battery.name;
    for (const BatteryEntry& entry : battery.entries) {
      EXPECT_TRUE(library.find(entry.name) != nullptr ||
                  library.find_battery(entry.name) != nullptr)
          << entry.where << entry.name;
    }
  }
}

/// Questions at both ends and in the middle, without demonstrations and with as many as the task
/// has by default, or four.
void expect_answerable(const Task& task) {
  SCOPED_TRACE(task.name());
  ASSERT_GT(task.num_questions(), 0);
  const bool is_rolling = task.output_type() == OutputType::loglikelihood_rolling;
  const int many = task.default_num_fewshot() > 0 ? task.default_num_fewshot() : 4;
  for (const int question : {0, task.num_questions() / 2, task.num_questions() - 1}) {
    for (const int shots : is_rolling ? std::vector<int>{0} : std::vector<int>{0, many}) {
      const auto requests = task.requests(question, {shots, task.default_sampler(), 0});
      std::vector<Response> responses(requests.size());
      for (std::size_t i = 0; i < responses.size(); ++i) {
        EXPECT_FALSE((requests[i].context + requests[i].continuation).empty());
        responses[i].log_likelihood = -1 - static_cast<double>(i);
        responses[i].num_tokens = 1;
      }
      // The metrics of an explanation need more answers than these.
      const std::size_t more = task.explanation() ? task.explanation()->metrics().size() : 0;
      EXPECT_EQ(task.score(question, responses).size() + more, task.metrics().size());
    }
  }
}

/// Generated tasks need no data: they must work anywhere. Others may lack theirs.
TEST(ShippedTasks, EveryTaskWhoseDataAreThereAsksAndScores) {
  const bool has_data = std::getenv("ALLOMETER_SHARED_DATA") != nullptr;
  const TaskLibrary library = shipped();
  int loaded = 0;
  for (const TaskLibrary::Entry& entry : library.entries()) {
    std::shared_ptr<const Task> task;
    try {
      task = load_task(entry.file);
    } catch (const ConfigError& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.find("environment variable") != std::string::npos ||
                  message.find("there is no file") != std::string::npos)
          << message;
      continue;
    }
    ++loaded;
    expect_answerable(*task);
  }
  EXPECT_GE(loaded, has_data ? 40 : 25);
}

}  // namespace
}  // namespace allometer::tasks
