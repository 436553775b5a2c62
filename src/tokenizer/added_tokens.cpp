#include "tokenizer/added_tokens.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "tokenizer/json_node.hpp"
#include "tokenizer/normalizer.hpp"
#include "tokenizer/unicode.hpp"

namespace allometer::tokenizer {

namespace {

constexpr const char* kRemedy = "correct it, or save the tokenizer anew with transformers";

bool ends_with_word(std::string_view text) {
  return !text.empty() && is_word(code_point_at(text, previous_code_point(text, text.size())));
}

bool begins_with_word(std::string_view text) {
  return !text.empty() && is_word(code_point_at(text, 0));
}

bool is_same(const AddedToken& a, const AddedToken& b) {
  const auto what_counts = [](const AddedToken& t) {
    return std::tie(t.id, t.content, t.single_word, t.lstrip, t.rstrip, t.normalized, t.special);
  };
  return what_counts(a) == what_counts(b);
}

std::size_t trailing_space(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0) {
    const std::size_t last = previous_code_point(text, begin);
    if (!is_white_space(code_point_at(text, last))) break;
    begin = last;
  }
  return text.size() - begin;
}

std::size_t leading_space(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_white_space(code_point_at(text, end))) {
    end += code_point_length(text, end);
  }
  return end;
}

}  // namespace

AddedTokens::AddedTokens(const JsonNode* node, const Vocabulary& vocabulary,
                         const Normalizer* normalizer) {
  if (node == nullptr) return;
  for (const JsonNode& item : node->items()) {
    if (!add(item, vocabulary)) continue;
    AddedToken& token = tokens_.back();
    const bool changes = token.normalized && normalizer != nullptr;
    token.spelled = changes ? normalizer->normalized(token.content) : token.content;
    if (token.spelled.empty()) {
      item.fail("the normalizer leaves nothing of this token's content: make it not normalized");
    }
    expect_reasonable_length(token.spelled, item.where());
  }
  // Two tokens may normalize to the same text: special ones go first, then the first one.
  std::vector<PrefixTrie::Entry> raw;
  std::vector<PrefixTrie::Entry> normalized;
  for (const bool special : {true, false}) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].special != special) continue;
      (tokens_[i].normalized ? normalized : raw)
          .push_back({tokens_[i].spelled, static_cast<std::int32_t>(i)});
    }
  }
  raw_ = PrefixTrie(std::move(raw));
  normalized_ = PrefixTrie(std::move(normalized));
}

bool AddedTokens::add(const JsonNode& node, const Vocabulary& vocabulary) {
  node.allow_only({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
  AddedToken token;
  token.id = node.at("id").integer(0, kLargestId);
  token.content = node.at("content").string();
  token.single_word = node.boolean_or("single_word", false);
  token.lstrip = node.boolean_or("lstrip", false);
  token.rstrip = node.boolean_or("rstrip", false);
  token.special = node.boolean_or("special", false);
  token.normalized = node.boolean_or("normalized", !token.special);
  if (token.content.empty()) node.fail("an added token without content: take it out");
  if (const AddedToken* same = find(token.id); same != nullptr && is_same(*same, token)) {
    return false;
  }
  const auto model_id = vocabulary.id_of(token.content);
  if (model_id && *model_id != token.id) {
    node.fail(fmt::format("'{}' has id {} here and {} in the model's vocabulary: {}", token.content,
                          token.id, *model_id, kRemedy));
  }
  const std::string* model_piece = vocabulary.piece_of(token.id);
  if (model_piece != nullptr && *model_piece != token.content) {
    node.fail(fmt::format("id {} is '{}' here and '{}' in the model's vocabulary: {}", token.id,
                          token.content, *model_piece, kRemedy));
  }
  if (!by_id_.emplace(token.id, tokens_.size()).second) {
    node.fail(fmt::format("a second added token with id {}: {}", token.id, kRemedy));
  }
  if (!by_content_.emplace(token.content, tokens_.size()).second) {
    node.fail(fmt::format("a second added token '{}': {}", token.content, kRemedy));
  }
  const auto next = std::max(static_cast<std::int32_t>(vocabulary.size()), end_id_);
  if (!model_id && token.id != next) {
    node.fail(
        fmt::format("'{}' has id {}, but Hugging Face's library numbers what is not in the "
                    "vocabulary one by one in the order of this list, and makes it {}: {}",
                    token.content, token.id, next, kRemedy));
  }
  end_id_ = std::max(end_id_, token.id + 1);
  tokens_.push_back(std::move(token));
  return true;
}

std::vector<Section> AddedTokens::split_raw(std::string_view text) const {
  return split(text, raw_);
}

std::vector<Section> AddedTokens::split_normalized(std::string_view text) const {
  return split(text, normalized_);
}

std::vector<Section> AddedTokens::split(std::string_view text, const PrefixTrie& trie) const {
  std::vector<Section> sections;
  std::size_t done = 0;
  std::size_t space_end = 0;  // of the last run of white space that was walked along
  for (std::size_t i = 0; !trie.empty() && i < text.size();) {
    if (!trie.can_begin_with(text[i])) {
      ++i;
      continue;
    }
    std::size_t length = 0;
    std::int32_t index = 0;
    trie.for_each_prefix(text.substr(i), [&](std::size_t longest, std::int32_t value) {
      length = longest;
      index = value;
    });
    if (length == 0) {
      ++i;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    std::size_t begin = i;
    std::size_t end = i + length;
    i = end;
    if (token.single_word &&
        (ends_with_word(text.substr(0, begin)) || begins_with_word(text.substr(end)))) {
      continue;
    }
    // A token inside of white space that the one before it took along begins before `done`.
    if (token.lstrip && done < begin) begin -= trailing_space(text.substr(done, begin - done));
    if (token.rstrip) {
      if (space_end < end) space_end = end + leading_space(text.substr(end));
      end = space_end;
    }
    if (done < begin) sections.push_back({std::nullopt, text.substr(done, begin - done)});
    sections.push_back({token.id, text.substr(begin, end - begin)});
    done = end;
  }
  if (done < text.size()) sections.push_back({std::nullopt, text.substr(done)});
  return sections;
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

std::optional<std::int32_t> AddedTokens::id_of(std::string_view content) const {
  const auto found = by_content_.find(content);
  if (found == by_content_.end()) return std::nullopt;
  return tokens_[found->second].id;
}

}  // namespace allometer::tokenizer
