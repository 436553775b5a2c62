#include "template/template.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/random.hpp"
#include "template/python_literal.hpp"

namespace allometer::jinja {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

const json kDocument = json::parse(R"({
  "question": "Why?", "label": 2, "ratio": 0.1, "yes": true, "nothing": null,
  "choices": {"text": ["red", "it's"], "label": ["A", "B"], "items": 5},
  "endings": ["one", "two", "three"], "nested": [[1, 2], {"a": {"b": "deep"}}]})");

std::string rendered(const std::string& text, const json& document = kDocument) {
  return Template::parse(text, "task.yaml:3").render(document);
}

template <class Action>
std::string config_error_of(Action action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no ConfigError";
}

std::string parse_error(const std::string& text) {
  return config_error_of([&] { Template::parse(text, "task.yaml:3"); });
}

std::string render_error(const std::string& text) {
  return config_error_of([&] { rendered(text); });
}

TEST(Template, KeepsLiteralTextAsItIs) {
  EXPECT_EQ(rendered("plain { text } with }} and %} and #}\n"),
            "plain { text } with }} and %} and #}\n");
  EXPECT_EQ(rendered(""), "");
  EXPECT_EQ(rendered("a\r\nb\rc\n\n"), "a\nb\nc\n\n");
}

TEST(Template, WritesFieldsIndicesAndNestedFields) {
  EXPECT_EQ(rendered("Q: {{question}}\nA: {{ endings[1] }}{{endings.0}}{{ endings[-1] }}"),
            "Q: Why?\nA: twoonethree");
  EXPECT_EQ(rendered("{{ nested[1].a.b }}/{{nested.0.1}}/{{ choices['label'][0] }}"), "deep/2/A");
  EXPECT_EQ(rendered("{{\n question\n}}"), "Why?");
}

TEST(Template, WritesValuesAsPythonDoes) {
  EXPECT_EQ(rendered("{{label}} {{ratio}} {{yes}} {{nothing}}"), "2 0.1 True None");
  EXPECT_EQ(rendered("{{choices.text}}"), "['red', \"it's\"]");
  EXPECT_EQ(rendered("{{choices}}"),
            "{'items': 5, 'label': ['A', 'B'], 'text': ['red', \"it's\"]}");
}

TEST(Template, GivesTheValueOfASingleExpression) {
  EXPECT_EQ(Template::parse("{{choices.text}}", "t").value(kDocument), json({"red", "it's"}));
  EXPECT_EQ(Template::parse("{{ label }}", "t").value(kDocument), json(2));
  EXPECT_EQ(Template::parse(" {{label}}", "t").value(kDocument), json(" 2"));
  EXPECT_TRUE(Template::parse("text", "t").is_literal());
  EXPECT_FALSE(Template::parse("a {{label}}", "t").is_literal());
}

TEST(Template, NamesWhatIsNotDefinedAndWhatIs) {
  EXPECT_THAT(render_error("{{qestion}}"), AllOf(HasSubstr("task.yaml:3: 'qestion' is not defined"),
                                                 HasSubstr("choices, endings, label, nested")));
  EXPECT_THAT(render_error("{{choices.txt}}"),
              AllOf(HasSubstr("'choices.txt' is not defined"), HasSubstr("items, label, text")));
  EXPECT_THAT(render_error("{{endings[3]}}"),
              AllOf(HasSubstr("'endings[3]'"), HasSubstr("a list of 3")));
  EXPECT_THAT(render_error("{{endings[-4]}}"), HasSubstr("'endings[-4]'"));
  EXPECT_THAT(render_error("{{question.text}}"), HasSubstr("'question' is a string"));
  EXPECT_THAT(render_error("{{choices[0]}}"), HasSubstr("'choices' is an object"));
  EXPECT_THAT(render_error("{{choices.items}}"), HasSubstr("write choices['items']"));
  EXPECT_EQ(rendered("{{choices['items']}}"), "5");
  EXPECT_THAT(config_error_of([] { rendered("{{a}}", json(1)); }), HasSubstr("not an object"));
}

TEST(Template, WritesNothingForAnInlineIfWithoutElse) {
  EXPECT_EQ(rendered("a{{ 'x' if false }}b"), "ab");
  EXPECT_EQ(rendered("{{ 'x' if yes }}{{ ('x' if not yes) | upper }}"), "x");
  EXPECT_THAT(render_error("{{ ('x' if false).y }}"), HasSubstr("inline if of line 1"));
}

