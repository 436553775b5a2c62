#include "template/parser.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "template/parse_expression.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

using Kind = Token::Kind;

/// Rendering recurses over blocks inside of blocks.
constexpr int kDeepestNesting = 100;

/// Tags that jinja2 has and we have not, each with what to say about it.
struct OtherTag {
  std::string_view name;
  std::string_view reason;
};
constexpr std::string_view kStandsAlone = "a template stands alone here";
constexpr std::array<OtherTag, 6> kOtherTags{
    {{"extends", kStandsAlone},
     {"include", kStandsAlone},
     {"import", kStandsAlone},
     {"from", kStandsAlone},
     {"block", "no other template can fill it; write its content without the tag"},
     {"autoescape", "write the filter 'escape' where text is to be escaped"}}};

class Parser {
 public:
  Parser(std::string_view text, const Settings& settings, const std::string& where)
      : settings_(settings),
        tokens_(tokenize(text, settings, where), where),
        expressions_(tokens_, settings) {}

  Nodes run() { return parse_body({}); }

 private:
  /// Up to a block that begins with one of `ends`, whose `{%` is read but not its name. No `ends`:
  /// up to the end of the template.
  Nodes parse_body(const std::vector<std::string_view>& ends) {
    const int first_line = tokens_.peek().line;
    Nodes nodes;
    while (true) {
      const Token& token = tokens_.next();
      switch (token.kind) {
        case Kind::end:
          if (!ends.empty()) {
            tokens_.fail(fmt::format("the template ends before {{% {} %}}", ends.back()),
                         first_line);
          }
          return nodes;
        case Kind::text:
          nodes.push_back({Text{token.text}, token.line});
          break;
        case Kind::output_begin:
          nodes.push_back(parse_output(token.line));
          break;
        default:
          if (tokens_.at(Kind::name) &&
              std::find(ends.begin(), ends.end(), tokens_.peek().text) != ends.end()) {
            return nodes;
          }
          nodes.push_back(parse_statement(token.line, ends));
          expect_block_end();
      }
    }
  }

  Node parse_output(int line) {
    if (tokens_.at(Kind::output_end)) tokens_.fail("'{{ }}' is empty");
    Expression expression = expressions_.parse_tuple();
    if (!tokens_.at(Kind::output_end)) fail_after_expression("}}");
    expressions_.refuse_unknown();
    tokens_.next();
    return {Output{std::move(expression)}, line};
  }

  void expect_block_end() {
    if (!tokens_.at(Kind::block_end)) fail_after_expression("%}");
    expressions_.refuse_unknown();
    tokens_.next();
  }

  [[noreturn]] void fail_after_expression(std::string_view closing) {
    tokens_.fail_unexpected(fmt::format("'{}' or an operator", closing));
  }

  Node parse_statement(int line, const std::vector<std::string_view>& ends) {
    const std::string name = tokens_.expect_any_name();
    if (++nesting_ > kDeepestNesting) {
      tokens_.fail(fmt::format("blocks go more than {} levels deep", kDeepestNesting));
    }
    Node node = parse_tag(name, ends);
    node.line = line;
    --nesting_;
    return node;
  }

  Node parse_tag(const std::string& name, const std::vector<std::string_view>& ends) {
    if (name == "if") return parse_if();
    if (name == "for") return parse_for();
    if (name == "set") return parse_set();
    if (name == "with") return parse_with();
    if (name == "macro") return parse_macro();
    if (name == "call") return parse_call_block();
    if (name == "filter") return parse_filter_block();
    if (name == "print") return {Output{expressions_.parse_tuple()}};
    if (settings_.for_chat && name == "generation") return parse_generation();
    if (settings_.for_chat && (name == "break" || name == "continue")) return parse_jump(name);
    for (const auto& [other, reason] : kOtherTags) {
      if (name == other) {
        tokens_.fail(fmt::format("'{{% {} %}}' is not supported: {}", name, reason));
      }
    }
    std::string wanted;
    if (!ends.empty()) wanted = fmt::format("; this block still needs {{% {} %}}", ends.back());
    tokens_.fail(fmt::format("'{}' is not a tag{}", name, wanted));
  }

