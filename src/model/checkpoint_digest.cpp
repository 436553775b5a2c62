#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "io/atomic_file.hpp"
#include "io/file_descriptor.hpp"
#include "io/gguf.hpp"
#include "io/safetensors.hpp"
#include "model/gguf_config.hpp"
#include "model/load.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// What tells that a file has not changed: [path, size, mtime in nanoseconds].
Json state_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) io::throw_io_error("examine", path, errno);
  const std::int64_t nanoseconds =
      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  return Json::array(
      {fs::absolute(path).lexically_normal().string(), std::int64_t{status.st_size}, nanoseconds});
}

Json state_of_all(const std::vector<fs::path>& files) {
  Json states = Json::array();
  for (const fs::path& file : files) states.push_back(state_of(file));
  return states;
}

/// A torn or foreign line is no reason to fail: it is passed over.
std::optional<Digest> find_cached(const fs::path& cache_file, const Json& states) {
  std::ifstream in(cache_file);
  std::optional<Digest> found;
  for (std::string line; std::getline(in, line);) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object() || entry.value("files", Json()) != states) continue;
    try {
      found = Digest::from_hex(entry.value("sha256", ""));
    } catch (const Error&) {
    } catch (const Json::exception&) {
    }
  }
  return found;
}

/// One write of one line at the end, so that lines of several processes do not mix. A cache that
/// cannot be written costs time, not the model.
void remember(const fs::path& cache_file, const Json& states, const Digest& digest) {
  const std::string line = Json{{"files", states}, {"sha256", digest.hex()}}.dump() + "\n";
  try {
    const auto file = io::FileDescriptor::open(cache_file, O_WRONLY | O_CREAT | O_APPEND, "write");
    io::write_all(file, std::as_bytes(std::span(line)), cache_file);
  } catch (const IoError& error) {
    log::warning(std::string("digests are not cached: ") + error.what());
  }
}

/// In order of name. Buffers in other types, as an attention mask in BOOL, take no part in any
/// number.
template <class Files>
std::vector<io::TensorView> numeric_tensors(const Files& files) {
  std::vector<io::TensorView> tensors;
  for (const std::string& name : files.names()) {
    try {
      tensors.push_back(files.at(name));
    } catch (const FormatError&) {
    }
  }
  return tensors;
}

/// SHA-256 of every tensor's bytes, several tensors at a time.
std::vector<Digest> hash_tensors(const std::vector<io::TensorView>& tensors) {
  std::vector<Digest> digests(tensors.size());
#pragma omp parallel for schedule(dynamic, 1)
  for (std::size_t i = 0; i < tensors.size(); ++i)
    digests[i] = Sha256().update(tensors[i].data).finish();
  return digests;
}

Digest compute(const std::string& config, const std::vector<io::TensorView>& tensors) {
  const std::vector<Digest> digests = hash_tensors(tensors);
  Sha256 all;
  all.update(config);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    all.update(fmt::format("\n{} {} [{}] {}", tensors[i].name, io::name_of(tensors[i].type),
                           fmt::join(tensors[i].shape, ","), digests[i].hex()));
  }
  return all.finish();
}

std::vector<fs::path> files_of(const fs::path& directory, const io::Safetensors& checkpoint) {
  std::vector<fs::path> files{directory / "config.json"};
  for (fs::path& file : checkpoint.files()) files.push_back(std::move(file));
  return files;
}

/// `digest` is asked only where the cache does not know files in this state.
template <class Compute>
Digest cached(const fs::path& cache_file, const std::vector<fs::path>& files, Compute digest) {
  const Json states = state_of_all(files);
  if (!cache_file.empty()) {
    if (const auto known = find_cached(cache_file, states)) return *known;
  }
  const Digest computed = digest();
  if (!cache_file.empty()) remember(cache_file, states, computed);
  return computed;
}

}  // namespace

std::optional<Digest> cached_checkpoint_digest(const fs::path& path, const fs::path& cache_file) {
  if (cache_file.empty()) return std::nullopt;
  const std::vector<fs::path> files = io::is_gguf_name(path)
                                          ? io::Gguf::open(path).files()
                                          : files_of(path, io::Safetensors::open(path));
  return find_cached(cache_file, state_of_all(files));
}

Digest checkpoint_digest(const fs::path& path, const fs::path& cache_file) {
  if (io::is_gguf_name(path)) {
    const io::Gguf file = io::Gguf::open(path);
    return cached(cache_file, file.files(),
                  [&] { return compute(config_of_gguf(file).dump(), numeric_tensors(file)); });
  }
  const io::Safetensors checkpoint = io::Safetensors::open(path);
  return cached(cache_file, files_of(path, checkpoint), [&] {
    return compute(io::read_text(path / "config.json"), numeric_tensors(checkpoint));
  });
}

}  // namespace allometer::model
