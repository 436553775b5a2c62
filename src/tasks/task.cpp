#include "tasks/task.hpp"

#include <array>

namespace allometer::tasks {
namespace {

constexpr std::array kSamplers{Sampler::first_n, Sampler::fixed, Sampler::per_question,
                               Sampler::lm_eval};

}  // namespace

std::string_view name_of(OutputType type) {
  switch (type) {
    case OutputType::multiple_choice:
      return "multiple_choice";
    case OutputType::loglikelihood:
      return "loglikelihood";
    case OutputType::loglikelihood_rolling:
      return "loglikelihood_rolling";
    case OutputType::generate_until:
      return "generate_until";
  }
  return "unknown";
}

std::string_view name_of(Sampler sampler) {
  switch (sampler) {
    case Sampler::first_n:
      return "first_n";
    case Sampler::fixed:
      return "fixed";
    case Sampler::per_question:
      return "per_question";
    case Sampler::lm_eval:
      return "lm_eval";
  }
  return "unknown";
}

std::optional<Sampler> parse_sampler(std::string_view name) {
  for (const Sampler sampler : kSamplers) {
    if (name == name_of(sampler)) return sampler;
  }
  return std::nullopt;
}

std::vector<ExplainedText> Task::explained_texts(int) const {
  return {};
}

std::vector<std::vector<Request>> Task::perturbed_requests(
    int, std::span<const std::vector<std::string>>, const PromptSettings&) const {
  return {};
}

}  // namespace allometer::tasks
