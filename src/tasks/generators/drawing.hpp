#pragma once
/// Drawing from lists, and laying out the choices of a question.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "core/random.hpp"

namespace allometer::tasks {

/// One of the items. `items` must not be empty.
template <class Items>
const auto& pick(SplitMix64& random, const Items& items) {
  ALLOMETER_EXPECT(std::size(items) > 0);
  return items[random.below(std::size(items))];
}

/// `count` different items in random order. count <= number of items.
template <class Items>
std::vector<std::string> pick_several(SplitMix64& random, const Items& items, std::size_t count) {
  ALLOMETER_EXPECT(count <= std::size(items));
  std::vector<std::string> drawn(std::begin(items), std::end(items));
  random.shuffle(std::span(drawn));
  drawn.resize(count);
  return drawn;
}

/// Writes the fields answer, choices and gold: the answer at `gold`, the distractors around it in
/// their order. No distractor may equal the answer.
inline void set_choices(nlohmann::json& document, const std::string& answer,
                        std::vector<std::string> distractors, int gold) {
  ALLOMETER_EXPECT(gold >= 0 && static_cast<std::size_t>(gold) <= distractors.size());
  ALLOMETER_EXPECT(std::find(distractors.begin(), distractors.end(), answer) == distractors.end());
  distractors.insert(distractors.begin() + gold, answer);
  document["answer"] = answer;
  document["choices"] = std::move(distractors);
  document["gold"] = gold;
}

}  // namespace allometer::tasks
