#include "cli/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "core/contract.hpp"
#include "job/map_reader.hpp"
#include "tasks/spelling.hpp"

namespace allometer::cli {
namespace po = boost::program_options;

namespace {

struct Argument {
  std::string name;
  Options::Presence presence;
  std::string description;
};

struct Example {
  std::string command_line;
  std::string comment;
};

std::string wrap(const std::string& text, std::size_t width) {
  std::istringstream words(text);
  std::string wrapped;
  std::size_t column = 0;
  for (std::string word; words >> word;) {
    if (column > 0 && column + 1 + word.size() > width) {
      wrapped += '\n';
      column = 0;
    } else if (column > 0) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += word.size();
  }
  return wrapped;
}

std::string usage_of(const Argument& argument) {
  switch (argument.presence) {
    case Options::Presence::required:
      return " " + argument.name;
    case Options::Presence::optional:
      return " [" + argument.name + "]";
    case Options::Presence::repeated:
      return " " + argument.name + "...";
  }
  return "";
}

}  // namespace

int print_help(const Options& options) {
  std::fputs(options.help().c_str(), stdout);
  return 0;
}

struct Options::Impl {
  std::string command;
  std::string purpose;
  po::options_description described{"options", 96, 48};
  std::vector<Argument> arguments;
  std::vector<Example> examples;
  po::variables_map values;

  std::string written(const std::string& name) const {
    const auto is_named = [&](const Argument& argument) { return argument.name == name; };
    return std::any_of(arguments.begin(), arguments.end(), is_named) ? name : "--" + name;
  }

  const po::variable_value* find(const std::string& name) const {
    const auto is_named = [&](const Argument& argument) { return argument.name == name; };
    [[maybe_unused]] const bool declared =
        described.find_nothrow(name, false) != nullptr ||
        std::any_of(arguments.begin(), arguments.end(), is_named);
    ALLOMETER_EXPECT(declared);
    const auto found = values.find(name);
    return found == values.end() ? nullptr : &found->second;
  }

  std::string suggestion_for(const std::string& word) const {
    std::vector<std::string> names;
    for (const auto& option : described.options()) names.push_back("--" + option->long_name());
    return tasks::did_you_mean(word, names);
  }
};

Options::Options(std::string command, std::string purpose) : impl_(std::make_unique<Impl>()) {
  impl_->command = std::move(command);
  impl_->purpose = std::move(purpose);
  impl_->described.add_options()("help,h", "show this page");
}
Options::~Options() = default;
Options::Options(Options&&) noexcept = default;

Options& Options::argument(const std::string& name, Presence presence,
                           const std::string& description) {
  impl_->arguments.push_back({name, presence, description});
  return *this;
}

Options& Options::option(const std::string& name, const std::string& value,
                         const std::string& description, const std::string& fallback) {
  auto* semantic = po::value<std::string>()->value_name(value);
  if (!fallback.empty()) semantic->default_value(fallback);
  impl_->described.add_options()(name.c_str(), semantic, description.c_str());
  return *this;
}

Options& Options::list(const std::string& name, const std::string& value,
                       const std::string& description) {
  impl_->described.add_options()(
      name.c_str(), po::value<std::vector<std::string>>()->value_name(value)->composing(),
      description.c_str());
  return *this;
}

Options& Options::flag(const std::string& name, const std::string& description) {
  impl_->described.add_options()(name.c_str(), description.c_str());
  return *this;
}

Options& Options::example(const std::string& command_line, const std::string& comment) {
  impl_->examples.push_back({command_line, comment});
  return *this;
}

void Options::fail(const std::string& message) const {
  throw UsageError(fmt::format("{} ('allometer {} --help' explains)", message, impl_->command));
}

bool Options::parse(std::span<const std::string> words) {
  // Help wins over every mistake beside it.
  const auto end_of_options = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != end_of_options; ++word) {
    if (*word == "--help" || *word == "-h") return true;
  }
  po::options_description hidden;
  po::positional_options_description positions;
  for (const Argument& argument : impl_->arguments) {
    hidden.add_options()(argument.name.c_str(), po::value<std::vector<std::string>>());
    positions.add(argument.name.c_str(), argument.presence == Presence::repeated ? -1 : 1);
  }
  po::options_description all;
  all.add(impl_->described).add(hidden);
  // Abbreviated names would change their meaning with every option that is added later.
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  try {
    const std::vector<std::string> copy(words.begin(), words.end());
    po::store(po::command_line_parser(copy).options(all).positional(positions).style(style).run(),
              impl_->values);
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    fail(fmt::format("unknown option '{}'{}", name, impl_->suggestion_for(name)));
  } catch (const po::too_many_positional_options_error&) {
    fail(fmt::format("too many arguments: expected{}{}", impl_->arguments.empty() ? " none" : "",
                     [&] {
                       std::string expected;
                       for (const Argument& argument : impl_->arguments)
                         expected += usage_of(argument);
                       return expected;
                     }()));
  } catch (const po::error& error) {
    fail(error.what());
  }
  for (const Argument& argument : impl_->arguments) {
    if (argument.presence != Presence::optional && impl_->find(argument.name) == nullptr) {
      fail(fmt::format("{} is missing: {}", argument.name, argument.description));
    }
  }
  return false;
}

