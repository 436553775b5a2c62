#pragma once
/// generator_args of a task file: each argument is asked for once, with its default and its bounds.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// Each reader gives the default where the argument is absent, and throws ConfigError "file:line:
/// ..." for a value of another kind or out of bounds.
class GeneratorArguments {
 public:
  /// `map`: nullptr where the task gives none. It must outlive this.
  GeneratorArguments(std::string_view generator, const YamlValue* map);

  long long integer(std::string_view name, long long standard, long long least, long long most);
  /// One integer or a list of different ones, as given.
  std::vector<int> integers(std::string_view name, std::vector<int> standard, int least, int most);
  std::string text(std::string_view name, std::string standard,
                   const std::vector<std::string>& allowed);
  /// One text or a list of different ones, as given.
  std::vector<std::string> texts(std::string_view name, std::vector<std::string> standard,
                                 const std::vector<std::string>& allowed);
  bool flag(std::string_view name, bool standard);

  /// Throws ConfigError for an argument that nobody asked for.
  void require_all_known() const;
  /// "file:line: NAME: ", to stand before a generator's own message about an argument.
  std::string where(std::string_view name) const;

 private:
  const YamlValue* find(std::string_view name);

  std::string generator_;
  const YamlValue* map_;
  std::set<std::string> asked_;
};

}  // namespace allometer::tasks
