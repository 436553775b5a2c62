#include "tasks/generators/scrambled_words.hpp"

#include <array>

namespace allometer::tasks {
namespace {

constexpr auto kWords4 = std::to_array<std::string_view>(
    {"baby", "back", "ball", "bank", "base", "bath", "bell", "blue", "boat", "body", "bone", "book",
     "both", "bush", "cake", "cash", "city", "club", "coal", "cold", "cook", "dark", "date", "deep",
     "desk", "dish", "down", "drum", "duck", "edge", "fact", "film", "fish", "five", "flag", "food",
     "foot", "four", "full", "gift", "girl", "give", "glad", "gold", "good", "grow", "hair", "half",
     "hard", "help", "hill", "hold", "home", "hope", "hour", "huge", "iron", "join", "joke", "jump",
     "just", "kick", "king", "kiss", "know", "lady", "land", "lazy", "leaf", "long", "look", "loud",
     "luck", "lung", "milk", "mind", "much", "must", "neck", "next", "nice", "only", "open", "park",
     "path", "pink", "play", "pond", "pony", "poor", "pull", "push", "quiz", "rain", "rice", "road",
     "roof", "seed", "silk", "sled", "soap", "talk", "tall", "tent", "tidy", "tree", "tube", "twin",
     "ugly", "very", "walk", "wall", "warm", "wash", "wave", "week", "what", "wind", "wing", "wood",
     "wool", "word", "yard", "year", "zero"});

constexpr auto kWords5 = std::to_array<std::string_view>(
    {"about", "above", "adult", "alive", "alone", "apple", "arrow", "awake", "award", "bacon",
     "badge", "beach", "belly", "birth", "black", "blame", "blind", "blood", "brain", "brave",
     "brick", "bring", "broom", "brown", "brush", "build", "bunch", "candy", "carry", "catch",
     "cheek", "chess", "child", "class", "clean", "climb", "clock", "cloth", "coach", "cough",
     "count", "court", "cover", "crazy", "cream", "crowd", "crown", "daily", "dirty", "doubt",
     "dozen", "draft", "dress", "drink", "eight", "empty", "enjoy", "equal", "every", "extra",
     "fence", "fever", "fifty", "final", "first", "focus", "force", "forty", "found", "fresh",
     "front", "fruit", "funny", "ghost", "giant", "glass", "glove", "grain", "grand", "grass",
     "guard", "guess", "habit", "happy", "heavy", "hello", "honey", "hotel", "house", "human",
     "hurry", "ideal", "joint", "judge", "juice", "knife", "known", "laugh", "level", "light",
     "lucky", "lunch", "magic", "maybe", "metal", "month", "mouth", "movie", "music", "often",
     "onion", "order", "panda", "party", "peace", "phone", "piano", "plant", "point", "power",
     "prize", "punch", "queen", "quick", "radio", "ready", "river", "robot", "rough", "round",
     "royal", "salad", "scarf", "seven", "sheep", "shirt", "short", "skirt", "sleep", "small",
     "smoke", "snack", "sorry", "sound", "spoon", "stamp", "stand", "story", "sugar", "sunny",
     "sweet", "thank", "thick", "think", "third", "thumb", "tiger", "title", "today", "tooth",
     "touch", "trust", "truth", "twice", "upper", "visit", "voice", "wagon", "watch", "water",
     "wheat", "wheel", "white", "woman", "world", "worry", "wound", "young"});

constexpr auto kWords6 = std::to_array<std::string_view>(
    {"absent", "afraid", "almost", "always", "animal", "answer", "anyone", "around", "arrive",
     "august", "autumn", "banana", "barrel", "basket", "beauty", "become", "before", "behind",
     "bottle", "bottom", "branch", "breath", "bridge", "bright", "bronze", "butter", "button",
     "camera", "candle", "carrot", "castle", "cattle", "change", "cheese", "cherry", "choice",
     "church", "circle", "clever", "closet", "coffee", "comedy", "common", "copper", "corner",
     "cotton", "couple", "cousin", "create", "dinner", "dragon", "during", "easily", "effect",
     "eleven", "engine", "enough", "escape", "factor", "family", "famous", "farmer", "father",
     "figure", "finish", "flower", "forget", "fourth", "freeze", "frozen", "future", "garage",
     "gather", "gentle", "ginger", "golden", "ground", "guitar", "hammer", "handle", "health",
     "heaven", "helmet", "hidden", "honest", "humble", "hungry", "income", "indoor", "island",
     "jacket", "jungle", "kettle", "kindly", "kitten", "ladder", "lawyer", "leaves", "legend",
     "little", "lively", "lonely", "manage", "market", "meadow", "memory", "middle", "minute",
     "mirror", "modern", "moment", "monkey", "mother", "muscle", "museum", "nature", "nearby",
     "needle", "nephew", "nobody", "normal", "number", "object", "office", "orange", "palace",
     "parent", "peanut", "pencil", "people", "pepper", "person", "pigeon", "planet", "plenty",
     "pocket", "police", "potato", "powder", "pretty", "prince", "puzzle", "rabbit", "reason",
     "record", "repair", "result", "return", "ribbon", "rocket", "sailor", "school", "season",
     "second", "secret", "shadow", "should", "shower", "silver", "simple", "smooth", "spring",
     "square", "stairs", "string", "strong", "sudden", "summer", "supper", "system", "tailor",
     "thirty", "though", "throat", "ticket", "timber", "tomato", "tongue", "travel", "tunnel",
     "turkey", "twelve", "unable", "useful", "valley", "velvet", "violin", "walnut", "wealth",
     "weapon", "weekly", "window", "winner", "winter", "wisdom", "within", "wooden", "writer",
     "yellow"});

constexpr auto kWords7 = std::to_array<std::string_view>(
    {"airport", "ancient", "another", "apricot", "balance", "balloon", "banking", "battery",
     "because", "bedroom", "believe", "between", "bicycle", "blanket", "brother", "cabbage",
     "capital", "captain", "careful", "chicken", "chimney", "citizen", "climate", "clothes",
     "college", "comfort", "company", "compass", "concert", "control", "cottage", "country",
     "courage", "crystal", "culture", "curious", "curtain", "cushion", "customs", "delight",
     "deliver", "dentist", "desktop", "diamond", "digital", "distant", "dolphin", "drawing",
     "dustbin", "economy", "educate", "elderly", "emperor", "evening", "example", "explain",
     "explore", "express", "factory", "failure", "fashion", "feather", "fiction", "fifteen",
     "finally", "fishing", "foreign", "forever", "fortune", "forward", "freedom", "giraffe",
     "goodbye", "gorilla", "grandma", "grandpa", "growing", "habitat", "hallway", "happily",
     "harvest", "healthy", "heating", "helpful", "herself", "highway", "himself", "history",
     "holiday", "hundred", "hunting", "husband", "imagine", "journey", "justice", "kingdom",
     "ladybug", "laundry", "leather", "lecture", "leisure", "library", "lighter", "machine",
     "manager", "maximum", "message", "million", "minimum", "morning", "mystery", "natural",
     "nothing", "officer", "offices", "opinion", "package", "painter", "pajamas", "pancake",
     "parking", "partner", "passage", "patient", "payment", "penguin", "perfect", "perhaps",
     "picture", "pilgrim", "plastic", "popcorn", "popular", "pottery", "private", "problem",
     "produce", "promise", "protect", "pumpkin", "pyramid", "quality", "quarter", "quickly",
     "railway", "rainbow", "reading", "receive", "request", "respect", "scatter", "science",
     "scissor", "serious", "seventy", "shampoo", "similar", "sixteen", "slipper", "soldier",
     "someone", "special", "sponsor", "stadium", "station", "stomach", "storage", "strange",
     "subject", "success", "sunrise", "support", "surface", "swallow", "thought", "thunder",
     "tonight", "tourist", "traffic", "trouble", "unknown", "usually", "utensil", "vehicle",
     "victory", "village", "visible", "visitor", "vitamin", "volcano", "walking", "warrior",
     "wedding", "weekend", "welcome", "whisper", "whistle", "william", "without", "working"});

constexpr auto kWords8 = std::to_array<std::string_view>(
    {"aircraft", "airplane", "alphabet", "although", "anything", "applause", "aquarium", "athletic",
     "attitude", "audience", "backpack", "backyard", "balanced", "baseball", "basement", "bathroom",
     "birthday", "blizzard", "boundary", "bracelet", "building", "bulletin", "business", "calendar",
     "campaign", "campfire", "cardinal", "careless", "ceremony", "champion", "cheerful", "chestnut",
     "children", "cinnamon", "climbing", "clothing", "colorful", "complete", "computer", "conclude",
     "consider", "continue", "creature", "cucumber", "customer", "darkness", "daughter", "daylight",
     "decision", "delicate", "delivery", "dinosaur", "distance", "doorbell", "dramatic", "driveway",
     "eighteen", "election", "electric", "elephant", "engineer", "enormous", "entrance", "envelope",
     "everyone", "evidence", "exchange", "exercise", "explorer", "familiar", "favorite", "feedback",
     "festival", "fireball", "firewood", "football", "footstep", "forecast", "formerly", "fountain",
     "fourteen", "fragment", "freezing", "friendly", "function", "gardener", "generous", "gigantic",
     "graceful", "graduate", "greeting", "guardian", "handbook", "happened", "hardware", "headache",
     "heritage", "homework", "honestly", "hospital", "identify", "industry", "innocent", "instinct",
     "keyboard", "kindness", "language", "laughter", "learning", "lemonade", "likewise", "location",
     "magazine", "majority", "maritime", "material", "maximize", "medicine", "midnight", "military",
     "mosquito", "mountain", "movement", "multiply", "mushroom", "musician", "mustache", "national",
     "necklace", "neighbor", "nineteen", "notebook", "numerous", "obstacle", "occasion", "offering",
     "opposite", "ordinary", "overcoat", "painting", "paradise", "passport", "patience", "peaceful",
     "persuade", "physical", "platform", "pleasant", "pleasure", "plumbing", "polished", "politics",
     "position", "possible", "postcard", "powerful", "practice", "previous", "princess", "pristine",
     "probably", "progress", "property", "question", "railroad", "raindrop", "recently", "remember",
     "repeated", "research", "response", "restless", "reversal", "sandwich", "scissors", "seashell",
     "seasonal", "security", "sentence", "shopping", "shoulder", "shutdown", "sidewalk", "skeleton",
     "slippery", "snowball", "snowfall", "software", "somebody", "southern", "spectrum", "standard",
     "stocking", "straight", "strategy", "strength", "stubborn", "suddenly", "sunlight", "sunshine",
     "surprise", "swimming", "sympathy", "teaspoon", "telegram", "terrible", "thankful", "thirteen",
     "together", "tomorrow", "tortoise", "training", "treasure", "tropical", "ultimate", "umbrella",
     "uncommon", "universe", "upstairs", "vacation", "valuable", "vertical", "vineyard", "violence",
     "volcanic", "wardrobe", "weakness", "wireless", "withdraw", "workshop", "yourself"});

}  // namespace

std::span<const std::string_view> words_of_length(int length) {
  switch (length) {
    case 4:
      return kWords4;
    case 5:
      return kWords5;
    case 6:
      return kWords6;
    case 7:
      return kWords7;
    case 8:
      return kWords8;
    default:
      return {};
  }
}

}  // namespace allometer::tasks
