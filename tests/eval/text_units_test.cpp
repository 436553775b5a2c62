#include "eval/text_units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "eval/mini_tokenizer.hpp"

namespace allometer::eval {
namespace {

using testing::ElementsAre;

class TextUnitsTest : public testing::Test {
 protected:
  TextUnits units(std::vector<tasks::ExplainedText> texts) const {
    return {texts, settings, tokenizer};
  }

  tokenizer::Tokenizer tokenizer = mini_tokenizer();
  tasks::ExplanationSettings settings;
};

TEST_F(TextUnitsTest, RemovedWordsTakeTheWhiteSpaceBeforeThemAlong) {
  const TextUnits words = units({{" one  two\tthree two.\n", std::nullopt}});
  EXPECT_THAT(words.units(), ElementsAre(ElementsAre("one", "two", "three", "two.")));
  EXPECT_EQ(words.num_features(), 4);
  EXPECT_THAT(words.perturbed({1, 1, 1, 1}), ElementsAre(" one  two\tthree two.\n"));
  EXPECT_THAT(words.perturbed({1, 0, 1, 1}), ElementsAre(" one\tthree two.\n"));
  EXPECT_THAT(words.perturbed({0, 0, 1, 1}), ElementsAre(" three two.\n"));
  EXPECT_THAT(words.perturbed({0, 0, 0, 0}), ElementsAre(" \n"));
}

TEST_F(TextUnitsTest, EqualWordsAreOneFeatureUnlessToldOtherwise) {
  const TextUnits bag = units({{"to be or not to be", std::nullopt}});
  EXPECT_THAT(bag.features(), ElementsAre(ElementsAre(0, 1, 2, 3, 0, 1)));
  EXPECT_THAT(bag.perturbed({0, 1, 1, 1}), ElementsAre("be or not be"));
  settings.bag_of_words = false;
  EXPECT_EQ(units({{"to be or not to be", std::nullopt}}).num_features(), 6);
}

TEST_F(TextUnitsTest, AReplacementStandsForEveryRemovedUnit) {
  settings.replacement = "_";
  EXPECT_THAT(units({{"one  two three", std::nullopt}}).perturbed({1, 0, 0}),
              ElementsAre("one  _ _"));
}

TEST_F(TextUnitsTest, SeveralTextsAreOne) {
  settings.fields = {"premise", "hypothesis"};
  const TextUnits both = units({{"a cat", {{{2, 5}}}}, {"a dog", std::nullopt}});
  EXPECT_THAT(both.features(), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2)));
  EXPECT_THAT(both.perturbed({0, 1, 1}), ElementsAre("cat", "dog"));
  EXPECT_THAT(both.rationale(settings).is_gold, ElementsAre(0, 1, 0));
}

TEST_F(TextUnitsTest, WordsOfARationaleHaveNoPunctuation) {
  settings.share = .25;
  const explain::Rationale rationale =
      units({{"bad, -- bad \xE2\x80\x9Cgood\xE2\x80\x9D", {{{3, 6}, {12, 13}}}}})
          .rationale(settings);
  EXPECT_THAT(rationale.word, ElementsAre(0, -1, 0, 1));
  EXPECT_THAT(rationale.is_gold, ElementsAre(1, 1, 0, 1));
  EXPECT_EQ(rationale.share, .25);
}

TEST_F(TextUnitsTest, TokensAreThoseOfTheModel) {
  settings.units_are_tokens = true;
  settings.bag_of_words = false;
  // Three bytes are one character, and the line feed goes with what follows.
  const TextUnits tokens = units({{"ab b\ncab\xE3\x80\x82", std::nullopt}});
  EXPECT_THAT(tokens.units(), ElementsAre(ElementsAre("a", "b", "b", "c", "ab", "\xE3\x80\x82")));
  EXPECT_THAT(tokens.perturbed({1, 0, 1, 1, 0, 1}), ElementsAre("a b\nc\xE3\x80\x82"));
  EXPECT_THROW(units({{"ab xyz", std::nullopt}}), ConfigError);  // not in the vocabulary
}

}  // namespace
}  // namespace allometer::eval
