#include "template/format_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>

#include "template/number.hpp"
#include "template/python_text.hpp"
#include "template/renderer.hpp"
#include "template/value_text.hpp"

namespace allometer::jinja {
namespace {

/// Wider and more precise output has no use and could fill memory.
constexpr std::int64_t kWidest = 1'000'000;
constexpr std::int64_t kMostPrecise = 1000;

/// How one value is to be written, in either notation.
struct Layout {
  char32_t fill = ' ';
  char align = '\0';  ///< < > ^ =, or none: numbers to the right, text to the left
  char sign = '-';    ///< '-' only for negative numbers, '+' or ' ' before others
  bool is_alternate = false;
  std::int64_t width = 0;
  std::optional<std::int64_t> precision;
  char grouping = '\0';
  char type = '\0';
};

__extension__ using UnsignedInt = unsigned __int128;

/// Digits of a number, apart from its sign and prefix.
struct Number {
  std::string sign;
  std::string digits;
};

std::string printed(const char* format, int precision, double value) {
  const int length = std::snprintf(nullptr, 0, format, precision, value);
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  std::snprintf(text.data(), text.size(), format, precision, value);
  text.pop_back();
  return text;
}

std::string sign_of(bool is_negative, char sign) {
  if (is_negative) return "-";
  return sign == '-' ? "" : std::string(1, sign);
}

/// "1234567.5" → "1,234,567.5"
std::string grouped(std::string digits, char separator, std::size_t size) {
  if (separator == '\0') return digits;
  std::size_t end = 0;
  while (end < digits.size() && std::isxdigit(static_cast<unsigned char>(digits[end])) != 0) ++end;
  while (end > size) {
    end -= size;
    digits.insert(end, 1, separator);
  }
  return digits;
}

Number float_digits(double value, const Layout& layout) {
  Number number{sign_of(std::signbit(value) && !std::isnan(value), layout.sign), ""};
  const double size = std::abs(value);
  const char type = layout.type == 'n' ? 'g' : layout.type;
  if (type == '\0' && !layout.precision) {
    number.digits = repr_of_float(size);
  } else if (!std::isfinite(size)) {
    number.digits = std::isnan(size) ? "nan" : "inf";
    if (type == 'F' || type == 'E' || type == 'G') {
      std::transform(number.digits.begin(), number.digits.end(), number.digits.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    }
  } else {
    const char conversion = type == '%' ? 'f' : type == '\0' ? 'g' : type;
    const std::string format = fmt::format("%{}.*{}", layout.is_alternate ? "#" : "", conversion);
    const auto precision = static_cast<int>(layout.precision.value_or(6));
    number.digits = printed(format.c_str(), precision, type == '%' ? size * 100 : size);
    if (type == '\0' && number.digits.find_first_of(".e") == std::string::npos)
      number.digits += ".0";
  }
  if (type == '%') number.digits += '%';
  number.digits = grouped(std::move(number.digits), layout.grouping, 3);
  return number;
}

Number integer_digits(Int value, const Layout& layout) {
  const bool is_negative = value < 0;
  const auto size =
      is_negative ? -static_cast<UnsignedInt>(value) : static_cast<UnsignedInt>(value);
  int base = 10;
  std::string prefix;
  switch (layout.type) {
    case 'x':
    case 'X':
      base = 16;
      break;
    case 'o':
      base = 8;
      break;
    case 'b':
      base = 2;
      break;
    default:
      break;
  }
  std::string digits;
  auto rest = size;
  do {
    const auto digit = static_cast<unsigned>(rest % static_cast<unsigned>(base));
    digits += (layout.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[digit];
    rest /= static_cast<unsigned>(base);
  } while (rest != 0);
  std::reverse(digits.begin(), digits.end());
  if (layout.is_alternate && base != 10) prefix = std::string("0") + layout.type;
  return {sign_of(is_negative, layout.sign) + prefix,
          grouped(std::move(digits), layout.grouping, base == 10 ? 3 : 4)};
}

std::string laid_out(const std::string& sign, const std::string& body, const Layout& layout,
                     char standard_align) {
  const char align = layout.align == '\0' ? standard_align : layout.align;
  if (align == '=') {
    const auto sign_width = static_cast<std::int64_t>(sign.size());
    return sign + pad_text(body, layout.width - sign_width, layout.fill, Side::right);
  }
  const std::string text = sign + body;
  if (align != '^') {
    return pad_text(text, layout.width, layout.fill, align == '<' ? Side::left : Side::right);
  }
  // Unlike str.center(), a format gives the odd one to the right.
  const auto length = static_cast<std::int64_t>(num_code_points(text));
  const std::int64_t before = std::max<std::int64_t>(layout.width - length, 0) / 2;
  return pad_text(pad_text(text, length + before, layout.fill, Side::right), layout.width,
                  layout.fill, Side::left);
}

std::string laid_out(const Number& number, const Layout& layout) {
  return laid_out(number.sign, number.digits, layout, '>');
}

std::string first_code_points(const std::string& text, std::optional<std::int64_t> count) {
  if (!count) return text;
  return utf8_of(code_points_of(text).substr(0, static_cast<std::size_t>(*count)));
}

std::string character_of(const Value& value) {
  const auto index = value.as_index();
  if (!index && value.is_string() && num_code_points(value.text()) == 1) return value.text();
  if (!index || *index < 0 || *index > 0x10FFFF || (*index >= 0xD800 && *index < 0xE000)) {
    throw Failure("%c needs one character or its code point");
  }
  std::string text;
  append_utf8(text, static_cast<char32_t>(*index));
  return text;
}

std::int64_t parse_count(std::string_view text, std::size_t& at, std::int64_t most) {
  std::int64_t count = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    count = count * 10 + (text[at] - '0');
    if (count > most) throw Failure(fmt::format("a format asks for more than {} characters", most));
  }
  return count;
}

/// Reads `"%s" % values`.
class PercentFormatter {
 public:
  PercentFormatter(const Value& format, const Value& values, Heap& heap)
      : text_(format.text()), values_(values), heap_(heap) {
    const List* list = values.list();
    if (list != nullptr && list->is_tuple) {
      arguments_ = list->items;
      takes_all_ = true;
    } else {
      arguments_ = {values};
      takes_all_ = values.is_string() || values.is_number() || values.is_none();
    }
  }

  std::string run() {
    std::string out;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t percent = std::min(text_.find('%', at), text_.size());
      out.append(text_, at, percent - at);
      at = percent;
      if (at < text_.size()) {
        ++at;
        const std::string part = parse_conversion(at);
        heap_.spend_bytes(part.size());
        out += part;
      }
    }
    if (takes_all_ && next_ < arguments_.size()) {
      throw Failure("not all arguments of a format are converted by it");
    }
    return out;
  }

 private:
  std::string parse_conversion(std::size_t& at) {
    std::optional<Value> named;
    if (at < text_.size() && text_[at] == '(') named = parse_name(at);
    Layout layout;
    parse_flags(at, layout);
    layout.width = parse_size(at, kWidest);
    if (layout.width < 0) {
      layout.align = '<';
      layout.width = -layout.width;
    }
    if (at < text_.size() && text_[at] == '.') {
      ++at;
      layout.precision = std::max<std::int64_t>(parse_size(at, kMostPrecise), 0);
    }
    while (at < text_.size() && (text_[at] == 'h' || text_[at] == 'l' || text_[at] == 'L')) ++at;
    if (at >= text_.size()) throw Failure("a format ends behind '%'");
    layout.type = text_[at++];
    if (layout.type == '%') return "%";
    return converted(named ? *named : argument(), layout);
  }

  Value parse_name(std::size_t& at) {
    const std::size_t end = text_.find(')', at);
    if (end == std::string::npos) throw Failure("a format lacks a ')'");
    const std::string name = text_.substr(at + 1, end - at - 1);
    at = end + 1;
    const Dict* dict = values_.dict();
    if (dict == nullptr) throw Failure("a format with names needs a dict");
    const Value* found = dict->find_text(name);
    if (found == nullptr) throw Failure("a format names '" + name + "', which is not there");
    return *found;
  }

  void parse_flags(std::size_t& at, Layout& layout) const {
    bool is_zero_filled = false;
    for (; at < text_.size(); ++at) {
      const char flag = text_[at];
      if (flag == '-') {
        layout.align = '<';
      } else if (flag == '+') {
        layout.sign = '+';
      } else if (flag == ' ') {
        if (layout.sign != '+') layout.sign = ' ';
      } else if (flag == '#') {
        layout.is_alternate = true;
      } else if (flag == '0') {
        is_zero_filled = true;
      } else {
        break;
      }
    }
    if (is_zero_filled && layout.align == '\0') layout.align = '=';
  }

  std::int64_t parse_size(std::size_t& at, std::int64_t most) {
    if (at >= text_.size() || text_[at] != '*') return parse_count(text_, at, most);
    ++at;
    const auto size = argument().as_index();
    if (!size) throw Failure("* in a format needs an integer");
    if (*size > most || *size < -most) throw Failure("a format asks for too many characters");
    return static_cast<std::int64_t>(*size);
  }

  Value argument() {
    if (next_ >= arguments_.size()) throw Failure("a format lacks arguments");
    return arguments_[next_++];
  }

  std::string converted(const Value& value, Layout layout) const {
    if (layout.align == '=') layout.fill = '0';
    switch (layout.type) {
      case 's':
        return text(str_of(value, heap_), layout);
      case 'r':
        return text(repr_of(value, heap_), layout);
      case 'c':
        return text(character_of(value), layout);
      case 'd':
      case 'i':
      case 'u':
      case 'x':
      case 'X':
      case 'o':
        return integer(value, layout);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
        if (!value.is_number()) throw Failure("a format needs a number, not a " + type_name(value));
        return laid_out(float_digits(float_of(value), layout), layout);
      default:
        throw Failure(fmt::format("a format has no conversion '{}'", layout.type));
    }
  }

  static std::string text(const std::string& text, Layout layout) {
    layout.fill = ' ';
    if (layout.align == '=') layout.align = '>';
    return laid_out("", first_code_points(text, layout.precision), layout, '>');
  }

  static std::string integer(const Value& value, const Layout& layout) {
    auto index = value.as_index();
    const bool is_decimal = layout.type == 'd' || layout.type == 'i' || layout.type == 'u';
    if (!index && value.is_float() && is_decimal)
      index = whole_number(std::trunc(value.floating()));
    if (!index) throw Failure("a format needs an integer, not a " + type_name(value));
    Number number = integer_digits(*index, layout);
    const std::int64_t digits = layout.precision.value_or(0);
    number.digits = pad_text(number.digits, digits, '0', Side::right);
    return laid_out(number, layout);
  }

  const std::string& text_;
  const Value& values_;
  Heap& heap_;
  std::vector<Value> arguments_;
  std::size_t next_ = 0;
  bool takes_all_ = false;  ///< must every argument be used?
};

/// `[[fill]align][sign][#][0][width][grouping][.precision][type]`
Layout parse_layout(std::string_view spec) {
  Layout layout;
  const std::u32string points = code_points_of(spec);
  const auto is_align = [](char32_t c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  std::size_t at = 0;
  if (points.size() > 1 && is_align(points[1])) {
    layout.fill = points[0];
    layout.align = static_cast<char>(points[1]);
    at = utf8_of(points.substr(0, 2)).size();
  } else if (!points.empty() && is_align(points[0])) {
    layout.align = static_cast<char>(points[0]);
    at = 1;
  }
  const auto take = [&](std::string_view characters) {
    const bool found = at < spec.size() && characters.find(spec[at]) != std::string_view::npos;
    return found ? spec[at++] : '\0';
  };
  if (const char sign = take("+- ")) layout.sign = sign;
  layout.is_alternate = take("#") != '\0';
  const bool is_zero_filled = take("0") != '\0';
  if (is_zero_filled && layout.align == '\0') {
    layout.fill = '0';
    layout.align = '=';
  }
  layout.width = parse_count(spec, at, kWidest);
  layout.grouping = take(",_");
  if (layout.grouping != '\0' && layout.align == '=') {
    throw Failure("a format with both zeros and groups of digits is not supported");
  }
  if (take(".") != '\0') layout.precision = parse_count(spec, at, kMostPrecise);
  layout.type = take("bcdeEfFgGnosxX%");
  if (at != spec.size()) throw Failure("the format '" + std::string(spec) + "' is malformed");
  return layout;
}

std::string formatted_text(const std::string& text, const Layout& layout) {
  if ((layout.type != '\0' && layout.type != 's') || layout.align == '=' || layout.sign != '-' ||
      layout.grouping != '\0' || layout.is_alternate) {
    throw Failure("a format for numbers meets a text");
  }
  return laid_out("", first_code_points(text, layout.precision), layout, '<');
}

std::string formatted_number(const Value& value, const Layout& layout) {
  const auto index = value.as_index();
  const bool is_float_type =
      std::string_view("eEfFgG%").find(layout.type) != std::string_view::npos;
  if (!index || is_float_type) {
    if (layout.type != '\0' && !is_float_type && layout.type != 'n') {
      throw Failure(fmt::format("the format '{}' does not take a float", layout.type));
    }
    return laid_out(float_digits(float_of(value), layout), layout);
  }
  if (layout.type == 's') throw Failure("the format 's' does not take an integer");
  if (layout.precision) throw Failure("the format of an integer takes no precision");
  if (layout.type == 'c') return laid_out("", character_of(value), layout, '<');
  return laid_out(integer_digits(*index, layout), layout);
}

/// format(value, spec)
std::string formatted_value(const Value& value, const std::string& spec, Heap& heap) {
  if (spec.empty()) return str_of(value, heap);
  const Layout layout = parse_layout(spec);
  heap.spend_bytes(static_cast<std::size_t>(layout.width));
  if (value.is_string()) return formatted_text(value.text(), layout);
  if (value.is_number()) return formatted_number(value, layout);
  throw Failure("a " + type_name(value) + " takes no format");
}

/// Reads `"{}".format(...)`.
class BraceFormatter {
 public:
  BraceFormatter(const Arguments& arguments, Renderer& renderer)
      : arguments_(arguments), renderer_(renderer) {}

  std::string run(std::string_view text, int depth) {
    if (depth > 1) throw Failure("the fields of a format are nested too deep");
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const char c = text[at++];
      if (c != '{' && c != '}') {
        out += c;
      } else if (at < text.size() && text[at] == c && depth == 0) {
        out += text[at++];
      } else if (c == '}') {
        throw Failure("a format has a single '}'");
      } else {
        const std::size_t end = end_of_field(text, at);
        out += field(text.substr(at, end - at), depth);
        at = end + 1;
      }
    }
    renderer_.heap().spend_bytes(out.size());
    return out;
  }

 private:
  static std::size_t end_of_field(std::string_view text, std::size_t at) {
    int open = 1;
    for (; at < text.size(); ++at) {
      if (text[at] == '{') ++open;
      if (text[at] == '}' && --open == 0) return at;
    }
    throw Failure("a format has a single '{'");
  }

  /// name[!conversion][:spec]
  std::string field(std::string_view text, int depth) {
    const std::size_t name_end = end_of_name(text);
    Value value = named(text.substr(0, name_end));
    std::size_t at = name_end;
    if (at < text.size() && text[at] == '!') {
      const char conversion = at + 1 < text.size() ? text[at + 1] : '\0';
      if (conversion == 's') {
        value = Value(str_of(value, renderer_.heap()));
      } else if (conversion == 'r') {
        value = Value(repr_of(value, renderer_.heap()));
      } else {
        throw Failure("a format knows the conversions !s and !r");
      }
      at += 2;
    }
    if (at >= text.size()) return formatted_value(value, "", renderer_.heap());
    if (text[at] != ':') throw Failure("a field of a format is malformed");
    return formatted_value(value, run(text.substr(at + 1), depth + 1), renderer_.heap());
  }

  /// A ':' or '!' inside of brackets belongs to the name.
  static std::size_t end_of_name(std::string_view text) {
    bool in_brackets = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '[') in_brackets = true;
      if (text[at] == ']') in_brackets = false;
      if (!in_brackets && (text[at] == ':' || text[at] == '!')) return at;
    }
    return text.size();
  }

