#include "sweep/messages.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"

// Inside the namespace, so that argument-dependent look-up finds the conversions.
namespace allometer::tasks {
static void to_json(nlohmann::json& json, const PromptSettings& settings) {
  const ChatSettings& chat = settings.chat;
  json = {settings.num_fewshot,    name_of(settings.sampler), settings.seed,
          chat.apply_template,     chat.template_name,        chat.template_digest,
          chat.system_instruction, chat.fewshot_as_multiturn, settings.artifact};
}
static void from_json(const nlohmann::json& json, PromptSettings& settings) {
  json.at(0).get_to(settings.num_fewshot);
  settings.sampler = parse_sampler(json.at(1).get<std::string>()).value();
  json.at(2).get_to(settings.seed);
  json.at(3).get_to(settings.chat.apply_template);
  json.at(4).get_to(settings.chat.template_name);
  json.at(5).get_to(settings.chat.template_digest);
  json.at(6).get_to(settings.chat.system_instruction);
  json.at(7).get_to(settings.chat.fewshot_as_multiturn);
  json.at(8).get_to(settings.artifact);
}
}  // namespace allometer::tasks

namespace allometer::sweep {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Lease, id, cell, begin, end, attempt)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HelloMessage, host, instruction_set, cpus, wanted_threads,
                                   memory_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(IdentifyMessage, model, path)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(IdentifiedMessage, model, digest, tokenizer, failed, kind,
                                   reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SetupMessage::Model, path, digest)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SetupMessage::Task, file, digest, is_preparation)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SetupMessage::Variant, model, precision, chunk_flops,
                                   load_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SetupMessage, models, tasks, variants, instruction_set, threads,
                                   keeper, start, journal_directory, chunk_tokens, generation_bytes,
                                   ranks_on_node, watchdog_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReadyMessage, flops_per_second, energy_source)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Assignment, lease, cell_digest, cell_name, variant, task,
                                   settings)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DurableMessage, lease, failed, reason, wall_seconds,
                                   tokens_computed, artifact)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StopMessage, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReleasedMessage, leases)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AnalyseMessage, file, file_bytes, file_time, settings, tasks,
                                   part)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EndMessage, exit_code)

namespace {

std::string dump(const nlohmann::json& json) {
  // Reasons may quote damaged files: bytes that are not UTF-8 are replaced, never thrown at.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string encode(const HelloMessage& message) {
  return dump(message);
}
std::string encode(const IdentifyMessage& message) {
  return dump(message);
}
std::string encode(const IdentifiedMessage& message) {
  return dump(message);
}
std::string encode(const SetupMessage& message) {
  return dump(message);
}
std::string encode(const ReadyMessage& message) {
  return dump(message);
}
std::string encode(const Assignment& message) {
  return dump(message);
}
std::string encode(const DurableMessage& message) {
  return dump(message);
}
std::string encode(const StopMessage& message) {
  return dump(message);
}
std::string encode(const ReleasedMessage& message) {
  return dump(message);
}
std::string encode(const AnalyseMessage& message) {
  return dump(message);
}
std::string encode(const EndMessage& message) {
  return dump(message);
}

std::string encode(const ResultMessage& message) {
  // A JSON line, then the payload as it is: it may be megabytes.
  return dump({message.lease, message.failed, message.wall_seconds}) + '\n' + message.payload;
}

std::string encode(const AnalysedMessage& message) {
  return dump({message.part, message.failed}) + '\n' + message.payload;
}

template <class T>
T decode(std::string_view payload) {
  try {
    return nlohmann::json::parse(payload).get<T>();
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(std::string("a message from another rank is damaged: ") + error.what());
  }
}

namespace {

/// The JSON line before a payload that stands as it is.
std::string_view header_line(std::string_view payload) {
  const std::size_t line = payload.find('\n');
  if (line == std::string_view::npos)
    throw FormatError("a result from another rank is damaged: no header line");
  return payload.substr(0, line);
}

}  // namespace

template <>
ResultMessage decode<ResultMessage>(std::string_view payload) {
  const std::string_view header = header_line(payload);
  const auto [lease, failed, wall_seconds] = decode<std::tuple<std::int64_t, bool, double>>(header);
  return {lease, failed, std::string(payload.substr(header.size() + 1)), wall_seconds};
}

template <>
AnalysedMessage decode<AnalysedMessage>(std::string_view payload) {
  const std::string_view header = header_line(payload);
  const auto [part, failed] = decode<std::tuple<std::int32_t, bool>>(header);
  return {part, failed, std::string(payload.substr(header.size() + 1))};
}

template HelloMessage decode<HelloMessage>(std::string_view);
template IdentifyMessage decode<IdentifyMessage>(std::string_view);
template IdentifiedMessage decode<IdentifiedMessage>(std::string_view);
template SetupMessage decode<SetupMessage>(std::string_view);
template ReadyMessage decode<ReadyMessage>(std::string_view);
template Assignment decode<Assignment>(std::string_view);
template DurableMessage decode<DurableMessage>(std::string_view);
template StopMessage decode<StopMessage>(std::string_view);
template ReleasedMessage decode<ReleasedMessage>(std::string_view);
template AnalyseMessage decode<AnalyseMessage>(std::string_view);
template EndMessage decode<EndMessage>(std::string_view);

}  // namespace allometer::sweep
