#include "exchange/reported.hpp"

namespace allometer::exchange {

void ModelFacts::update(const ModelFacts& other) {
  const auto take = [](auto& mine, const auto& theirs) {
    if (theirs) mine = theirs;
  };
  take(name, other.name);
  take(family, other.family);
  take(num_parameters, other.num_parameters);
  take(num_parameters_without_embeddings, other.num_parameters_without_embeddings);
  take(training_tokens, other.training_tokens);
  take(training_flops, other.training_flops);
  for (const auto& [key, value] : other.levers) levers[key] = value;
}

}  // namespace allometer::exchange
