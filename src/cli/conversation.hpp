#pragma once
/// Conversations on the command line: a JSON file and the chat template of a checkpoint.

#include <filesystem>
#include <string>

#include "cli/options.hpp"

namespace allometer::cli {

/// Declares --chat FILE and --chat-template NAME.
void declare_chat_options(Options& options);

/// The text that the checkpoint's template makes of the file of --chat. `for_reply`: the template
/// is asked to open the assistant's turn, unless the file itself says something about that. Throws
/// IoError and FormatError for the file, ConfigError where there is no template or it refuses the
/// conversation.
std::string rendered_conversation(const Options& options, const std::filesystem::path& checkpoint,
                                  bool for_reply);

}  // namespace allometer::cli
