#pragma once
/// Files that are there whole or not at all.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace allometer::io {

/// Reads a whole file. Throws IoError naming it.
std::string read_text(const std::filesystem::path& path);

/// Calls write(temporary path in the same directory), syncs that file, renames it to `path` and
/// syncs the directory. On any exception the temporary file is removed. Throws IoError naming path
/// and reason (full disk: says so).
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& write);
void replace_file(const std::filesystem::path& path, std::string_view text);

/// fdatasync of a file or directory by path.
void sync_path(const std::filesystem::path& path);

}  // namespace allometer::io
