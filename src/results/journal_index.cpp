#include <algorithm>
#include <fcntl.h>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "io/file_descriptor.hpp"
#include "io/journal.hpp"
#include "results/store.hpp"

namespace allometer::results {
namespace {

namespace fs = std::filesystem;

using Range = std::pair<std::int32_t, std::int32_t>;
/// Leases of one cell per exact range, those handed back left out.
using Leases = std::map<Range, std::vector<LeaseRecord>>;

std::vector<fs::path> journal_files(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  if (!fs::exists(directory, error)) return files;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".journal") files.push_back(entry.path());
  }
  if (error) io::throw_io_error("read", directory, error.value());
  std::sort(files.begin(), files.end());
  return files;
}

/// Adds the questions of `shard` that no earlier shard has; its cost goes with the first piece that
/// is kept.
void add_shard(ShardLocation shard, std::vector<ShardLocation>& shards) {
  std::vector<ShardLocation> pieces;
  std::int32_t begin = shard.begin;
  const auto keep = [&](std::int32_t end) {
    if (begin >= end) return;
    ShardLocation piece = shard;
    piece.begin = begin;
    piece.end = end;
    if (!pieces.empty()) piece.cost = Cost{};
    pieces.push_back(std::move(piece));
  };
  const auto first =
      std::partition_point(shards.begin(), shards.end(),
                           [&](const ShardLocation& other) { return other.end <= shard.begin; });
  for (auto other = first; other != shards.end() && other->begin < shard.end; ++other) {
    keep(std::min(other->begin, shard.end));
    begin = std::max(begin, other->end);
  }
  keep(shard.end);
  for (ShardLocation& piece : pieces) {
    const auto place =
        std::partition_point(shards.begin(), shards.end(),
                             [&](const ShardLocation& other) { return other.begin < piece.begin; });
    shards.insert(place, std::move(piece));
  }
}

/// Questions of [begin, end) that the shards have.
std::int64_t covered(const std::vector<ShardLocation>& shards, Range range) {
  std::int64_t count = 0;
  for (const ShardLocation& shard : shards) {
    count += std::max(0, std::min(shard.end, range.second) - std::max(shard.begin, range.first));
  }
  return count;
}

/// The attempt that was handed back does not count.
void withdraw(const LeaseRecord& release, Leases& leases) {
  auto& open = leases[{release.begin, release.end}];
  const auto same = std::find_if(open.rbegin(), open.rend(), [&](const LeaseRecord& lease) {
    return lease.attempt == release.attempt;
  });
  if (same != open.rend()) open.erase(std::next(same).base());
}

std::vector<OpenLease> open_leases(const Leases& leases, const std::vector<ShardLocation>& shards) {
  std::vector<OpenLease> result;
  for (const auto& [range, attempts] : leases) {
    if (attempts.empty() || covered(shards, range) == range.second - range.first) continue;
    OpenLease lease{range.first, range.second, static_cast<std::int32_t>(attempts.size()), {}};
    for (const LeaseRecord& attempt : attempts) {
      lease.attempts = std::max(lease.attempts, attempt.attempt);
      lease.hosts.push_back(attempt.host);
    }
    result.push_back(std::move(lease));
  }
  return result;
}

void warn_of_damage(const fs::path& file, const io::JournalDamage& damage) {
  if (damage.skipped_bytes == 0) return;
  log::warning(fmt::format(
      "{}: skipped {} damaged bytes from offset {}{}; the questions in them will be asked again",
      file.string(), damage.skipped_bytes, damage.first_offset,
      damage.tail_only ? " (the end of the file: a write that was interrupted)" : ""));
}

}  // namespace

/// Collects the records of all files; what needs all of them together is worked out in finish().
class JournalReader {
 public:
  explicit JournalReader(JournalIndex& index) : index_(index) {}

  void read(const fs::path& file) {
    const auto number = static_cast<std::int32_t>(index_.files_.size());
    index_.files_.push_back(file);
    const io::JournalDamage damage = io::scan_journal(file, [&](const io::JournalRecord& record) {
      try {
        add(record, number);
      } catch (const FormatError& error) {
        index_.damaged_bytes_ += static_cast<std::int64_t>(record.payload.size());
        log::warning(fmt::format("{}: skipped the record at offset {}: {}", file.string(),
                                 record.offset, error.what()));
      }
    });
    index_.damaged_bytes_ += damage.skipped_bytes;
    warn_of_damage(file, damage);
  }

  void finish() {
    for (const auto& [cell, leases] : leases_) {
      CellState& state = index_.cells_[cell];
      state.open_leases = open_leases(leases, state.shards);
    }
    if (index_.plan_) forgive(*index_.plan_);
    for (const PlanRecord& plan : index_.former_plans_) forgive(plan);
  }