TEST(Template, RefusesWhatItDoesNotKnowByNameAndPlace) {
  EXPECT_THAT(parse_error("a\nb {% include 'x' %}"),
              AllOf(HasSubstr("task.yaml:3 (line 2 of the template)"), HasSubstr("include")));
  EXPECT_THAT(parse_error("{% extends 'x' %}"), HasSubstr("a template stands alone here"));
  EXPECT_THAT(parse_error("{% block a %}b{% endblock %}"), HasSubstr("without the tag"));
  EXPECT_THAT(parse_error("{% autoescape true %}b{% endautoescape %}"),
              HasSubstr("the filter 'escape'"));
  EXPECT_THAT(parse_error("{% frobnicate %}"), HasSubstr("'frobnicate' is not a tag"));
  EXPECT_THAT(parse_error("{{ a | frobnicate }}"), HasSubstr("no filter named 'frobnicate'"));
  EXPECT_THAT(parse_error("{{ a | random }}"), HasSubstr("the filter 'random' is not supported"));
  EXPECT_THAT(parse_error("{{ a is frobnicated }}"), HasSubstr("no test named 'frobnicated'"));
  // As in jinja2, an unknown filter matters only once it is reached inside of an if.
  EXPECT_EQ(rendered("{% if false %}{{ a | frobnicate }}{% endif %}b"), "b");
  EXPECT_THAT(render_error("\n{% if true %}{{ yes | frobnicate }}{% endif %}"),
              AllOf(HasSubstr("line 2"), HasSubstr("no filter named 'frobnicate'")));
  EXPECT_THAT(render_error("{{ question.encode() }}"), HasSubstr("'encode' of texts"));
  EXPECT_THAT(render_error("{{ lipsum() }}"), HasSubstr("lipsum"));
  // What transformers adds is not there for tasks.
  EXPECT_THAT(parse_error("{% for a in b %}{% break %}{% endfor %}"), HasSubstr("'break'"));
  EXPECT_THAT(render_error("{{ raise_exception('no') }}"), HasSubstr("'raise_exception'"));
}

TEST(Template, RefusesMalformedTemplates) {
  EXPECT_THAT(parse_error("text\n{{ a"), AllOf(HasSubstr("line 2"), HasSubstr("no closing '}}'")));
  EXPECT_THAT(parse_error("text\n{% if a"),
              AllOf(HasSubstr("line 2"), HasSubstr("no closing '%}'")));
  EXPECT_THAT(parse_error("{# note"), HasSubstr("no closing '#}'"));
  EXPECT_THAT(parse_error("{% raw %}{{ a }}"), HasSubstr("{% raw %} has no {% endraw %}"));
  EXPECT_THAT(parse_error("{% if a %}b"), HasSubstr("ends before {% endif %}"));
  EXPECT_THAT(parse_error("{% for a in b %}{% endif %}"),
              AllOf(HasSubstr("'endif' is not a tag"), HasSubstr("{% endfor %}")));
  EXPECT_THAT(parse_error("{{ }}"), HasSubstr("empty"));
  EXPECT_THAT(parse_error("{{ a. }}"), HasSubstr("lacks the name"));
  EXPECT_THAT(parse_error("{{ a['b }}"), HasSubstr("no closing '"));
  EXPECT_THAT(parse_error("{{ a[0 }}"), HasSubstr("'}' stands where ']' should"));
  EXPECT_THAT(parse_error("{{ a b }}"), HasSubstr("'b' stands where '}}' or an operator should"));
  EXPECT_THAT(parse_error("{{ a ? b }}"), HasSubstr("'?' means nothing"));
  EXPECT_THAT(parse_error("{{ 9" + std::string(60, '9') + " }}"), HasSubstr("too large"));
  EXPECT_THAT(parse_error("{{ '\\ud800' }}"), HasSubstr("an escape"));
  EXPECT_THAT(parse_error("{{ '\\N{BULLET}' }}"), HasSubstr("\\N{...}"));
  EXPECT_THAT(parse_error("\xff"), HasSubstr("not UTF-8"));
  EXPECT_THAT(parse_error("{% set true = 1 %}"), HasSubstr("'true' is a constant"));
}

