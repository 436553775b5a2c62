/// Logits from GGUF files against the references in $ALLOMETER_SHARED_DATA/golden.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/safetensors.hpp"
#include "model/load.hpp"
#include "model/run_model.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json read_json(const fs::path& path) {
  return json::parse(std::ifstream(path));
}

TEST(GgufGolden, EveryFileIsWithinItsToleranceAndEqualToItsSafetensors) {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set: no reference logits";
  int files = 0;
  for (const auto& folder : fs::directory_iterator(fs::path(data) / "golden")) {
    if (!fs::exists(folder.path() / "model.gguf")) continue;
    ++files;
    SCOPED_TRACE(folder.path().string());
    const double tolerance = read_json(folder.path() / "meta.json").at("tolerance").at("atol");
    const json cases = read_json(folder.path() / "cases.json");
    const io::Safetensors logits = io::Safetensors::open(folder.path() / "logits.safetensors");
    const auto model = load_model(folder.path() / "model.gguf", {});
    const auto twin = load_model(folder.path(), {});
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const auto ids = cases[i].at("ids").get<std::vector<std::int32_t>>();
      const io::TensorView view = logits.at("case" + std::to_string(i));
      std::vector<float> reference(static_cast<std::size_t>(view.num_elements()));
      view.copy_to(0, reference);
      const auto ours = logits_of(*model, hidden_of(*model, ids, whole_sequence()));
      ASSERT_EQ(ours.size(), reference.size());
      double worst = 0;
      for (std::size_t k = 0; k < ours.size(); ++k)
        worst = std::max(worst, std::abs(double{ours[k]} - reference[k]));
      EXPECT_LE(worst, tolerance);
      const auto theirs = logits_of(*twin, hidden_of(*twin, ids, whole_sequence()));
      EXPECT_EQ(count_different_bits(ours, theirs), 0U);
    }
  }
  EXPECT_GE(files, 19);
}

}  // namespace
}  // namespace allometer::model
