#include "exchange/sidecar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/scratch.hpp"

namespace allometer::exchange {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

std::string mistakes(const std::string& text) {
  return error_of([&] { parse_sidecar(text, "s.yaml"); });
}

TEST(Sidecar, SaysWhatItSays) {
  const Sidecar sidecar = parse_sidecar(R"y(name: n
models:
  - {match: [a, "b*"], family: f, levers: {tuning: base}, num_parameters: 7e9, training_flops: 1e22}
files:
  - {match: "*x*", num_fewshot: 5, model: a}
tasks:
  - match: t
    chance: {acc: 0.25}
    best: 1
    higher_is_better: {ppl: false}
table:
  model: M
  num_parameters: {column: "Size (B)", times: 1e9}
  scores: [{column: C, task: t, metric: m, times: 0.01, standard_error: SE}]
)y",
                                        "s.yaml");
  ASSERT_EQ(sidecar.models.size(), 1);
  EXPECT_TRUE(sidecar.models[0].match("bcd"));
  EXPECT_FALSE(sidecar.models[0].match("cb"));
  EXPECT_EQ(sidecar.models[0].facts.num_parameters, 7000000000);
  EXPECT_EQ(sidecar.models[0].facts.levers.at("tuning"), "base");
  EXPECT_EQ(sidecar.files[0].num_fewshot, 5);
  EXPECT_EQ(sidecar.tasks[0].chance.of_metric.at("acc"), 0.25);
  EXPECT_EQ(sidecar.tasks[0].best.of_shares, 1);
  EXPECT_FALSE(sidecar.tasks[0].higher_is_better.at("ppl"));
  ASSERT_TRUE(sidecar.table);
  EXPECT_EQ(sidecar.table->num_parameters->times, 1e9);
  EXPECT_EQ(sidecar.table->scores[0].standard_error, "SE");
  EXPECT_TRUE(parse_sidecar("", "s.yaml").models.empty());
}

TEST(Sidecar, NamesTheLineOfEveryMistake) {
  const std::string all = mistakes(R"(modles: []
models:
  - family: f
  - {match: a, num_parameters: many}
  - {match: b, levers: [x]}
tasks:
  - {match: t, chance: high}
  - {match: t, higher_is_better: {acc: up}}
table:
  family: F
)");
  EXPECT_THAT(all, HasSubstr("s.yaml:1: unknown key 'modles' (did you mean 'models'?)"));
  EXPECT_THAT(all, HasSubstr("s.yaml:3: an entry without 'match'"));
  EXPECT_THAT(all, HasSubstr("s.yaml:4: 'models.num_parameters' is 'many'"));
  EXPECT_THAT(all, HasSubstr("s.yaml:5: 'models.levers' is a list"));
  EXPECT_THAT(all, HasSubstr("s.yaml:7: 'tasks.chance' is 'high'"));
  EXPECT_THAT(all, HasSubstr("s.yaml:8: 'tasks.higher_is_better'"));
  EXPECT_THAT(all, HasSubstr("s.yaml:10: 'table' must name the column of the models"));
  EXPECT_THAT(mistakes("models: [\n"), HasSubstr("s.yaml:"));
  EXPECT_THAT(mistakes("table: {model: M, scores: [{column: C}, {column: C}]}"),
              HasSubstr("is given by two columns"));
}

}  // namespace
}  // namespace allometer::exchange
