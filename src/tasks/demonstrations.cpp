#include "tasks/demonstrations.hpp"

#include <unordered_map>

#include "core/contract.hpp"
#include "core/random.hpp"
#include "tasks/python_random.hpp"

namespace allometer::tasks {
namespace {

/// `count` different numbers below `size` in random order: the first steps of a Fisher-Yates
/// shuffle, of which only the moved places are kept.
std::vector<std::size_t> draw_distinct(SplitMix64 random, std::size_t size, std::size_t count) {
  ALLOMETER_EXPECT(count <= size);
  std::unordered_map<std::size_t, std::size_t> moved;
  const auto at = [&](std::size_t place) {
    const auto found = moved.find(place);
    return found == moved.end() ? place : found->second;
  };
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t j = i + random.below(size - i);
    drawn.push_back(at(j));
    moved[j] = at(i);
  }
  return drawn;
}

}  // namespace

std::vector<std::size_t> draw_first(const Pool& pool, std::size_t count) {
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < pool.size && drawn.size() < count; ++i) {
    if (pool.own != i) drawn.push_back(i);
  }
  return drawn;
}

std::vector<std::size_t> draw_fixed(const Pool& pool, std::size_t count, const std::string& task,
                                    std::uint64_t seed) {
  SplitMix64 random(seed_from("fewshot/" + task + "/" + std::to_string(seed)));
  std::vector<std::size_t> drawn = draw_distinct(random, pool.size, count + (pool.own ? 1 : 0));
  if (pool.own) std::erase(drawn, *pool.own);
  drawn.resize(count);
  return drawn;
}

std::vector<std::size_t> draw_per_question(const Pool& pool, std::size_t count,
                                           const std::string& task, std::uint64_t seed,
                                           const std::string& question_id) {
  SplitMix64 random(seed_from("fewshot/" + task + "/" + std::to_string(seed) + "/" + question_id));
  std::vector<std::size_t> drawn = draw_distinct(random, pool.size - (pool.own ? 1 : 0), count);
  for (std::size_t& document : drawn) {
    if (pool.own && document >= *pool.own) ++document;
  }
  return drawn;
}

std::vector<std::size_t> LmEvalDraws::draw(std::size_t question, std::size_t drawn,
                                           std::uint64_t seed) const {
  ALLOMETER_EXPECT(question < num_questions_ && drawn <= pool_size_);
  const std::shared_ptr<const Table> all = table(drawn, seed);
  const auto begin = all->begin() + static_cast<std::ptrdiff_t>(question * drawn);
  return {begin, begin + static_cast<std::ptrdiff_t>(drawn)};
}

std::shared_ptr<const LmEvalDraws::Table> LmEvalDraws::table(std::size_t drawn,
                                                             std::uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const Table>& slot = tables_[{drawn, seed}];
  if (!slot) {
    auto made = std::make_shared<Table>();
    made->reserve(num_questions_ * drawn);
    PythonRandom random(seed);
    for (std::size_t question = 0; question < num_questions_; ++question) {
      const std::vector<std::uint32_t> sample =
          random.sample(static_cast<std::uint32_t>(pool_size_), static_cast<std::uint32_t>(drawn));
      made->insert(made->end(), sample.begin(), sample.end());
    }
    slot = std::move(made);
  }
  return slot;
}

}  // namespace allometer::tasks
