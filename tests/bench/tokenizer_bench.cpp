// Characters of English text that one core encodes in a second, with the Pythia tokenizer.
//   tokenizer_bench [DOCUMENTS]    DOCUMENTS: write the documents there (JSON), for
//   tokenizer_bench.mjs
// Texts come from ALLOMETER_SHARED_DATA; without it there is nothing to measure.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tokenizer/tokenizer.hpp"
#include "tokenizer/unicode.hpp"

namespace {

using allometer::tokenizer::AddSpecial;
using allometer::tokenizer::Tokenizer;

constexpr std::size_t kDocumentBytes = 4096;
constexpr int kRounds = 20;

/// All texts of the files, cut into documents of about kDocumentBytes.
std::vector<std::string> read_documents(const std::filesystem::path& data) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> sources{
      {"stories/heldout.jsonl", {"text"}}, {"gsm8k/test.jsonl", {"question", "answer"}}};
  std::vector<std::string> documents(1);
  for (const auto& [name, keys] : sources) {
    std::ifstream file(data / name);
    for (std::string line; std::getline(file, line);) {
      const auto json = nlohmann::json::parse(line);
      for (const std::string& key : keys)
        documents.back() += json.at(key).get<std::string>() + "\n";
      if (documents.back().size() >= kDocumentBytes) documents.emplace_back();
    }
  }
  documents.pop_back();
  return documents;
}

/// The best of several rounds, the first of which is not counted.
double characters_per_second(const Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  std::size_t num_characters = 0;
  for (const auto& text : texts) num_characters += allometer::tokenizer::num_code_points(text);
  double best = 0;
  for (int round = 0; round <= kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    std::size_t num_ids = 0;
    for (const auto& text : texts) num_ids += tokenizer.encode(text, AddSpecial::no).size();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (num_ids == 0) std::abort();
    if (round > 0) best = std::max(best, static_cast<double>(num_characters) / seconds.count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const char* data = std::getenv("ALLOMETER_SHARED_DATA");
  if (data == nullptr) {
    fmt::print("tokenizer_bench: skipped, ALLOMETER_SHARED_DATA is not set\n");
    return 0;
  }
  const auto path = std::filesystem::path(data) / "tokenizers/pythia_tokenizer.json";
  const auto documents = read_documents(data);
  std::string all;
  for (const auto& document : documents) all += document;
  const auto first = [&] {
    const Tokenizer cold = Tokenizer::load(path);
    const auto start = std::chrono::steady_clock::now();
    for (const auto& document : documents) cold.encode(document, AddSpecial::no);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return static_cast<double>(allometer::tokenizer::num_code_points(all)) / seconds.count();
  }();
  const Tokenizer tokenizer = Tokenizer::load(path);
  fmt::print("Pythia tokenizer, one core, {} English documents of {} KiB, {:.1f} MB\n",
             documents.size(), kDocumentBytes / 1024, static_cast<double>(all.size()) / 1e6);
  fmt::print("  {:<44}{:8.2f} M characters/s\n", "Allometer, documents, first time", first / 1e6);
  const double ours = characters_per_second(tokenizer, documents);
  fmt::print("  {:<44}{:8.2f} M characters/s\n", "Allometer, documents", ours / 1e6);
  fmt::print("  {:<44}{:8.2f} M characters/s\n", "Allometer, one text",
             characters_per_second(tokenizer, {all}) / 1e6);
  if (argc > 1) {
    const nlohmann::json run{{"documents", documents}, {"characters_per_second", ours}};
    std::ofstream(argv[1]) << run.dump();
  }
  return 0;
}
