#pragma once
/// What the solvers of generated questions share: they read a question's text and nothing else.

#include <functional>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tasks/dataset.hpp"

namespace allometer::tasks {

/// Every question's answer, by `solve` from its text, is the stored one, and of the choices it is
/// the one at `gold` and no other.
inline void expect_solved(const Dataset& dataset,
                          const std::function<std::string(const std::string&)>& solve) {
  for (const auto& document : dataset.documents) {
    const std::string solved = solve(document.at("question"));
    ASSERT_EQ(solved, document.at("answer").get<std::string>()) << document.dump(1);
    const std::vector<std::string> choices = document.at("choices");
    for (std::size_t i = 0; i < choices.size(); ++i)
      ASSERT_EQ(choices[i] == solved, i == document.at("gold").get<std::size_t>()) << document;
  }
}

/// The documents of one level.
inline Dataset of_difficulty(const Dataset& dataset, int difficulty) {
  Dataset level;
  for (const auto& document : dataset.documents) {
    if (document.at("difficulty") == difficulty) level.documents.push_back(document);
  }
  return level;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Lines 2 to last but one of a question, without the blanks between cells.
inline std::vector<std::string> printed_grid(const std::string& question) {
  std::vector<std::string> lines = lines_of(question);
  std::vector<std::string> grid(lines.begin() + 1, lines.end() - 1);
  for (std::string& row : grid) std::erase(row, ' ');
  for (const std::string& row : grid) EXPECT_EQ(row.size(), grid.size()) << question;
  return grid;
}

/// Who lies where, from what is said of pairs: each group of names that are tied together has a
/// coordinate system of its own, and a statement merges two.
class RelativePlaces {
 public:
  using Vector = std::pair<int, int>;

  /// `name` is at `other` + `offset`. False if that contradicts what was said before.
  bool state(const std::string& name, const std::string& other, Vector offset) {
    enter(name);
    enter(other);
    const auto [group, at] = places_[name];
    const auto [kept, base] = places_[other];
    const Vector shift{base.first + offset.first - at.first,
                       base.second + offset.second - at.second};
    if (group == kept) return shift == Vector{0, 0};
    for (auto& [moved, place] : places_) {
      if (place.first != group) continue;
      place = {kept, {place.second.first + shift.first, place.second.second + shift.second}};
    }
    return true;
  }

  bool are_tied(const std::string& a, const std::string& b) const {
    return places_.at(a).first == places_.at(b).first;
  }
  /// From `from` to `to`, which must be tied.
  Vector way(const std::string& from, const std::string& to) const {
    EXPECT_TRUE(are_tied(from, to)) << from << ' ' << to;
    const Vector a = places_.at(from).second;
    const Vector b = places_.at(to).second;
    return {b.first - a.first, b.second - a.second};
  }
  /// Of all names.
  int num_groups() const {
    std::map<int, int> sizes;
    for (const auto& [name, place] : places_) ++sizes[place.first];
    return static_cast<int>(sizes.size());
  }
  int num_names() const { return static_cast<int>(places_.size()); }

 private:
  void enter(const std::string& name) {
    const int group = static_cast<int>(places_.size());
    places_.try_emplace(name, group, Vector{0, 0});
  }
  std::map<std::string, std::pair<int, Vector>> places_;
};

}  // namespace allometer::tasks