 private:
  void add(const io::JournalRecord& record, std::int32_t file) {
    switch (static_cast<RecordType>(record.type)) {
      case RecordType::start:
        index_.starts_.push_back(StartRecord::decode(record.payload));
        return;
      case RecordType::plan:
        return add_plan(PlanRecord::decode(record.payload));
      case RecordType::lease: {
        LeaseRecord lease = LeaseRecord::decode(record.payload);
        leases_[lease.cell][{lease.begin, lease.end}].push_back(std::move(lease));
        return;
      }
      case RecordType::release: {
        const LeaseRecord lease = LeaseRecord::decode(record.payload);
        return withdraw(lease, leases_[lease.cell]);
      }
      case RecordType::shard:
        return add_result(record, file);
      case RecordType::failure: {
        FailureRecord failure = FailureRecord::decode(record.payload);
        index_.cells_[failure.cell].failure = std::move(failure);
        return;
      }
      case RecordType::retry: {
        const LeaseRecord retry = LeaseRecord::decode(record.payload);
        index_.cells_[retry.cell].failure.reset();
        leases_.erase(retry.cell);
        return;
      }
      case RecordType::machine:
        index_.machines_.push_back(MachineRecord::decode(record.payload));
        return;
      case RecordType::published: {
        PublishedRecord published = PublishedRecord::decode(record.payload);
        index_.cells_[published.cell].published = std::move(published.values);
        return;
      }
      case RecordType::finish:
        index_.finishes_.push_back(FinishRecord::decode(record.payload));
        return;
    }
    throw FormatError(fmt::format("it is of type {}, which this version of Allometer does not know",
                                  record.type));
  }

  /// An earlier plan is kept only for cells that its successor lacks.
  void add_plan(PlanRecord plan) {
    if (index_.plan_) {
      std::set<Digest> present;
      for (const PlannedCell& cell : plan.cells) present.insert(cell.digest);
      const auto& cells = index_.plan_->cells;
      const bool superseded = std::all_of(cells.begin(), cells.end(), [&](const PlannedCell& cell) {
        return present.count(cell.digest) > 0;
      });
      if (!superseded) index_.former_plans_.push_back(std::move(*index_.plan_));
    }
    index_.plan_ = std::move(plan);
  }

  void add_result(const io::JournalRecord& record, std::int32_t file) {
    const ShardResult shard = ShardResult::decode_header(record.payload);
    ShardLocation location;
    location.begin = shard.begin;
    location.end = shard.end;
    location.file = file;
    location.offset = record.offset;
    location.num_bytes = static_cast<std::int64_t>(record.payload.size());
    location.cost = shard.cost;
    location.host = shard.host;
    CellState& state = index_.cells_[shard.cell];
    if (!shard.artifact.empty()) state.artifact = shard.artifact;
    add_shard(std::move(location), state.shards);
  }

  /// A cell that has all its results is done, whatever failed before.
  void forgive(const PlanRecord& plan) {
    for (const PlannedCell& cell : plan.cells) {
      const auto state = index_.cells_.find(cell.digest);
      if (state != index_.cells_.end() && cell.num_questions > 0 &&
          state->second.questions_done() >= cell.num_questions) {
        state->second.failure.reset();
      }
    }
  }

  JournalIndex& index_;
  std::map<Digest, Leases> leases_;
};

std::int32_t CellState::questions_done() const {
  std::int32_t count = 0;
  for (const ShardLocation& shard : shards) count += shard.end - shard.begin;
  return count;
}

JournalIndex JournalIndex::read(const fs::path& directory) {
  JournalIndex index;
  JournalReader reader(index);
  for (const fs::path& file : journal_files(directory)) reader.read(file);
  reader.finish();
  return index;
}

std::vector<JournalIndex::FormerCell> JournalIndex::former_cells() const {
  std::set<Digest> seen;
  if (plan_) {
    for (const PlannedCell& cell : plan_->cells) seen.insert(cell.digest);
  }
  std::vector<FormerCell> result;
  for (auto plan = former_plans_.rbegin(); plan != former_plans_.rend(); ++plan) {
    for (const PlannedCell& cell : plan->cells) {
      if (!seen.insert(cell.digest).second) continue;
      FormerCell former{&*plan, cell};
      former.cell.in_job = false;
      result.push_back(std::move(former));
    }
  }
  return result;
}

ShardResult JournalIndex::load(const ShardLocation& location) const {
  const fs::path& path = files_.at(static_cast<std::size_t>(location.file));
  const io::FileDescriptor file = io::FileDescriptor::open(path, O_RDONLY, "read");
  std::string payload(static_cast<std::size_t>(location.num_bytes), '\0');
  const auto out = std::as_writable_bytes(std::span(payload.data(), payload.size()));
  if (io::read_at(file, location.offset, out, path) < payload.size()) {
    throw IoError(path.string() + ": became shorter while it was read; collect again");
  }
  ShardResult shard;
  try {
    shard = ShardResult::decode(payload);
  } catch (const FormatError& error) {
    throw FormatError(
        fmt::format("{}: at offset {}: {}", path.string(), location.offset, error.what()));
  }
  ALLOMETER_EXPECT(shard.begin <= location.begin && location.end <= shard.end);
  // The part that this shard was the first to have.
  auto& records = shard.records;
  records.erase(records.begin() + (location.end - shard.begin), records.end());
  records.erase(records.begin(), records.begin() + (location.begin - shard.begin));
  shard.begin = location.begin;
  shard.end = location.end;
  shard.cost = location.cost;
  return shard;
}

fs::path journal_directory(const fs::path& output) {
  fs::path directory = output;
  directory += ".journal";
  return directory;
}

}  // namespace allometer::results
