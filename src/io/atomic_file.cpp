#include "io/atomic_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <signal.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"

namespace allometer::io {
namespace {

namespace fs = std::filesystem;

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

std::string short_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "host";
  return name.data();
}

/// ".NAME.HOST.": temporary files of one target made on this host begin so; "PID.tmp" follows.
std::string temporary_prefix(const fs::path& path) {
  return fmt::format(".{}.{}.", path.filename().string(), short_host_name());
}

/// Is `name` a temporary file of a process of this host that is no more?
bool is_stale(std::string_view name, std::string_view prefix) {
  if (name.substr(0, prefix.size()) != prefix) return false;
  name.remove_prefix(prefix.size());
  int pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || std::string_view(end, name.data() + name.size()) != ".tmp") {
    return false;
  }
  return pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH);
}

/// A killed process leaves its half-written file; whoever writes the same target next takes it
/// away.
void remove_stale_temporaries(const fs::path& path) {
  const std::string prefix = temporary_prefix(path);
  std::error_code ignored;
  for (fs::directory_iterator entry(parent_of(path), ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (is_stale(entry->path().filename().string(), prefix)) fs::remove(entry->path(), ignored);
  }
}

}  // namespace

std::string read_text(const fs::path& path) {
  const FileDescriptor file = FileDescriptor::open(path, O_RDONLY, "read");
  std::string text;
  std::array<std::byte, 1 << 16> block;
  while (true) {
    const std::size_t got = read_at(file, static_cast<std::int64_t>(text.size()), block, path);
    text.append(reinterpret_cast<const char*>(block.data()), got);
    if (got < block.size()) return text;
  }
}

void sync_path(const fs::path& path) {
  const FileDescriptor file = FileDescriptor::open(path, O_RDONLY, "sync");
  // Some file systems cannot sync a directory and say EINVAL; there is nothing more to be had from
  // them.
  if (::fdatasync(file.get()) != 0 && errno != EINVAL) throw_io_error("sync", path, errno);
}

void replace_file(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  remove_stale_temporaries(path);
  const fs::path directory = parent_of(path);
  const fs::path temporary =
      directory / fmt::format("{}{}.tmp", temporary_prefix(path), ::getpid());
  try {
    write(temporary);
    sync_path(temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_io_error("replace", path, errno);
  } catch (...) {
    std::error_code ignored;
    // A library may still hold it open after a failed write; its bytes must not go on filling the
    // disk.
    fs::resize_file(temporary, 0, ignored);
    fs::remove(temporary, ignored);
    throw;
  }
  sync_path(directory);
}

void replace_file(const fs::path& path, std::string_view text) {
  replace_file(path, [&](const fs::path& temporary) {
    FileDescriptor file = FileDescriptor::open(temporary, O_WRONLY | O_CREAT | O_EXCL, "create");
    write_all(file, std::as_bytes(std::span(text.data(), text.size())), path);
    file.close(path);
  });
}

}  // namespace allometer::io
