// Short stories for the language-modelling loss: people walk about, take things, put them down and
// give them away, and the end says where everyone and everything is. Whoever keeps the books of the
// world can foretell most of it, so that the loss measures how far back a model can look. The level
// is the number of events.
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tasks/generators/drawing.hpp"
#include "tasks/generators/kinds.hpp"
#include "tasks/generators/small_world_words.hpp"

namespace allometer::tasks {
namespace {

constexpr std::size_t kNumPeople = 3;
constexpr std::size_t kNumPlaces = 4;
constexpr std::size_t kNumThings = 3;
constexpr int kMaxEvents = 40;

/// People, places and things with where they are, told as it happens.
class World {
 public:
  explicit World(SplitMix64& random)
      : random_(random),
        people_(pick_several(random, kPeople, kNumPeople)),
        places_(pick_several(random, kPlaces, kNumPlaces)),
        things_(pick_several(random, kThings, kNumThings)) {
    for (std::size_t i = 0; i < kNumPeople; ++i)
      place_of_person_.push_back(random.below(kNumPlaces));
    for (std::size_t i = 0; i < kNumThings; ++i)
      thing_at_.push_back({false, random.below(kNumPlaces)});
    for (std::size_t i = 0; i < kNumPeople; ++i) {
      say("{} was in the {}.", people_[i], places_[place_of_person_[i]]);
    }
    for (std::size_t i = 0; i < kNumThings; ++i) {
      say("The {} lay in the {}.", things_[i], places_[thing_at_[i].index]);
    }
  }

  /// Someone does something; tries again where what was drawn cannot be.
  void add_event() {
    while (!try_event()) {
    }
  }

  /// The end: one sentence for every person and thing, in random order.
  std::string finish() {
    std::vector<std::string> last;
    for (std::size_t i = 0; i < kNumPeople; ++i) {
      last.push_back(fmt::format("{} is in the {}.", people_[i], places_[place_of_person_[i]]));
    }
    for (std::size_t i = 0; i < kNumThings; ++i) {
      const Where& at = thing_at_[i];
      last.push_back(at.is_held
                         ? fmt::format("{} has the {}.", people_[at.index], things_[i])
                         : fmt::format("The {} is in the {}.", things_[i], places_[at.index]));
    }
    random_.shuffle(std::span(last));
    sentences_.emplace_back("And now?");
    sentences_.insert(sentences_.end(), last.begin(), last.end());
    return fmt::format("{}", fmt::join(sentences_, " "));
  }

 private:
  /// A thing is held by a person or lies in a place.
  struct Where {
    bool is_held = false;
    std::size_t index = 0;
  };

  template <class... Values>
  void say(const char* sentence, const Values&... values) {
    sentences_.push_back(fmt::format(fmt::runtime(sentence), values...));
  }

  bool try_event() {
    const std::size_t person = random_.below(kNumPeople);
    const std::size_t thing = random_.below(kNumThings);
    switch (random_.below(5)) {
      case 0:
        return random_.below(4) == 0 && walk(person, random_.below(kNumPlaces));
      case 1:
        return take(person, thing);
      case 2:
        return put_down(person, thing);
      case 3:
        return give(person, random_.below(kNumPeople), thing);
      default:
        return speak(person, thing);
    }
  }

  bool holds(std::size_t person, std::size_t thing) const {
    return thing_at_[thing].is_held && thing_at_[thing].index == person;
  }

  bool walk(std::size_t person, std::size_t place) {
    // Nobody walks on before someone else has walked.
    if (place_of_person_[person] == place || last_walker_ == person) return false;
    last_walker_ = person;
    place_of_person_[person] = place;
    say("{} went to the {}.", people_[person], places_[place]);
    return true;
  }

  bool take(std::size_t person, std::size_t thing) {
    if (thing_at_[thing].is_held || thing_at_[thing].index != place_of_person_[person])
      return false;
    thing_at_[thing] = {true, person};
    say("{} took the {}.", people_[person], things_[thing]);
    return true;
  }

  bool put_down(std::size_t person, std::size_t thing) {
    if (!holds(person, thing)) return false;
    thing_at_[thing] = {false, place_of_person_[person]};
    say("{} put the {} down.", people_[person], things_[thing]);
    return true;
  }

  bool give(std::size_t person, std::size_t other, std::size_t thing) {
    if (person == other || !holds(person, thing) ||
        place_of_person_[person] != place_of_person_[other]) {
      return false;
    }
    thing_at_[thing] = {true, other};
    say("{} gave the {} to {}.", people_[person], things_[thing], people_[other]);
    return true;
  }

  bool speak(std::size_t person, std::size_t thing) {
    if (!holds(person, thing)) return false;
    std::string words =
        fmt::format("{} said: \"I have the {}, and I am in the {}.\"", people_[person],
                    things_[thing], places_[place_of_person_[person]]);
    if (words == sentences_.back()) return false;
    sentences_.push_back(std::move(words));
    return true;
  }

  SplitMix64& random_;
  std::vector<std::string> people_;
  std::vector<std::string> places_;
  std::vector<std::string> things_;
  std::vector<std::size_t> place_of_person_;  ///< index into places_
  std::vector<Where> thing_at_;
  std::vector<std::string> sentences_;
  std::optional<std::size_t> last_walker_;  ///< since whose walk nobody else has walked
};

class SmallWorld final : public Generator {
 public:
  explicit SmallWorld(GeneratorArguments& arguments)
      : events_(arguments.integers("events", {4, 8, 16}, 1, kMaxEvents)) {}

  int num_levels() const override { return static_cast<int>(events_.size()); }
  int num_answers() const override { return 1; }

  std::optional<nlohmann::json> make(Draw draw) const override {
    const int events = events_[static_cast<std::size_t>(draw.level)];
    World world(draw.random);
    for (int i = 0; i < events; ++i) world.add_event();
    return nlohmann::json{{"question", world.finish()}, {"difficulty", events}};
  }

 private:
  std::vector<int> events_;
};

std::unique_ptr<Generator> create(GeneratorArguments& arguments) {
  return std::make_unique<SmallWorld>(arguments);
}

}  // namespace

const GeneratorKind kSmallWorld{"small_world", 1,
                                "stories of people and things that stay consistent", create};

}  // namespace allometer::tasks
