#include "sweep/journal_keeper.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/fault_point.hpp"
#include "results/record.hpp"

namespace allometer::sweep {
namespace {

std::filesystem::path make_journal_path(const std::filesystem::path& directory, int start,
                                        const std::string& host) {
  std::filesystem::create_directories(directory);
  return directory / fmt::format("{:05d}-{}.journal", start, host);
}

}  // namespace

JournalKeeper::JournalKeeper(const std::filesystem::path& directory, int start,
                             const std::string& host)
    : writer_(make_journal_path(directory, start, host)) {}

void JournalKeeper::append(results::RecordType type, std::string_view payload) {
  writer_.append(static_cast<std::uint32_t>(type), payload);
  dirty_ = true;
}

void JournalKeeper::append(const ResultMessage& result) {
  DurableMessage durable{result.lease, result.failed, {}, result.wall_seconds, 0, {}};
  if (result.failed) {
    durable.reason = results::FailureRecord::decode(result.payload).reason;
    append(results::RecordType::failure, result.payload);
  } else {
    const auto shard = results::ShardResult::decode(result.payload);
    durable.tokens_computed = shard.cost.tokens_computed;
    durable.artifact = shard.artifact;
    append(results::RecordType::shard, result.payload);
  }
  waiting_.push_back(std::move(durable));
}

std::vector<DurableMessage> JournalKeeper::flush() {
  if (!dirty_) return {};
  writer_.sync();
  dirty_ = false;
  if (!waiting_.empty()) fault_point("journal_written");
  return std::exchange(waiting_, {});
}

}  // namespace allometer::sweep