TEST(Template, RefusesWhatGoesTooDeep) {
  const std::string open(100'000, '(');
  const std::string close(100'000, ')');
  EXPECT_THAT(parse_error("{{ " + open + "a" + close + " }}"), HasSubstr("levels deep"));
  std::string deep = "{{ a";
  std::string negated = "{{ ";
  std::string blocks;
  for (int i = 0; i < 100'000; ++i) {
    deep += ".a";
    negated += "not ";
    blocks += "{% if a %}";
  }
  EXPECT_THAT(parse_error(deep + " }}"), HasSubstr("levels deep"));
  EXPECT_THAT(parse_error(negated + "a }}"), HasSubstr("too many 'not'"));
  EXPECT_THAT(parse_error(blocks), HasSubstr("levels deep"));
}

TEST(Template, EndsTemplatesThatWouldNot) {
  EXPECT_THAT(render_error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
              HasSubstr("levels deep"));
  EXPECT_THAT(render_error("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}"
                           "{% endfor %}"),
              HasSubstr("too many steps"));
  EXPECT_THAT(render_error("{{ 'a' * 99999999999999 }}"), HasSubstr("too many steps"));
  EXPECT_THAT(render_error("{% set n = namespace(s='a') %}{% for a in range(99) %}"
                           "{% set n.s = n.s + n.s %}{% endfor %}"),
              HasSubstr("too many steps"));
  EXPECT_THAT(render_error("{% set n = namespace(s=[1]) %}{% for a in range(99) %}"
                           "{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}"),
              HasSubstr("too many steps"));
  EXPECT_THAT(render_error("{% set n = namespace(s=[1]) %}{% for a in range(99999) %}"
                           "{% set n.s = [n.s] %}{% endfor %}{{ n.s }}"),
              HasSubstr("levels deep"));
  EXPECT_THAT(render_error("{% set n = namespace(s=[1]) %}{% for a in range(9999) %}"
                           "{% set n.s = n.s|map('int') %}{% endfor %}{{ n.s|list }}"),
              HasSubstr("levels deep"));
  // A list that holds itself.
  EXPECT_THAT(render_error("{% set a = [] %}{% set b = a.append(a) %}{{ a }}"),
              HasSubstr("levels deep"));
}

TEST(Template, CountsTheTextThatIsRead) {
  const json document{{"big", std::string(10'000'000, 'a')}, {"list", {1}}};
  const auto looped = [&](const std::string& body) {
    const auto start = std::chrono::steady_clock::now();
    const std::string error = config_error_of(
        [&] { rendered("{% for i in range(2000) %}" + body + "{% endfor %}", document); });
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10)) << body;
    return error;
  };
  for (const char* body : {"{% if big is upper %}{% endif %}",
                           "{% if big|length == 1 %}{% endif %}",
                           "{% if 'b' in big %}{% endif %}",
                           "{% if (big ~ i) == (big ~ i) %}{% endif %}",
                           "{% if big < big %}{% endif %}",
                           "{% if big == big %}{% endif %}",
                           "{% if big in [big] %}{% endif %}",
                           "{% if big is sameas big %}{% endif %}",
                           "{% set x = {big: i} %}",
                           "{% set x = {1: 2}.get(big) %}",
                           "{% set x = {1: 2}[big] %}",
                           "{% set x = list|attr(big) %}",
                           "{% if big.isalpha() %}{% endif %}",
                           "{% if 'a'.find(big) == 0 %}{% endif %}",
                           "{% set x = 'a'|replace(big, '') %}",
                           "{% set x = big|first %}",
                           "{% set x = big[0] %}",
                           "{% set x = big[:1] %}",
                           "{% set x = '%s' % big %}",
                           "{% set x = big % () %}"}) {
    EXPECT_THAT(looped(body), HasSubstr("too many steps")) << body;
  }
}

TEST(Template, BoundsTheTextThatIsKept) {
  const json document{{"big", std::string(1'000'000, '<')}};
  EXPECT_THAT(config_error_of([&] {
                rendered(
                    "{% set n = namespace(l=[]) %}{% for i in range(1000) %}"
                    "{% set n.l = n.l + [big|escape] %}{% endfor %}",
                    document);
              }),
              HasSubstr("makes too much text"));
}