  /// The body of a block that ends with `end`, whose tag is read up to its `%}`.
  Nodes parse_body_until(std::string_view end) {
    expect_block_end();
    Nodes body = parse_body({end});
    tokens_.next();
    return body;
  }

  /// A body with a scope of its own, where jinja2 looks for filters at once.
  Nodes parse_scope_until(std::string_view end) {
    const Strict strict(expressions_);
    return parse_body_until(end);
  }

  Node parse_if() {
    const bool was_lenient = expressions_.is_lenient;
    expressions_.is_lenient = true;
    If branches;
    std::string tag;
    do {
      Expression condition = expressions_.parse_tuple(false);
      expect_block_end();
      Nodes body = parse_body({"elif", "else", "endif"});
      branches.branches.emplace_back(std::move(condition), std::move(body));
      tag = tokens_.next().text;
    } while (tag == "elif");
    if (tag == "else") branches.otherwise = parse_body_until("endif");
    expressions_.is_lenient = was_lenient;
    return {std::move(branches)};
  }

  Node parse_for() {
    For loop;
    loop.target = expressions_.parse_target(false, "in");
    if (names(loop.target, "loop")) tokens_.fail("'loop' is the loop's own variable");
    tokens_.expect_name("in");
    loop.iterable = expressions_.parse_tuple(false, "recursive");
    if (tokens_.take_name("if")) loop.condition = expressions_.parse();
    loop.is_recursive = tokens_.take_name("recursive");
    const Strict strict(expressions_);
    ++loops_;
    expect_block_end();
    loop.body = parse_body({"else", "endfor"});
    --loops_;
    if (tokens_.next().text == "else") loop.otherwise = parse_body_until("endfor");
    return {std::move(loop)};
  }

  static bool names(const Target& target, std::string_view name) {
    return target.name == name ||
           std::any_of(target.targets.begin(), target.targets.end(),
                       [&](const Target& part) { return names(part, name); });
  }

  Node parse_set() {
    Target target = expressions_.parse_target(true);
    if (loops_ > 0 && names(target, "loop") && target.attribute.empty()) {
      tokens_.fail("'loop' is the loop's own variable");
    }
    if (tokens_.take_symbol("=")) return {Set{std::move(target), expressions_.parse_tuple()}};
    std::optional<Expression> filters = expressions_.parse_filters(false);
    const Strict strict(expressions_);
    return {SetBlock{std::move(target), std::move(filters), parse_body_until("endset")}};
  }

  Node parse_with() {
    With with;
    while (!tokens_.at(Kind::block_end)) {
      if (!with.variables.empty()) tokens_.expect_symbol(",");
      // A comma would end a variable here, so that a target is one name or stands in parentheses.
      Target target;
      target.line = tokens_.peek().line;
      target.name = tokens_.expect_any_name();
      tokens_.expect_symbol("=");
      with.variables.emplace_back(std::move(target), expressions_.parse());
    }
    with.body = parse_scope_until("endwith");
    return {std::move(with)};
  }

  /// Filters are looked for at once again, and loops outside cannot be left.
  std::vector<Parameter> parse_parameters() {
    std::vector<Parameter> parameters;
    tokens_.expect_symbol("(");
    while (!tokens_.at_symbol(")")) {
      if (!parameters.empty()) tokens_.expect_symbol(",");
      Parameter parameter{tokens_.expect_any_name(), std::nullopt};
      if (tokens_.take_symbol("=")) {
        parameter.standard = expressions_.parse();
      } else if (!parameters.empty() && parameters.back().standard) {
        tokens_.fail("a parameter without a default follows one with a default");
      }
      parameters.push_back(std::move(parameter));
    }
    tokens_.expect_symbol(")");
    return parameters;
  }

