#include "tokenizer/post_processor.hpp"

#include <string>

#include <fmt/format.h>

#include "tokenizer/json_node.hpp"
#include "tokenizer/vocabulary.hpp"

namespace allometer::tokenizer {
namespace {

using Knows = std::function<bool(std::int32_t)>;

std::vector<std::int32_t> read_special_token(const JsonNode& piece, const JsonNode& specials,
                                             const Knows& knows) {
  piece.allow_only({"id", "type_id"});
  const JsonNode special = specials.at(piece.at("id").string());
  special.allow_only({"id", "ids", "tokens"});
  std::vector<std::int32_t> ids;
  for (const JsonNode& id : special.at("ids").items()) {
    ids.push_back(id.integer(0, kLargestId));
    if (!knows(ids.back())) id.fail(fmt::format("no token has the id {}", ids.back()));
  }
  return ids;
}

PostProcessor read_template(const JsonNode& node, const Knows& knows) {
  node.allow_only({"type", "single", "pair", "special_tokens"});
  PostProcessor result;
  bool text_seen = false;
  for (const JsonNode& piece : node.at("single").items()) {
    piece.allow_only({"SpecialToken", "Sequence"});
    if (const auto sequence = piece.find("Sequence")) {
      if (text_seen || sequence->at("id").string() != "A") {
        sequence->fail("a template for one text must hold the sequence A once");
      }
      text_seen = true;
      continue;
    }
    const auto ids = read_special_token(piece.at("SpecialToken"), node.at("special_tokens"), knows);
    auto& side = text_seen ? result.suffix : result.prefix;
    side.insert(side.end(), ids.begin(), ids.end());
  }
  if (!text_seen) node.at("single").fail("a template for one text must hold the sequence A once");
  return result;
}

/// ["[CLS]", 101]
std::int32_t read_token_and_id(const JsonNode& node, const Knows& knows) {
  const auto parts = node.items();
  if (parts.size() != 2) node.fail("expected [token, id]");
  parts[0].string();
  const std::int32_t id = parts[1].integer(0, kLargestId);
  if (!knows(id)) parts[1].fail(fmt::format("no token has the id {}", id));
  return id;
}

/// BertProcessing and RobertaProcessing: for a single text both put cls before it and sep behind.
PostProcessor read_cls_and_sep(const JsonNode& node, const Knows& knows) {
  PostProcessor result;
  result.prefix = {read_token_and_id(node.at("cls"), knows)};
  result.suffix = {read_token_and_id(node.at("sep"), knows)};
  return result;
}

PostProcessor read_sequence(const JsonNode& node, const Knows& knows) {
  node.allow_only({"type", "processors"});
  node.expect_depth_below_limit();
  PostProcessor result;
  for (const JsonNode& item : node.at("processors").items()) {
    const PostProcessor outer = read_post_processor(item, knows);
    result.prefix.insert(result.prefix.begin(), outer.prefix.begin(), outer.prefix.end());
    result.suffix.insert(result.suffix.end(), outer.suffix.begin(), outer.suffix.end());
  }
  return result;
}

}  // namespace

PostProcessor read_post_processor(const JsonNode& node, const Knows& knows) {
  const std::string type = node.at("type").string();
  if (type == "TemplateProcessing") return read_template(node, knows);
  if (type == "Sequence") return read_sequence(node, knows);
  if (type == "ByteLevel") {
    node.allow_only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    return {};
  }
  if (type == "BertProcessing") {
    node.allow_only({"type", "sep", "cls"});
    return read_cls_and_sep(node, knows);
  }
  if (type == "RobertaProcessing") {
    node.allow_only({"type", "sep", "cls", "trim_offsets", "add_prefix_space"});
    return read_cls_and_sep(node, knows);
  }
  node.fail(
      fmt::format("the post-processor '{}' is not supported (BertProcessing, ByteLevel, "
                  "RobertaProcessing, TemplateProcessing and Sequence are)",
                  type));
}

}  // namespace allometer::tokenizer