  static bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  }

  /// `name.attribute[item]`
  Value named(std::string_view path) {
    std::size_t at = std::min(path.find_first_of(".["), path.size());
    Value value = first(path.substr(0, at));
    while (at < path.size()) {
      const bool is_attribute = path[at] == '.';
      std::size_t end = 0;
      if (is_attribute) {
        end = std::min(path.find_first_of(".[", at + 1), path.size());
      } else {
        end = path.find(']', at);
        if (end == std::string_view::npos) throw Failure("a field of a format lacks a ']'");
      }
      const std::string_view part = path.substr(at + 1, end - at - 1);
      if (part.empty()) throw Failure("a field of a format names an empty attribute");
      if (is_attribute) {
        value = renderer_.attribute(value, std::string(part));
      } else {
        value = renderer_.item(
            value, is_number(part) ? Value(parse_int(part, 10).value_or(0)) : Value(part));
      }
      at = is_attribute ? end : end + 1;
      if (at < path.size() && path[at] != '.' && path[at] != '[') {
        throw Failure("a field of a format is malformed behind its ']'");
      }
    }
    return value;
  }

  Value first(std::string_view name) {
    if (name.empty() || is_number(name)) {
      if (name.empty() ? is_numbered_ : next_ > 0) {
        throw Failure("a format numbers only some of its fields");
      }
      is_numbered_ = !name.empty();
      const auto index = name.empty()
                             ? next_++
                             : static_cast<std::size_t>(clamped(parse_int(name, 10).value_or(0)));
      if (index >= arguments_.positional.size()) throw Failure("a format lacks arguments");
      return arguments_.positional[index];
    }
    const auto found = std::find_if(arguments_.named.begin(), arguments_.named.end(),
                                    [&](const auto& argument) { return argument.first == name; });
    if (found == arguments_.named.end()) {
      throw Failure("a format names '" + std::string(name) + "', which is not there");
    }
    return found->second;
  }

  const Arguments& arguments_;
  Renderer& renderer_;
  std::size_t next_ = 0;
  bool is_numbered_ = false;
};

}  // namespace

Value formatted_percent(const Value& format, const Value& values, Heap& heap) {
  // Markup would escape what is put into it.
  if (format.is_markup()) throw Failure("'%' is not supported on text that is marked as safe");
  return Value(PercentFormatter(format, values, heap).run());
}

std::string formatted_braces(const std::string& format, const Arguments& arguments,
                             Renderer& renderer) {
  return BraceFormatter(arguments, renderer).run(format, 0);
}

}  // namespace allometer::jinja