  /// The body of a macro, with what it reads of the arguments that have no parameter.
  void parse_macro_body(MacroDefinition& definition, std::string_view end) {
    const int loops = std::exchange(loops_, 0);
    const std::size_t begin = tokens_.position();
    definition.body = parse_body_until(end);
    loops_ = loops;
    const auto reads = [&](std::string_view name) {
      const auto is_parameter = [&](const Parameter& parameter) { return parameter.name == name; };
      return std::none_of(definition.parameters.begin(), definition.parameters.end(),
                          is_parameter) &&
             tokens_.reads_variable(name, begin);
    };
    definition.reads_caller = reads("caller");
    definition.reads_kwargs = reads("kwargs");
    definition.reads_varargs = reads("varargs");
  }

  Node parse_macro() {
    MacroDefinition definition;
    definition.name = tokens_.expect_any_name();
    const Strict strict(expressions_);
    definition.parameters = parse_parameters();
    parse_macro_body(definition, "endmacro");
    return {Macro{std::move(definition)}};
  }

  Node parse_call_block() {
    CallBlock block;
    block.caller.name = "caller";
    if (tokens_.at_symbol("(")) block.caller.parameters = parse_parameters();
    block.call = expressions_.parse();
    if (!std::holds_alternative<Call>(block.call.node)) {
      tokens_.fail("{% call %} needs the call of a macro", block.call.line);
    }
    const Strict strict(expressions_);
    parse_macro_body(block.caller, "endcall");
    return {std::move(block)};
  }

  Node parse_filter_block() {
    Expression filters = *expressions_.parse_filters(true);
    return {FilterBlock{std::move(filters), parse_scope_until("endfilter")}};
  }

  Node parse_generation() {
    const int loops = std::exchange(loops_, 0);
    Nodes body = parse_scope_until("endgeneration");
    loops_ = loops;
    return {Generation{std::move(body)}};
  }

  Node parse_jump(const std::string& name) {
    if (loops_ == 0) tokens_.fail(fmt::format("'{{% {} %}}' stands outside of a loop", name));
    if (name == "break") return {Break{}};
    return {Continue{}};
  }

  /// While it lives unknown filters are refused at once.
  class Strict {
   public:
    explicit Strict(ExpressionParser& parser)
        : parser_(parser), was_lenient_(std::exchange(parser.is_lenient, false)) {}
    ~Strict() { parser_.is_lenient = was_lenient_; }
    Strict(const Strict&) = delete;
    Strict& operator=(const Strict&) = delete;

   private:
    ExpressionParser& parser_;
    bool was_lenient_;
  };

  const Settings& settings_;
  TokenReader tokens_;
  ExpressionParser expressions_;
  int nesting_ = 0;
  int loops_ = 0;  ///< loops around that `break` can leave
};

constexpr std::size_t kLongestSource = 60;

std::string short_source(std::string text) {
  return text.size() > kLongestSource ? "..." : text;
}

}  // namespace

Nodes parse_nodes(std::string_view text, const Settings& settings, const std::string& where) {
  return Parser(text, settings, where).run();
}

std::string source_of(const Expression& expression) {
  if (expression.depth > 20) return "...";
  if (const auto* name = std::get_if<Name>(&expression.node)) return name->name;
  if (const auto* attribute = std::get_if<Attribute>(&expression.node)) {
    return source_of(*attribute->object) + "." + attribute->name;
  }
  if (const auto* item = std::get_if<Item>(&expression.node)) {
    return source_of(*item->object) + "[" + source_of(*item->index) + "]";
  }
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    Heap heap(1000);
    return short_source(repr_of(literal->value, heap));
  }
  if (const auto* filter = std::get_if<Filter>(&expression.node); filter && filter->input) {
    return source_of(*filter->input) + "|" + filter->name;
  }
  if (const auto* call = std::get_if<Call>(&expression.node)) {
    return source_of(*call->function) + "(...)";
  }
  if (const auto* unary = std::get_if<Unary>(&expression.node); unary && unary->symbol == "-") {
    return "-" + source_of(*unary->operand);
  }
  return "...";
}

}  // namespace allometer::jinja