std::string Options::help() const {
  std::ostringstream page;
  page << "usage: allometer " << impl_->command;
  for (const Argument& argument : impl_->arguments) page << usage_of(argument);
  page << " [options]\n\n" << wrap(impl_->purpose, 96) << "\n";
  if (!impl_->arguments.empty()) page << "\narguments:\n";
  for (const Argument& argument : impl_->arguments) {
    page << fmt::format("  {:<28} {}\n", argument.name, argument.description);
  }
  page << "\n"
       << impl_->described << "\n"
       << (impl_->examples.size() == 1 ? "example:\n" : "examples:\n");
  for (const Example& example : impl_->examples) {
    page << "  # " << example.comment << "\n  " << example.command_line << "\n";
  }
  return page.str();
}

bool Options::given(const std::string& name) const {
  const po::variable_value* value = impl_->find(name);
  return value != nullptr && !value->defaulted();
}

std::string Options::text(const std::string& name) const {
  const std::vector<std::string> values = texts(name);
  return values.empty() ? "" : values.front();
}

std::vector<std::string> Options::texts(const std::string& name) const {
  const po::variable_value* value = impl_->find(name);
  if (value == nullptr || value->empty()) return {};
  if (const auto* one = boost::any_cast<std::string>(&value->value())) return {*one};
  return value->as<std::vector<std::string>>();
}

std::filesystem::path Options::existing_path(const std::string& name) const {
  std::filesystem::path path = text(name);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    fail(fmt::format("{} '{}' does not exist", impl_->written(name), path.string()));
  }
  return path;
}

std::filesystem::path Options::input_path(const std::string& name) const {
  return text(name) == "-" ? "-" : existing_path(name);
}

std::int64_t Options::integer(const std::string& name, std::int64_t low, std::int64_t high) const {
  const std::string value = text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < low || number > high) {
    const bool open = high == std::numeric_limits<std::int64_t>::max();
    fail(fmt::format(
        "{} is '{}', but must be a whole number {}", impl_->written(name), value,
        open ? fmt::format("of at least {}", low) : fmt::format("from {} to {}", low, high)));
  }
  return number;
}

double Options::number(const std::string& name, double low, double high) const {
  const std::string value = text(name);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || !std::isfinite(number) ||
      number < low || number > high) {
    fail(fmt::format("{} is '{}', but must be a number from {} to {}", impl_->written(name), value,
                     low, high));
  }
  return number;
}

std::int64_t Options::bytes(const std::string& name) const {
  const auto size = job::parse_bytes(text(name));
  if (!size || *size == 0 || *size > std::numeric_limits<std::int64_t>::max()) {
    fail(fmt::format("{} is '{}', but must be a size, as 512MiB or 64GB", impl_->written(name),
                     text(name)));
  }
  return static_cast<std::int64_t>(*size);
}

Precision Options::precision(const std::string& name) const {
  const std::string value = text(name);
  const auto parsed = parse_precision(value);
  if (!parsed) {
    fail(fmt::format("{} is '{}', but must be f32 or bf16", impl_->written(name), value));
  }
  return *parsed;
}

}  // namespace allometer::cli
