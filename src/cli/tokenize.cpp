/// allometer tokenize: text to token ids.

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/json_lines.hpp"
#include "cli/options.hpp"
#include "tokenizer/tokenizer.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options(
      "tokenize",
      "Prints one JSON line per text: {\"ids\": [...], \"pieces\": [...]}. The texts are TEXT, or "
      "the \"text\" of every line of a JSONL file. Ids are those of the Hugging Face tokenizer. "
      "A tokenizer's file is tokenizer.json, vocab.json beside its merges.txt, or "
      "tokenizer.model.");
  options
      .argument("MODEL", Options::Presence::required,
                "a checkpoint directory, a GGUF file, or the file of a tokenizer")
      .argument("TEXT", Options::Presence::optional, "one text")
      .option("jsonl", "FILE", "read {\"text\": ...} lines from FILE ('-': standard input)")
      .flag("no-special",
            "leave out the special tokens (BOS, EOS) that the tokenizer adds around a text");
  declare_chat_options(options);
  options.example("allometer tokenize models/smollm2-135m 'Once upon a time'", "one text")
      .example(
          "allometer tokenize models/smollm2-135m --jsonl heldout.jsonl --no-special > ids.jsonl",
          "a file of texts")
      .example("allometer tokenize models/smollm2-135m-instruct --chat messages.json",
               "a conversation: prints {\"text\": ..., \"ids\": ..., \"pieces\": ...}");
  return options;
}

/// `line` may hold more about the text already.
void print_tokens(const tokenizer::Tokenizer& tokenizer, const std::string& text,
                  tokenizer::AddSpecial special,
                  nlohmann::ordered_json line = nlohmann::ordered_json::object()) {
  const std::vector<std::int32_t> ids = tokenizer.encode(text, special);
  line["ids"] = ids;
  line["pieces"] = nlohmann::ordered_json::array();
  for (const std::int32_t id : ids) line["pieces"].push_back(tokenizer.piece(id));
  print_json_line(line);
}

}  // namespace

int run_tokenize(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  if (options.given("TEXT") + options.given("jsonl") + options.given("chat") != 1)
    options.fail("give either TEXT, --jsonl FILE or --chat FILE");
  const std::filesystem::path path = options.existing_path("MODEL");
  const std::filesystem::path jsonl = options.given("jsonl") ? options.input_path("jsonl") : "";

  const auto tokenizer = tokenizer::Tokenizer::load(path);
  const auto special =
      options.given("no-special") ? tokenizer::AddSpecial::no : tokenizer::AddSpecial::yes;
  if (options.given("chat")) {
    const std::string text = rendered_conversation(options, path, false);
    // The template writes the special tokens itself.
    print_tokens(tokenizer, text, tokenizer::AddSpecial::no, {{"text", text}});
    return kDone;
  }
  if (options.given("TEXT")) {
    print_tokens(tokenizer, options.text("TEXT"), special);
    return kDone;
  }
  for_each_json_line(jsonl, [&](nlohmann::ordered_json& line, const std::string& where) {
    print_tokens(tokenizer, text_field(line, "text", where), special);
  });
  return kDone;
}

}  // namespace allometer::cli
