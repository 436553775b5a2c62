/// Any bytes as a journal, and as each kind of record: read, skipped or refused with FormatError.
/// What is read must be written back to the same meaning.

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "io/journal.hpp"
#include "results/job_record.hpp"
#include "results/record.hpp"

namespace {

using namespace allometer;

template <class Record>
void round_trip(std::string_view bytes) {
  try {
    const std::string text = Record::decode(bytes).encode();
    if (Record::decode(text).encode() != text) std::abort();
  } catch (const FormatError&) {
  }
}

void decode_as_everything(std::string_view bytes) {
  round_trip<results::ShardResult>(bytes);
  round_trip<results::PlanRecord>(bytes);
  round_trip<results::StartRecord>(bytes);
  round_trip<results::LeaseRecord>(bytes);
  round_trip<results::FailureRecord>(bytes);
  round_trip<results::MachineRecord>(bytes);
  round_trip<results::FinishRecord>(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  std::int64_t intact = 0;
  const io::JournalDamage damage = io::scan_journal(bytes, [&](const io::JournalRecord& record) {
    intact += 16 + static_cast<std::int64_t>(record.payload.size());
    decode_as_everything(record.payload);
  });
  // Every byte is in an intact record, in the file's header or accounted for as lost.
  const std::int64_t rest = static_cast<std::int64_t>(size) - intact - damage.skipped_bytes;
  if (rest != 0 && rest != 8) std::abort();
  decode_as_everything({reinterpret_cast<const char*>(data), size});
  return 0;
}
