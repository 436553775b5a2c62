#pragma once
/// What the program says while it works: whole lines on standard error, never torn between ranks.

#include <string_view>

namespace allometer::log {

enum class Level { debug, info, warning, error };

/// Lines below this level are dropped. The default is info.
void set_level(Level level);
/// Put before every line, as "rank 3 on n2: "; empty by default. Call once, at start.
void set_prefix(std::string_view prefix);

void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

}  // namespace allometer::log
