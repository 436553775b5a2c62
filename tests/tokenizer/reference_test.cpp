// Small tokenizers of every kind (tests/peers/tokenizer_configurations.mjs) give the ids and texts
// of the Rust library.
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/tokenizer.hpp"

namespace allometer::tokenizer {
namespace {

using nlohmann::json;
using Ids = std::vector<std::int32_t>;

/// Two digits of base 36 for each id.
Ids unpacked(const std::string& text) {
  Ids ids;
  for (std::size_t i = 0; i + 2 <= text.size(); i += 2) {
    std::int32_t id = -1;
    std::from_chars(text.data() + i, text.data() + i + 2, id, 36);
    ids.push_back(id);
  }
  return ids;
}

std::string as_tokenizer_json(const json& reference, const json& configuration) {
  json file = configuration["parts"];
  file["model"] = reference["models"][configuration["model"].get<std::string>()];
  for (const auto& [key, value] : configuration["set"].items()) file["model"][key] = value;
  return file.dump();
}

class Reference : public testing::Test {
 protected:
  static void expect_equal(const std::string& path, std::size_t least_texts) {
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    const json reference = json::parse(file);
    const auto texts = reference["texts"].get<std::vector<std::string>>();
    ASSERT_GE(texts.size(), least_texts);
    ASSERT_GE(reference["configurations"].size(), 40U);
    for (const json& configuration : reference["configurations"]) {
      const std::string name = configuration["name"];
      const json& expected = reference["expected"][name];
      const auto tokenizer =
          Tokenizer::parse(as_tokenizer_json(reference, configuration), "", name + ".json");
      ASSERT_EQ(expected["ids"].size(), texts.size());
      ASSERT_GT(expected["decoded"].size(), 0U);
      int num_wrong = 0;
      for (std::size_t i = 0; i < texts.size() && num_wrong < kMostShown; ++i) {
        const Ids ids = unpacked(expected["ids"][i]);
        const Ids ours = tokenizer.encode(texts[i], AddSpecial::yes);
        EXPECT_EQ(ours, ids) << name << ": " << json(texts[i]);
        num_wrong += ours != ids;
        if (i >= expected["decoded"].size()) continue;
        const std::string text = tokenizer.decode(ids, SkipSpecial::no);
        EXPECT_EQ(text, expected["decoded"][i].get<std::string>()) << name << ": " << json(ids);
        num_wrong += text != expected["decoded"][i].get<std::string>();
      }
    }
  }

 private:
  static constexpr int kMostShown = 5;  // differences of a configuration
};

TEST_F(Reference, EveryKindOfTokenizerGivesItsIdsAndTexts) {
  expect_equal(ALLOMETER_SOURCE_DIR "/tests/tokenizer/reference.json", 200);
}

TEST_F(Reference, FreshlyMadeByThePeerHoldsAsWell) {
  const char* path = std::getenv("ALLOMETER_TOKENIZER_REFERENCE");
  if (path == nullptr) {
    GTEST_SKIP()
        << "ALLOMETER_TOKENIZER_REFERENCE is not set (tests/peers/tokenizer_peer.sh sets it)";
  }
  expect_equal(path, 10'000);
}

}  // namespace
}  // namespace allometer::tokenizer