TEST(Template, CountsLongRangesAsTheyAreGoneThrough) {
  EXPECT_EQ(rendered("{{ range(10**12)|length }}{{ range(200000)|last }}"), "1000000000000199999");
  EXPECT_THAT(render_error("{{ range(10**12)|list }}"), HasSubstr("too many steps"));
  EXPECT_THAT(render_error("{{ range(10**12)|sum }}"), HasSubstr("too many steps"));
}

/// With the settings of transformers, at a fixed time.
std::string chat(const std::string& text, const std::string& context = "{}") {
  const auto clock = [] {
    std::tm time{};
    time.tm_year = 124;
    time.tm_mon = 6;
    time.tm_mday = 26;
    return time;
  };
  return Template::parse(text, "chat", kChatSettings)
      .render(nlohmann::ordered_json::parse(context), clock);
}

TEST(ChatSettings, TrimLinesAroundBlocks) {
  EXPECT_EQ(chat("a\n  {% if true %}\n  b\n  {% endif %}\nc\n"), "a\n  b\nc");
  EXPECT_EQ(chat("a\n  {%+ if true %}b{% endif +%}\nc\n\n"), "a\n  b\nc\n");
  EXPECT_EQ(chat("a\n  {# note #}\nb"), "a\nb");
  // For tasks every character stays.
  EXPECT_EQ(rendered("a\n  {% if true %}\nb{% endif %}\n"), "a\n  \nb\n");
}

TEST(ChatSettings, KeepTheOrderOfKeysAndWriteJsonAsPython) {
  EXPECT_EQ(chat("{{ a|tojson }}", R"({"a": {"z": 1, "b": [1.0, null, "é\u007f"]}})"),
            "{\"z\": 1, \"b\": [1.0, null, \"é\x7f\"]}");
  EXPECT_EQ(chat("{{ a|tojson(indent=2, sort_keys=true) }}", R"({"a": {"z": [], "b": [1]}})"),
            "{\n  \"b\": [\n    1\n  ],\n  \"z\": []\n}");
  EXPECT_EQ(chat("{{ a|tojson(ensure_ascii=true, separators=(',', ':')) }}",
                 R"({"a": ["é🙂\u007f", 1]})"),
            "[\"\\u00e9\\ud83d\\ude42\\u007f\",1]");
  EXPECT_EQ(rendered("{{ choices.text|tojson }}"), R"(["red", "it\u0027s"])");
}

TEST(ChatSettings, KnowTheFunctionsOfTransformers) {
  EXPECT_EQ(chat("{{ strftime_now('%d %b %Y') }}"), "26 Jul 2024");
  EXPECT_EQ(chat("{% generation %}{% set a = 1 %}x{% endgeneration %}{{ a is defined }}"),
            "xFalse");
  EXPECT_EQ(chat("{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}"
                 "{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}"),
            "023");
  try {
    chat("\n{{ raise_exception('Roles must alternate') }}");
    FAIL();
  } catch (const RefusedByTemplate& refusal) {
    EXPECT_EQ(refusal.message(), "Roles must alternate");
    EXPECT_STREQ(refusal.what(), "chat: the template refuses this: Roles must alternate");
  }
  EXPECT_EQ(chat("{{ a.b }}|{{ c }}", R"({"a": {}})"), "|");
  EXPECT_THAT(config_error_of([] { chat("{{ a.b.c }}", R"({"a": {}})"); }),
              HasSubstr("'dict object' has no attribute 'b'"));
}

TEST(ChatSettings, BoundRangesAsTheSandboxDoes) {
  EXPECT_EQ(chat("{{ range(100000)|length }}"), "100000");
  EXPECT_THAT(config_error_of([] { chat("{{ range(100001) }}"); }),
              HasSubstr("a range of 100001 is longer than 100000"));
}

TEST(ChatSettings, ForbidChangingTheConversation) {
  EXPECT_THAT(config_error_of([] { chat("{{ a.append(1) }}", R"({"a": []})"); }),
              HasSubstr("access to attribute 'append' of 'list' object is unsafe"));
  EXPECT_EQ(rendered("{% set l = [1] %}{% set x = l.append(2) %}{{ l }}"), "[1, 2]");
}

