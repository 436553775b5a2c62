#include "eval/encode_requests.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "core/error.hpp"

namespace allometer::eval {
namespace {

using Tokens = std::vector<std::int32_t>;
using tokenizer::AddSpecial;
using tokenizer::SkipSpecial;
using tokenizer::Tokenizer;

/// Code points that Python's str.isspace accepts (Unicode 15: bidirectional type WS, B or S, or
/// category Zs).
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

/// The code point that ends at text[end); its length in bytes goes to `length`. Malformed bytes
/// count as themselves: they are no white space.
char32_t last_code_point(std::string_view text, std::size_t& length) {
  const auto byte = [&](std::size_t back) {
    return static_cast<unsigned char>(text[text.size() - back]);
  };
  length = 1;
  while (length < 4 && length < text.size() && (byte(length) & 0xC0) == 0x80) ++length;
  const unsigned char lead = byte(length);
  if (length == 2 && (lead & 0xE0) == 0xC0) return (lead & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
  if (length == 3 && (lead & 0xF0) == 0xE0) {
    return (lead & 0x0Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(1) & 0x3Fu);
  }
  const bool is_ascii = length == 1 && lead < 0x80;
  length = 1;
  return is_ascii ? lead : U'\uFFFD';
}

std::size_t length_without_trailing_space(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = 0;
    if (!is_space(last_code_point(text, length))) break;
    text.remove_suffix(length);
  }
  return text.size();
}

std::optional<std::int32_t> prefix_token(const Tokenizer& tokenizer, const model::Config& config) {
  if (tokenizer.bos_id()) return tokenizer.bos_id();
  if (tokenizer.eos_id()) return tokenizer.eos_id();
  if (config.bos_token_id) return config.bos_token_id;
  return config.eos_token_id;
}

std::int32_t required_prefix_token(const Tokenizer& tokenizer, const model::Config& config) {
  const std::optional<std::int32_t> prefix = prefix_token(tokenizer, config);
  if (prefix) return *prefix;
  throw ConfigError(
      "there is nothing to stand before a text without context: neither tokenizer_config.json nor "
      "config.json names a BOS or "
      "EOS token; name one in either of them");
}

Tokens encode_text(std::string_view text, const Tokenizer& tokenizer, const model::Config& config,
                   std::optional<bool> add_bos) {
  bool add_special = add_bos.value_or(true);
  const std::optional<std::int32_t> prefix = prefix_token(tokenizer, config);
  if (prefix && *prefix < tokenizer.vocab_size()) {
    const std::int32_t id = *prefix;
    const std::string spelling = tokenizer.decode({&id, 1}, SkipSpecial::no);
    // Every text begins with an empty spelling, as a token has that only the decoder's rules
    // remove.
    if (!spelling.empty() && text.substr(0, spelling.size()) == spelling) add_special = false;
  }
  return tokenizer.encode(text, add_special ? AddSpecial::yes : AddSpecial::no);
}

/// Of context + continuation, what fits; `context` and `continuation` are not empty.
EncodedRequest join(Tokens context, const Tokens& continuation, const model::Config& config) {
  const auto max_length = static_cast<std::size_t>(config.max_position_embeddings);
  if (continuation.size() > max_length) {
    throw ConfigError(fmt::format(
        "the continuation has {} tokens, but the model sees no more than {} at once; shorten the "
        "continuation, or score long texts with output_type loglikelihood_rolling",
        continuation.size(), max_length));
  }
  EncodedRequest encoded;
  Tokens& tokens = encoded.request.tokens;
  tokens = std::move(context);
  tokens.insert(tokens.end(), continuation.begin(), continuation.end());
  if (tokens.size() > max_length + 1) {
    tokens.erase(tokens.begin(), tokens.end() - static_cast<std::ptrdiff_t>(max_length + 1));
    encoded.truncated = true;
  }
  encoded.request.num_context = static_cast<int>(tokens.size() - continuation.size());
  return encoded;
}

}  // namespace

EncodedRequest encode_loglikelihood(const std::string& context, const std::string& continuation,
                                    const Tokenizer& tokenizer, const model::Config& config,
                                    std::optional<bool> add_bos) {
  const std::string_view stripped =
      std::string_view(context).substr(0, length_without_trailing_space(context));
  const std::string moved = context.substr(stripped.size()) + continuation;
  Tokens before = context.empty() ? Tokens() : encode_text(stripped, tokenizer, config, add_bos);
  Tokens after;
  if (before.empty()) {
    after = tokenizer.encode(moved, AddSpecial::no);
    before = {required_prefix_token(tokenizer, config)};
    if (!after.empty() && after.front() == before.front()) after.erase(after.begin());
  } else {
    after = encode_text(std::string(stripped) + moved, tokenizer, config, add_bos);
    after.erase(after.begin(),
                after.begin() + static_cast<std::ptrdiff_t>(std::min(before.size(), after.size())));
  }
  if (after.empty()) {
    throw ConfigError(
        fmt::format("the continuation \"{}\" has no tokens of its own after its context, so there "
                    "is nothing to score; check the "
                    "answer's field and target_delimiter",
                    continuation));
  }
  return join(std::move(before), after, config);
}

std::vector<EncodedRequest> encode_rolling(const std::string& text, const Tokenizer& tokenizer,
                                           const model::Config& config,
                                           std::optional<bool> add_bos) {
  Tokens tokens = encode_text(text, tokenizer, config, add_bos);
  std::vector<EncodedRequest> windows;
  if (tokens.empty()) return windows;
  tokens.insert(tokens.begin(), required_prefix_token(tokenizer, config));
  const auto max_length = static_cast<std::size_t>(config.max_position_embeddings);
  // tokens[scored) onwards is still to be scored; the prefix token is not.
  for (std::size_t scored = 1; scored < tokens.size();) {
    const std::size_t end = std::min(scored + max_length, tokens.size());
    const std::size_t begin = end - std::min(end, max_length + 1);
    EncodedRequest window;
    window.request.tokens.assign(tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                                 tokens.begin() + static_cast<std::ptrdiff_t>(end));
    window.request.num_context = static_cast<int>(scored - begin);
    windows.push_back(std::move(window));
    scored = end;
  }
  return windows;
}

EncodedPrompt encode_prompt(const std::string& context, int max_gen_toks,
                            const Tokenizer& tokenizer, const model::Config& config,
                            std::optional<bool> add_bos) {
  const int room = config.max_position_embeddings - max_gen_toks;
  if (room < 1) {
    throw ConfigError(
        fmt::format("max_gen_toks is {}, but the model sees no more than {} tokens at once, which "
                    "leaves no room for a prompt; lower "
                    "generation_kwargs.max_gen_toks",
                    max_gen_toks, config.max_position_embeddings));
  }
  EncodedPrompt prompt;
  prompt.tokens = encode_text(context, tokenizer, config, add_bos);
  if (prompt.tokens.empty()) prompt.tokens = {required_prefix_token(tokenizer, config)};
  if (static_cast<int>(prompt.tokens.size()) > room) {
    prompt.tokens.erase(prompt.tokens.begin(), prompt.tokens.end() - room);
    prompt.truncated = true;
  }
  return prompt;
}

}  // namespace allometer::eval
