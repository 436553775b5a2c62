#pragma once
/// What Qwen 2 and Qwen 3 share beside Llama.

#include <vector>

#include "model/config_reader.hpp"

namespace allometer::model {

/// The windows of "use_sliding_window", "sliding_window" and "max_window_layers", the first layer
/// with a window; empty: none.
std::vector<int> read_qwen_windows(const ConfigReader& reader, const Config& config);

}  // namespace allometer::model
