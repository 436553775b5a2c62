#pragma once
/// Writes the journal of a node, on the node's first rank.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/journal.hpp"
#include "results/job_record.hpp"
#include "sweep/messages.hpp"

namespace allometer::sweep {

/// Collects what is to be kept and makes it durable in groups: one sync for all that came in since
/// the last.
class JournalKeeper {
 public:
  /// The journal DIRECTORY/START-HOST.journal, made at once. Throws IoError.
  JournalKeeper(const std::filesystem::path& directory, int start, const std::string& host);

  void append(results::RecordType type, std::string_view payload);
  void append(const ResultMessage& result);
  /// Syncs. What was appended as results is durable now: one message for the root per result.
  std::vector<DurableMessage> flush();

 private:
  io::JournalWriter writer_;
  std::vector<DurableMessage> waiting_;
  bool dirty_ = false;
};

}  // namespace allometer::sweep
