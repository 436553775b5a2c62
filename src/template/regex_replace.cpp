#include "template/regex_replace.hpp"

#include <algorithm>
#include <vector>

#include "template/python_regex.hpp"
#include "template/string_escape.hpp"

namespace allometer::jinja {
namespace {

/// A piece of the replacement: a text, or a group where it is not negative.
struct Piece {
  std::string text;
  int group = -1;
};

/// Reads Python's templates: \1, \g<1>, \g<name> and the escapes of strings.
class ReplacementParser {
 public:
  ReplacementParser(const std::string& text, const PythonRegex& regex)
      : text_(text), regex_(regex) {}

  std::vector<Piece> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '\\') {
        append(std::string(1, c));
      } else {
        parse_escape();
      }
    }
    return std::move(pieces_);
  }

 private:
  void append(const std::string& text) {
    if (pieces_.empty() || pieces_.back().group >= 0) pieces_.emplace_back();
    pieces_.back().text += text;
  }

  void parse_escape() {
    if (at_ >= text_.size()) throw Failure("the replacement ends behind a '\\'");
    const char c = text_[at_];
    if (c == 'g') {
      ++at_;
      parse_named_group();
    } else if (c >= '1' && c <= '9') {
      std::size_t end = at_ + 1;
      if (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0) ++end;
      add_group(std::stoi(text_.substr(at_, end - at_)));
      at_ = end;
    } else {
      std::string escape;
      if (!append_escape(text_, at_, escape)) throw Failure("a broken escape");
      append(escape);
    }
  }

  void parse_named_group() {
    const std::size_t end = text_.find('>', at_);
    if (at_ >= text_.size() || text_[at_] != '<' || end == std::string::npos) {
      throw Failure("\\g must be followed by a group in <>");
    }
    const std::string name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    const bool is_number = !name.empty() && name.size() < 4 &&
                           name.find_first_not_of("0123456789") == std::string::npos;
    add_group(is_number ? std::stoi(name) : regex_.group_named(name).value_or(-1));
  }

  void add_group(int group) {
    if (group < 0 || group > regex_.num_groups()) {
      throw Failure("the replacement names a group that the pattern has not");
    }
    pieces_.push_back({"", group});
  }

  const std::string& text_;
  const PythonRegex& regex_;
  std::size_t at_ = 0;
  std::vector<Piece> pieces_;
};

std::string replaced(const std::string& text, const PythonRegex& regex,
                     const std::string& replacement, std::int64_t count, Heap& heap) {
  const std::vector<Piece> pieces = ReplacementParser(replacement, regex).run();
  PythonRegex::Matches matches(regex, text);
  std::string out;
  std::size_t copied = 0;
  for (std::int64_t done = 0; (count <= 0 || done < count) && matches.next(); ++done) {
    heap.spend(16);
    out.append(text, copied, matches.begin() - copied);
    for (const Piece& piece : pieces) {
      out += piece.text;
      if (piece.group >= 0) out += matches.group(piece.group);
    }
    heap.spend_bytes(out.size() - std::min(out.size(), copied));
    copied = matches.end();
  }
  return out.append(text, copied, std::string::npos);
}

}  // namespace

std::string regex_replaced(const std::string& text, const std::string& pattern,
                           const std::string& replacement, std::int64_t count, Heap& heap) {
  try {
    return replaced(text, PythonRegex(pattern), replacement, count, heap);
  } catch (const Failure& failure) {
    throw Failure(std::string("regex_replace: ") + failure.what());
  }
}

}  // namespace allometer::jinja
