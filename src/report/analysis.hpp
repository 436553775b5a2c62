#pragma once
/// An analysis in parts: one for each task, which need nothing of one another. Threads and the
/// ranks of a job may work them out; put together in their order they give the same report to the
/// last bit, whoever did what.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "report/report.hpp"

namespace allometer::report {

class Analysis {
 public:
  /// Throws FormatError if the source contradicts itself. The source must outlive this.
  explicit Analysis(const Source& source);
  ~Analysis();

  /// The same for equal sources.
  std::int32_t num_parts() const;
  /// What a part comes to, for absorb() of this or of another process. Several threads may work out
  /// parts at once; one at a time reads from the source.
  std::string work_out(std::int32_t part) const;

  /// Every part once, in order. Throws FormatError on damaged bytes.
  void absorb(std::string_view part);
  /// After the last part.
  Report finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace allometer::report
