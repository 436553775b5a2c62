#include "cli/conversation.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "tokenizer/chat_template.hpp"

namespace allometer::cli {
namespace {

std::string text_of(const std::filesystem::path& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream file(path);
  if (!file) throw IoError(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void declare_chat_options(Options& options) {
  options
      .option("chat", "FILE",
              "a conversation in JSON ('-': standard input), put into words by the checkpoint's "
              "chat template: a list of messages, [{\"role\": \"user\", \"content\": \"Hi\"}], or "
              "an object with \"messages\", \"tools\" and whatever else the template reads")
      .option("chat-template", "NAME", "the chat template of this name, where there are several");
}

std::string rendered_conversation(const Options& options, const std::filesystem::path& checkpoint,
                                  bool for_reply) {
  const std::filesystem::path path = options.input_path("chat");
  nlohmann::ordered_json conversation;
  try {
    conversation = nlohmann::ordered_json::parse(text_of(path));
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: not JSON: {}", path.string(), error.what()));
  }
  if (conversation.is_array()) conversation = {{"messages", conversation}};
  if (!conversation.is_object() || !conversation.contains("messages")) {
    throw FormatError(path.string() +
                      ": a conversation is a list of messages, or an object with 'messages'");
  }
  if (for_reply && !conversation.contains("add_generation_prompt")) {
    conversation["add_generation_prompt"] = true;
  }
  return tokenizer::ChatTemplate::load(checkpoint, options.text("chat-template"))
      .render(conversation);
}

}  // namespace allometer::cli
