#include "tokenizer/chat_template.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace allometer::tokenizer {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;

const ordered_json kHello = ordered_json::parse(R"([{"role": "user", "content": "Hello"}])");

/// A checkpoint directory with the files that a test writes into it.
class ChatTemplates : public testing::Test {
 protected:
  ChatTemplates()
      : directory_(fs::path(testing::TempDir()) /
                   ("allometer_chat_" +
                    std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~ChatTemplates() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }
  std::string rendered(const std::string& name = "", const ordered_json& chat = kHello) const {
    return ChatTemplate::load(directory_, name).render(chat);
  }
  std::string error_of(const std::string& name = "", const ordered_json& chat = kHello) const {
    try {
      return "no error, but " + rendered(name, chat);
    } catch (const Error& error) {
      return error.what();
    }
  }

  fs::path directory_;
};

TEST_F(ChatTemplates, ComeFromTheTokenizersConfig) {
  EXPECT_FALSE(ChatTemplate::exists(directory_));
  write("tokenizer_config.json", R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>",
    "unk_token": null,
    "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}"})");
  EXPECT_TRUE(ChatTemplate::exists(directory_));
  EXPECT_EQ(rendered(), "<s>Hello</s>");
}

TEST_F(ChatTemplates, TakeTokensFromTheMapWhereTheConfigHasNone) {
  write("special_tokens_map.json", R"({"bos_token": "<b>", "eos_token": "<e>"})");
  write("tokenizer_config.json", R"({"eos_token": "</s>"})");
  write("chat_template.jinja", "{{ bos_token }}{{ eos_token }}");
  EXPECT_EQ(rendered(), "<b></s>");
}

TEST_F(ChatTemplates, AreChosenByName) {
  write("tokenizer_config.json", R"({"chat_template": [
    {"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]})");
  EXPECT_EQ(rendered(), "plain");
  EXPECT_EQ(rendered("tool_use"), "tools");
  EXPECT_THAT(error_of("other"),
              AllOf(HasSubstr("no chat template named 'other'"), HasSubstr("default, tool_use")));
  write("chat_template.jinja", "plain file");
  write("additional_chat_templates/rag.jinja", "documents");
  EXPECT_EQ(rendered(), "plain file");
  EXPECT_EQ(rendered("rag"), "documents");
  EXPECT_THAT(error_of("tool_use"), HasSubstr("default, rag"));
}

TEST_F(ChatTemplates, OfAFileOfTheirOwnWinOverTheConfig) {
  write("tokenizer_config.json", R"({"chat_template": [{"name": "default", "template": "config"},
                                                       {"name": "rag", "template": "rag"}]})");
  EXPECT_EQ(rendered("rag"), "rag");
  write("chat_template.jinja", "jinja");
  EXPECT_EQ(rendered(), "jinja");
  EXPECT_THAT(error_of("rag"), HasSubstr("rag"));
}

TEST_F(ChatTemplates, SeeWhatTransformersHandsOver) {
  write("chat_template.jinja",
        "{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }} "
        "{{ messages|length }} {{ extra|default('-') }}");
  EXPECT_EQ(rendered(), "True True False 1 -");
  EXPECT_EQ(rendered("", ordered_json::parse(R"({"messages": [], "tools": [1], "documents": [2],
              "add_generation_prompt": true, "extra": 3})")),
            "False False True 0 3");
}

TEST_F(ChatTemplates, NameWhatIsWrong) {
  EXPECT_THAT(error_of(), AllOf(HasSubstr(directory_.string()), HasSubstr("no chat template")));
  write("chat_template.jinja", "\n{% if a %}");
  EXPECT_THAT(error_of(),
              AllOf(HasSubstr("chat_template.jinja (line 2 of the template)"), HasSubstr("endif")));
  write("chat_template.jinja", "{{ raise_exception('no ' ~ messages[0].role) }}");
  EXPECT_THAT(error_of(), HasSubstr("chat_template.jinja: the template refuses this: no user"));
  write("chat_template.jinja", "x");
  EXPECT_THAT(error_of("", ordered_json("Hello")), HasSubstr("a list of messages"));
  fs::remove(directory_ / "chat_template.jinja");
  write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  EXPECT_THAT(error_of(), HasSubstr("tokenizer_config.json: chat_template holds an entry"));
  write("tokenizer_config.json", "{");
  EXPECT_THAT(error_of(), HasSubstr("tokenizer_config.json: not JSON"));
}

}  // namespace
}  // namespace allometer::tokenizer
