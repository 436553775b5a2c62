#pragma once
/// What every generator must keep, whatever it makes.

#include <map>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/generator.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// `arguments` as the text of generator_args, as in "hops: [1, 2]".
inline Dataset generate(const std::string& generator, const std::string& arguments, Split split,
                        int count) {
  const YamlValue map = parse_yaml(arguments, "arguments.yaml");
  return GeneratedData(*find_generator(generator), &map, "arguments.yaml").make(split, count);
}

/// `field` of the documents takes each of its values equally often, within 2 % of the mean.
inline void expect_balanced(const Dataset& dataset, const std::string& field) {
  std::map<std::string, int> counts;
  for (const auto& document : dataset.documents) ++counts[document.at(field).dump()];
  ASSERT_GT(counts.size(), 1U) << field;
  const double mean =
      static_cast<double>(dataset.documents.size()) / static_cast<double>(counts.size());
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, mean, 0.02 * mean) << value;
}

/// 10,000 questions of the test split, none of them twice, none among 2,500 of the train split.
/// Returns the test split for whatever else is to be looked at.
inline Dataset expect_splits_never_meet(const std::string& generator,
                                        const std::string& arguments) {
  std::unordered_set<std::string> questions;
  const Dataset train = generate(generator, arguments, Split::train, 2500);
  for (const auto& document : train.documents) {
    EXPECT_TRUE(questions.insert(document.at("question")).second) << document;
  }
  Dataset test = generate(generator, arguments, Split::test, 10'000);
  for (const auto& document : test.documents) {
    EXPECT_TRUE(questions.insert(document.at("question")).second) << document;
  }
  return test;
}

}  // namespace allometer::tasks
