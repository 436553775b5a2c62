#pragma once
/// The people, places and things of generated stories: short, common words that a small model
/// knows.

#include <array>
#include <string_view>

namespace allometer::tasks {

inline constexpr auto kPeople = std::to_array<std::string_view>(
    {"Anna", "Ben",  "Clara", "Dan", "Emma", "Fred", "Grace", "Henry",
     "Ida",  "Jack", "Kate",  "Leo", "Mia",  "Nick", "Olga",  "Paul",
     "Rose", "Sam",  "Tom",   "Uma", "Vera", "Will", "Yara",  "Zoe"});

/// Stand behind "in the".
inline constexpr auto kPlaces = std::to_array<std::string_view>(
    {"garden", "kitchen", "park", "shop", "school", "forest", "barn", "attic", "yard", "street",
     "library", "cellar", "tower", "field", "cave", "tent"});

/// Things that one can carry; stand behind "a" and "the".
inline constexpr auto kThings = std::to_array<std::string_view>(
    {"ball",  "book",  "cup",     "doll",    "drum",   "flute",   "hat",   "kite",
     "lamp",  "map",   "pen",     "ring",    "rope",   "scarf",   "shell", "spoon",
     "stone", "sword", "toy car", "whistle", "basket", "blanket", "coin",  "feather"});

/// What things are put into; stand behind "in the".
inline constexpr auto kContainers =
    std::to_array<std::string_view>({"box", "bag", "drawer", "chest", "jar", "bucket", "pot",
                                     "sack", "cupboard", "suitcase", "bowl", "crate"});

/// Stand behind "likes".
inline constexpr auto kFoods = std::to_array<std::string_view>(
    {"apples", "bread", "cake", "cheese", "soup", "nuts", "pancakes", "pears", "plums", "rice",
     "honey", "carrots", "grapes", "beans", "jam", "fish"});

inline constexpr auto kAnimals =
    std::to_array<std::string_view>({"dog", "cat", "horse", "cow", "goat", "duck", "rabbit",
                                     "mouse", "sheep", "pig", "hen", "parrot"});

/// Names of animals; none of a person.
inline constexpr auto kAnimalNames =
    std::to_array<std::string_view>({"Rex", "Spot", "Fluffy", "Bella", "Max", "Coco", "Lucky",
                                     "Misty", "Rusty", "Snowy", "Pip", "Tiger"});

inline constexpr auto kColours = std::to_array<std::string_view>(
    {"red", "blue", "green", "white", "black", "brown", "pink", "grey", "yellow", "purple"});

}  // namespace allometer::tasks
