// Any bytes are a job or a ConfigError, in little time and memory.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/error.hpp"
#include "job/job.hpp"
#include "job/mistakes.hpp"
#include "job/read_job.hpp"

using namespace allometer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    job::Mistakes mistakes("/jobs/fuzz.yaml");
    const job::JobText read = job::read_job(text, "/jobs/fuzz.yaml", mistakes);
    mistakes.throw_if_any();
    // A job without mistakes is usable.
    if (read.job.tasks.empty() || read.models.empty() || read.job.variants.empty()) std::abort();
    if (read.job.digest() != read.job.digest()) std::abort();
    const job::CellKey cell{"model", "family", "task", "f32", 0, 0, &read.models[0].levers};
    job::selects(read.job, cell);
  } catch (const ConfigError&) {
  }
  return 0;
}
