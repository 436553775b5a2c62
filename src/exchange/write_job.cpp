#include "exchange/write_job.hpp"

#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/provenance.hpp"
#include "io/hdf5_version.hpp"
#include "io/journal.hpp"
#include "results/store.hpp"

namespace allometer::exchange {
namespace {

namespace fs = std::filesystem;

/// A directory beside the output that is gone in the end, whatever happens.
class JournalDirectory {
 public:
  explicit JournalDirectory(const fs::path& output) : path_(output) {
    path_ += fmt::format(".import-{}", ::getpid());
    std::error_code error;
    fs::create_directories(path_, error);
    if (error) {
      throw IoError(fmt::format("{} cannot be made: {}", path_.string(), error.message()));
    }
  }
  ~JournalDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  JournalDirectory(const JournalDirectory&) = delete;
  JournalDirectory& operator=(const JournalDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

results::StartRecord make_start(const std::vector<std::string>& argv) {
  results::StartRecord start;
  start.time = utc_now();
  start.version = program_version();
  start.git_revision = git_revision();
  start.argv = argv;
  start.hosts = {host_name()};
  start.hdf5 = io::hdf5_version();
  start.cpu = cpu_model();
  return start;
}

}  // namespace

void write_job(const Assembled& assembled, const std::vector<std::string>& argv,
               const fs::path& output) {
  if (fs::exists(results::journal_directory(output))) {
    throw ConfigError(
        fmt::format("{} is the output of a sweep ({} is there); give another name to -o",
                    output.string(), results::journal_directory(output).string()));
  }
  const JournalDirectory directory(output);
  {
    io::JournalWriter journal(directory.path() / "00000-import.journal");
    const auto append = [&](results::RecordType type, const std::string& payload) {
      journal.append(static_cast<std::uint32_t>(type), payload);
    };
    append(results::RecordType::start, make_start(argv).encode());
    append(results::RecordType::plan, assembled.plan.encode());
    for (const auto& shard : assembled.shards) append(results::RecordType::shard, shard.encode());
    for (const auto& record : assembled.published) {
      append(results::RecordType::published, record.encode());
    }
    append(results::RecordType::finish, results::FinishRecord{0, utc_now(), "done", 0, 0}.encode());
    journal.sync();
  }
  write_results_file(results::JournalIndex::read(directory.path()), output);
}

}  // namespace allometer::exchange