TEST(Template, ReplacesWithRegularExpressionsAsPythonDoes) {
  EXPECT_EQ(rendered(R"x({{ "a1b22"|regex_replace("[0-9]+", "<\\g<0>>") }})x"), "a<1>b<22>");
  EXPECT_EQ(
      rendered(R"x({{ "John Smith"|regex_replace("(?P<f>\\w+) (\\w+)", "\\2 \\g<f>\\n") }})x"),
      "Smith John\n");
  EXPECT_EQ(rendered(R"x({{ "aXbX"|regex_replace("X", "", count=1) }})x"), "abX");
  EXPECT_EQ(rendered(R"x({{ "abc"|regex_replace("x*", "-") }})x"), "-a-b-c-");
  EXPECT_THAT(render_error(R"x({{ "a"|regex_replace("(", "") }})x"), HasSubstr("malformed"));
  EXPECT_THAT(render_error(R"x({{ "a"|regex_replace("a", "\\1") }})x"), HasSubstr("group"));
  EXPECT_THAT(render_error("{{ ('a' * 40)|regex_replace('(a|aa)+[bc]', '') }}"),
              HasSubstr("regex_replace"));
}

TEST(Template, GivesListsThatFiltersMake) {
  EXPECT_EQ(Template::parse("{{ choices.text|map('upper')|list }}", "t").value(kDocument),
            json({"RED", "IT'S"}));
  EXPECT_EQ(Template::parse("{{ choices.label.index('B') }}", "t").value(kDocument), json(1));
  EXPECT_EQ(Template::parse("{{ (1, endings[:2]) }}", "t").value(kDocument),
            json::parse(R"([1, ["one", "two"]])"));
  EXPECT_EQ(Template::parse("{{ {1: 2} }}", "t").value(kDocument), json("{1: 2}"));
}

TEST(PythonLiteral, WritesFloatsAsRepr) {
  EXPECT_EQ(python_str(1.0), "1.0");
  EXPECT_EQ(python_str(1e16), "1e+16");
  EXPECT_EQ(python_str(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(python_str(1e-5), "1e-05");
  EXPECT_EQ(python_str(0.0001), "0.0001");
  EXPECT_EQ(python_str(-0.0), "-0.0");
  EXPECT_EQ(python_str(json::parse("18446744073709551615")), "18446744073709551615");
}

TEST(PythonLiteral, EscapesStringsAsRepr) {
  EXPECT_EQ(python_repr("a\n\t\\\x01\x7f"), R"('a\n\t\\\x01\x7f')");
  EXPECT_EQ(python_repr("'\""), R"('\'"')");
  EXPECT_EQ(python_repr("\u00a0\u200b\u00e9\U000e0001"), "'\\xa0\\u200b\u00e9\\U000e0001'");
}

TEST(PythonLiteral, ReadsWhatLiteralEvalReads) {
  EXPECT_EQ(parse_python_literal(" ['a', \"b\" 'c', -1, 2.5e3, True, None, (1, 2), {'k': []}] "),
            json::parse(R"(["a", "bc", -1, 2500.0, true, null, [1, 2], {"k": []}])"));
  EXPECT_EQ(parse_python_literal(R"('\x41\u00e9\101\'\q')"), json("A\u00e9A'\\q"));
  EXPECT_EQ(parse_python_literal("(3)"), json(3));
  EXPECT_EQ(parse_python_literal("[1,]"), json::parse("[1]"));
  for (const char* bad : {"", "[", "[1", "[1 2]", "[,]", "name", "007", "'open", "[a]", "1 + 1",
                          "{1: 2}", "99999999999999999999", "'\\ud800'", "--1", "1e", "."}) {
    EXPECT_EQ(parse_python_literal(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_python_literal(std::string(100'000, '[')), std::nullopt);
}

TEST(PythonLiteral, TurnsDigitsAndListsIntoValuesAsLmEvalDoes) {
  EXPECT_EQ(literal_or_text("3"), json(3));
  EXPECT_EQ(literal_or_text("['a', 'b']"), json({"a", "b"}));
  EXPECT_EQ(literal_or_text("[a, b]"), json("[a, b]"));
  EXPECT_EQ(literal_or_text("-3"), json("-3"));
  EXPECT_EQ(literal_or_text(" 3"), json(" 3"));
  EXPECT_EQ(literal_or_text("2.5"), json("2.5"));
  EXPECT_EQ(literal_or_text(""), json(""));
}

/// Random documents and templates of every supported kind, rendered by jinja2 and by us.
class Generator {
 public:
  json value(int depth) {
    switch (random_.below(depth > 2 ? 6 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return random_.below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(random_()) >> random_.below(64);
      case 3:
        return (random_.uniform() - 0.5) * std::pow(10.0, double(random_.below(44)) - 22);
      case 4:
      case 5:
        return text();
      case 6: {
        json list = json::array();
        for (auto n = random_.below(4); n > 0; --n) list.push_back(value(depth + 1));
        return list;
      }
      default: {
        json object = json::object();
        for (auto n = random_.below(4); n > 0; --n) object[name()] = value(depth + 1);
        return object;
      }
    }
  }

  /// A template that only names what `document` has.
  std::string source(const json& document) {
    std::string result;
    for (auto n = 1 + random_.below(4); n > 0; --n) {
      result += text() + "{{" + (random_.below(2) ? " " : "") + path(document) + " }}";
    }
    return result + text();
  }

 private:
  std::string name() { return "f" + std::to_string(random_.below(20)); }

  std::string text() {
    static const std::vector<std::string> kParts{
        "a",          "B7",   " ", "'", "\"",   "\\",     "\n",     "\t",     "}",
        "%}",         "\r",   "_", "é", "ß",    "漢",     "\u200b", "\u00a0", "\u2028",
        "\U0001f642", "\x01", "{", ".", "\r\n", "\u0301", "[1]"};
    std::string result;
    for (auto n = random_.below(6); n > 0; --n) {
      const std::string& part = kParts[random_.below(kParts.size())];
      // Two braces in a row would open a tag.
      if (result.ends_with('{')) result += ' ';
      result += part;
    }
    if (result.ends_with('{')) result += ' ';
    return result;
  }

  std::string path(const json& document) {
    std::string result;
    const json* at = &document;
    do {
      if (at->is_object() && !at->empty()) {
        auto member = at->begin();
        std::advance(member, static_cast<std::ptrdiff_t>(random_.below(at->size())));
        const bool quoted = !result.empty() && random_.below(3) == 0;
        result += quoted ? "['" + member.key() + "']" : (result.empty() ? "" : ".") + member.key();
        at = &*member;
      } else if (at->is_array() && !at->empty()) {
        const auto index = random_.below(at->size());
        switch (random_.below(3)) {
          case 0:
            result += "." + std::to_string(index);
            break;
          case 1:
            result += "[" + std::to_string(index) + "]";
            break;
          default:
            result += "[-" + std::to_string(at->size() - index) + "]";
        }
        at = &(*at)[index];
      }
    } while ((at->is_object() || at->is_array()) && !at->empty() && random_.below(4) != 0);
    return result;
  }

  SplitMix64 random_{20240131};
};

constexpr const char* kOracle = R"(
import json, sys
from jinja2 import Environment, BaseLoader, StrictUndefined
env = Environment(loader=BaseLoader(), undefined=StrictUndefined, keep_trailing_newline=True)
for case in json.load(open(sys.argv[1])):
    print(json.dumps(env.from_string(case["template"]).render(**case["document"])))
)";

TEST(Template, RendersAsJinja2Does) {
  if (std::system("/usr/bin/python3 -c 'import jinja2' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3-jinja2 is not installed";
  }
  Generator generator;
  json cases = json::array();
  for (int i = 0; i < 500; ++i) {
    json document = json::object();
    for (int field = 0; field < 4; ++field) {
      document["f" + std::to_string(field)] = generator.value(0);
    }
    cases.push_back({{"template", generator.source(document)}, {"document", document}});
  }
  const std::filesystem::path folder = testing::TempDir();
  const auto inputs = folder / "allometer_template_cases.json";
  const auto script = folder / "allometer_template_oracle.py";
  std::ofstream(inputs) << cases.dump();
  std::ofstream(script) << kOracle;
  FILE* pipe = popen(("/usr/bin/python3 " + script.string() + " " + inputs.string()).c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  char buffer[4096];
  while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, n);
  ASSERT_EQ(pclose(pipe), 0);
  std::size_t begin = 0;
  for (const json& one : cases) {
    const std::size_t end = output.find('\n', begin);
    ASSERT_NE(end, std::string::npos) << "jinja2 gave fewer results than there are templates";
    const std::string expected = json::parse(output.substr(begin, end - begin));
    begin = end + 1;
    const std::string source = one["template"];
    ASSERT_EQ(Template::parse(source, "t").render(one["document"]), expected) << one.dump(1);
  }
}

}  // namespace
}  // namespace allometer::jinja
