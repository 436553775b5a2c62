/// Logits against the references in $ALLOMETER_SHARED_DATA: golden/ and stories/.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
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

struct Fixture {
  fs::path checkpoint;
  fs::path cases;
  fs::path logits;
  double tolerance;
};

std::vector<Fixture> fixtures(const fs::path& data) {
  std::vector<Fixture> list;
  for (const fs::directory_entry& entry : fs::directory_iterator(data / "golden")) {
    const fs::path& folder = entry.path();
    if (!fs::exists(folder / "config.json")) continue;
    list.push_back({folder, folder / "cases.json", folder / "logits.safetensors",
                    read_json(folder / "meta.json").at("tolerance").at("atol")});
  }
  for (const char* name :
       {"stories-14k", "stories-50k", "stories-126k", "stories-260k", "stories-658k"}) {
    const fs::path logits = data / "stories" / "logits";
    list.push_back({data / "stories" / name, logits / "cases.json",
                    logits / (std::string(name) + ".safetensors"), 2e-4});
  }
  return list;
}

/// The reference's logits and ours, case by case.
void for_each_case(const Fixture& fixture, CausalModel& model, const Segmentation& segmentation,
                   const std::function<void(const std::vector<float>& ours,
                                            const std::vector<float>& reference)>& visit) {
  const json cases = read_json(fixture.cases);
  const io::Safetensors logits = io::Safetensors::open(fixture.logits);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto ids = cases[i].at("ids").get<std::vector<std::int32_t>>();
    const io::TensorView view = logits.at("case" + std::to_string(i));
    std::vector<float> reference(static_cast<std::size_t>(view.num_elements()));
    view.copy_to(0, reference);
    const std::vector<float> ours = logits_of(model, hidden_of(model, ids, segmentation));
    ASSERT_EQ(ours.size(), reference.size());
    visit(ours, reference);
  }
}

/// In every row whose two largest logits differ by more than `margin`.
void expect_same_argmax(const std::vector<float>& reference, const std::vector<float>& ours,
                        double margin, int vocab_size) {
  const auto width = static_cast<std::ptrdiff_t>(vocab_size);
  for (auto row = reference.begin(); row != reference.end(); row += width) {
    std::vector<float> sorted(row, row + width);
    std::nth_element(sorted.begin(), sorted.begin() + 1, sorted.end(), std::greater<>());
    if (sorted[0] - sorted[1] <= margin) continue;
    const auto our_row = ours.begin() + (row - reference.begin());
    EXPECT_EQ(std::max_element(our_row, our_row + width) - our_row,
              std::max_element(row, row + width) - row)
        << "row " << (row - reference.begin()) / width;
  }
}

class Golden : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("ALLOMETER_SHARED_DATA");
    if (data == nullptr) GTEST_SKIP() << "ALLOMETER_SHARED_DATA is not set: no reference logits";
    fixtures_ = fixtures(data);
  }
  std::vector<Fixture> fixtures_;
};

TEST_F(Golden, F32WithinToleranceAndEqualBitsHoweverItIsCut) {
  for (const Fixture& fixture : fixtures_) {
    SCOPED_TRACE(fixture.checkpoint.string());
    const auto model = load_model(fixture.checkpoint, {});
    std::vector<std::vector<float>> whole;
    double worst = 0;
    for_each_case(fixture, *model, whole_sequence(), [&](const auto& ours, const auto& reference) {
      for (std::size_t i = 0; i < ours.size(); ++i)
        worst = std::max(worst, std::abs(double{ours[i]} - reference[i]));
      EXPECT_LE(worst, fixture.tolerance);
      whole.push_back(ours);
    });
    fmt::print("{:<20} f32: largest difference {:.1e}\n", fixture.checkpoint.filename().string(),
               worst);
    for (const Segmentation& cut : {token_by_token(), odd_pieces()}) {
      std::size_t next = 0;
      for_each_case(fixture, *model, cut, [&](const auto& ours, const auto&) {
        EXPECT_EQ(count_different_bits(ours, whole[next++]), 0U);
      });
    }
  }
}

TEST_F(Golden, Bf16WithinThreePercentOfTheSpread) {
  for (const Fixture& fixture : fixtures_) {
    SCOPED_TRACE(fixture.checkpoint.string());
    LoadOptions options;
    options.precision = Precision::bf16;
    const auto model = load_model(fixture.checkpoint, options);
    double squares = 0, sum = 0, sum_of_squares = 0, count = 0;
    std::vector<std::vector<float>> rounded, exact;
    for_each_case(fixture, *model, whole_sequence(), [&](const auto& ours, const auto& reference) {
      for (std::size_t i = 0; i < ours.size(); ++i) {
        squares += std::pow(double{ours[i]} - reference[i], 2);
        sum += reference[i];
        sum_of_squares += double{reference[i]} * reference[i];
        count += 1;
      }
      rounded.push_back(ours);
      exact.push_back(reference);
    });
    const double spread = std::sqrt(sum_of_squares / count - std::pow(sum / count, 2));
    const double rms = std::sqrt(squares / count);
    fmt::print("{:<20} bf16: RMS {:.2f} % of the logits' standard deviation\n",
               fixture.checkpoint.filename().string(), 100 * rms / spread);
    EXPECT_LE(rms, 0.03 * spread);
    EXPECT_GT(squares, 0.0);  // the weights were rounded
    for (std::size_t i = 0; i < exact.size(); ++i)
      expect_same_argmax(exact[i], rounded[i], 4 * rms, model->config().vocab_size);
  }
}

}  // namespace
}  // namespace allometer::model
