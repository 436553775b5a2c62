// Any bytes are published results or an error that a user can read. The first byte says what the
// rest is: r results of lm-evaluation-harness, s its samples, c a table, y a sidecar.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "exchange/assemble.hpp"
#include "exchange/lm_eval_results.hpp"
#include "exchange/lm_eval_samples.hpp"
#include "exchange/published_table.hpp"
#include "exchange/sidecar.hpp"

namespace {

using namespace allometer;
using namespace allometer::exchange;

const Sidecar& sidecar() {
  static const Sidecar kSidecar = parse_sidecar(R"(
models: [{match: "*", family: f, num_parameters: 7}]
tasks: [{match: "*", num_fewshot: 0, higher_is_better: true, chance: 0.25}]
table:
  model: Model
  family: Family
  num_parameters: {column: Size, times: 1e9}
  scores: [{column: Acc, standard_error: SE}, {column: F1, task: t, metric: f1}]
)",
                                                "fuzz.yaml");
  return kSidecar;
}

/// What was assembled can be written: records fit their plan, and encode what decode takes.
void check(const Assembled& assembled) {
  const results::PlanRecord plan = results::PlanRecord::decode(assembled.plan.encode());
  if (plan.cells.size() != assembled.plan.cells.size()) std::abort();
  for (const auto& shard : assembled.shards) results::ShardResult::decode(shard.encode());
  for (const auto& record : assembled.published) {
    for (const auto& value : record.values) {
      if (!std::isfinite(value.value)) std::abort();
    }
    results::PublishedRecord::decode(record.encode());
  }
}

void read_samples(std::string_view text) {
  ReportedRun run;
  run.file = "samples_t_d.jsonl";
  run.model = "m";
  ReportedCell cell{"samples", "t"};
  cell.answers = parse_lm_eval_samples(text, run.file, run.left_out);
  run.cells.push_back(std::move(cell));
  check(assemble({run}, sidecar()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0]) {
      case 'r':
        check(assemble({parse_lm_eval_results(text, "fuzz.json")}, sidecar()));
        break;
      case 's':
        read_samples(text);
        break;
      case 'c':
        check(assemble(parse_published_table(text, "fuzz.csv", *sidecar().table, "fuzz.yaml"),
                       sidecar()));
        break;
      case 'y':
        parse_sidecar(text, "fuzz.yaml");
        break;
      default:
        break;
    }
  } catch (const ConfigError&) {
  } catch (const FormatError&) {
  }
  return 0;
}
