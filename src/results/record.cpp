#include "results/record.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"

static_assert(std::endian::native == std::endian::little, "records are written little-endian");

namespace allometer::results {
namespace {

/// First byte of every encoded shard. Add one when the layout changes.
constexpr std::uint8_t kVersion = 1;
/// The same with the artifact behind the costs.
constexpr std::uint8_t kVersionWithArtifact = 2;

class Encoder {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  template <class T>
  void numbers(const std::vector<T>& values) {
    number(static_cast<std::uint32_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

[[noreturn]] void malformed(std::string_view problem) {
  throw FormatError(fmt::format("shard record: {}", problem));
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number<std::uint32_t>())); }
  template <class T>
  std::vector<T> numbers() {
    const std::size_t count = number<std::uint32_t>();
    const std::string_view bytes = take(count * sizeof(T));
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  std::size_t remaining() const { return rest_.size(); }

 private:
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) malformed(fmt::format("ends {} bytes early", count - rest_.size()));
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
};

bool is_flag(std::int16_t value) {
  return value == 0 || value == 1;
}

/// What is wrong with a record; empty if nothing.
std::string_view defect(const QuestionRecord& record, std::int32_t question) {
  if (record.question != question) return "its questions are not in order";
  if (!is_flag(record.truncated) || record.context_tokens < 0) return "a question has a bad prompt";
  const std::size_t requests = record.log_likelihood.size();
  if (record.is_greedy.size() != requests || record.num_tokens.size() != requests) {
    return "a question's answers differ in number";
  }
  if (record.generated.size() > requests) return "a question has more texts than requests";
  if (!std::all_of(record.is_greedy.begin(), record.is_greedy.end(), is_flag)) {
    return "is_greedy is neither 0 nor 1";
  }
  if (record.metric_value.size() != record.metric_weight.size()) {
    return "a question's metrics and weights differ in number";
  }
  return {};
}

void encode_cost(const Cost& cost, Encoder& out) {
  out.number(cost.wall_seconds);
  out.number(cost.load_seconds);
  out.number(cost.tokens_computed);
  out.number(cost.tokens_requested);
  out.number(cost.flops);
  out.number(cost.peak_memory_bytes);
  out.number(static_cast<std::uint8_t>(cost.energy_joules.has_value()));
  out.number(cost.energy_joules.value_or(0.0));
}

Cost decode_cost(Decoder& in) {
  Cost cost;
  cost.wall_seconds = in.number<double>();
  cost.load_seconds = in.number<double>();
  cost.tokens_computed = in.number<std::int64_t>();
  cost.tokens_requested = in.number<std::int64_t>();
  cost.flops = in.number<double>();
  cost.peak_memory_bytes = in.number<std::int64_t>();
  const auto has_energy = in.number<std::uint8_t>();
  const auto energy = in.number<double>();
  if (has_energy > 1) malformed("its energy is neither there nor missing");
  if (has_energy == 1) cost.energy_joules = energy;
  return cost;
}

void encode_record(const QuestionRecord& record, Encoder& out) {
  out.number(record.question);
  out.number(record.context_tokens);
  out.number(record.truncated);
  out.numbers(record.log_likelihood);
  out.numbers(record.is_greedy);
  out.numbers(record.num_tokens);
  out.number(static_cast<std::uint32_t>(record.generated.size()));
  for (const std::string& text : record.generated) out.text(text);
  out.numbers(record.metric_value);
  out.numbers(record.metric_weight);
}

QuestionRecord decode_record(Decoder& in) {
  QuestionRecord record;
  record.question = in.number<std::int32_t>();
  record.context_tokens = in.number<std::int32_t>();
  record.truncated = in.number<std::int16_t>();
  record.log_likelihood = in.numbers<double>();
  record.is_greedy = in.numbers<std::int16_t>();
  record.num_tokens = in.numbers<std::int32_t>();
  const std::size_t texts = in.number<std::uint32_t>();
  // Each text takes four bytes at least: a count that lies must not reserve gigabytes.
  if (texts > in.remaining() / 4) malformed("has more texts than bytes");
  for (std::size_t i = 0; i < texts; ++i) record.generated.push_back(in.text());
  record.metric_value = in.numbers<double>();
  record.metric_weight = in.numbers<double>();
  return record;
}

ShardResult decode_head(Decoder& in) {
  const auto version = in.number<std::uint8_t>();
  if (version != kVersion && version != kVersionWithArtifact) {
    malformed(
        fmt::format("has layout {}, this program reads layouts {} and {}; use the version of "
                    "Allometer that wrote it",
                    version, kVersion, kVersionWithArtifact));
  }
  ShardResult shard;
  for (std::uint8_t& byte : shard.cell.bytes) byte = in.number<std::uint8_t>();
  shard.begin = in.number<std::int32_t>();
  shard.end = in.number<std::int32_t>();
  if (shard.begin < 0 || shard.end < shard.begin) {
    malformed(fmt::format("covers questions [{}, {})", shard.begin, shard.end));
  }
  shard.attempt = in.number<std::int32_t>();
  shard.rank = in.number<std::int32_t>();
  shard.host = in.text();
  shard.cost = decode_cost(in);
  if (version == kVersionWithArtifact) shard.artifact = in.text();
  return shard;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

bool is_nothing(const Cost& cost) {
  return cost.wall_seconds == 0 && cost.load_seconds == 0 && cost.tokens_computed == 0 &&
         !cost.energy_joules;
}

}  // namespace

bool QuestionRecord::operator==(const QuestionRecord& other) const {
  return question == other.question && context_tokens == other.context_tokens &&
         truncated == other.truncated && same_bits(log_likelihood, other.log_likelihood) &&
         is_greedy == other.is_greedy && num_tokens == other.num_tokens &&
         generated == other.generated && same_bits(metric_value, other.metric_value) &&
         same_bits(metric_weight, other.metric_weight);
}

Cost& Cost::operator+=(const Cost& other) {
  if (is_nothing(*this)) {
    energy_joules = other.energy_joules;
  } else if (energy_joules && other.energy_joules) {
    *energy_joules += *other.energy_joules;
  } else if (!is_nothing(other)) {
    energy_joules.reset();
  }
  wall_seconds += other.wall_seconds;
  load_seconds += other.load_seconds;
  tokens_computed += other.tokens_computed;
  tokens_requested += other.tokens_requested;
  flops += other.flops;
  peak_memory_bytes = std::max(peak_memory_bytes, other.peak_memory_bytes);
  return *this;
}

std::string ShardResult::encode() const {
  ALLOMETER_EXPECT(begin >= 0 && end - begin == static_cast<std::int64_t>(records.size()));
  Encoder out;
  out.number(artifact.empty() ? kVersion : kVersionWithArtifact);
  for (const std::uint8_t byte : cell.bytes) out.number(byte);
  out.number(begin);
  out.number(end);
  out.number(attempt);
  out.number(rank);
  out.text(host);
  encode_cost(cost, out);
  if (!artifact.empty()) out.text(artifact);
  std::int32_t question = begin;
  for (const QuestionRecord& record : records) {
    ALLOMETER_EXPECT(defect(record, question).empty());
    encode_record(record, out);
    ++question;
  }
  return out.take();
}

ShardResult ShardResult::decode_header(std::string_view bytes) {
  Decoder in(bytes);
  return decode_head(in);
}

ShardResult ShardResult::decode(std::string_view bytes) {
  Decoder in(bytes);
  ShardResult shard = decode_head(in);
  for (std::int32_t question = shard.begin; question < shard.end; ++question) {
    shard.records.push_back(decode_record(in));
    const std::string_view problem = defect(shard.records.back(), question);
    if (!problem.empty()) malformed(problem);
  }
  if (in.remaining() > 0) malformed(fmt::format("is {} bytes too long", in.remaining()));
  return shard;
}

}  // namespace allometer::results
