#pragma once
/// An analysis in parts: one for each task, which need nothing of one another. Threads and the
/// ranks of a job may work them out; put together in their order they give the same report to the
/// last bit, whoever did what.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "report/report.hpp"

namespace allometer::report {

class Analysis {
 public:
  /// Throws FormatError if the source contradicts itself.
  explicit Analysis(Source source);
  ~Analysis();

  /// The same for equal sources.
  std::int32_t num_parts() const;
  /// What a part comes to, for Assembly::add of this or of another process. Several threads may
  /// work out parts at once; one at a time reads from the source.
  std::string work_out(std::int32_t part) const;

 private:
  friend class Assembly;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Of a results file, which stays open as long as the analysis lives.
std::shared_ptr<const Analysis> open_analysis(const std::filesystem::path& path,
                                              const AnalysisRequest& request);

/// Puts the parts of an analysis together.
class Assembly {
 public:
  explicit Assembly(std::shared_ptr<const Analysis> analysis);
  ~Assembly();

  /// The first part that may be worked out but was not asked for yet, and counts it as asked for;
  /// -1 if there is none: parts that are far ahead of those put together would only take memory.
  /// `most_open`: how many may be under way or wait for their turn.
  std::int32_t next_part(std::int32_t most_open);
  /// Any part that was asked for. Throws FormatError on damaged bytes.
  void add(std::int32_t part, std::string bytes);
  bool complete() const;
  /// When complete.
  Report finish();

 private:
  void absorb(std::string_view bytes);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace allometer::report
