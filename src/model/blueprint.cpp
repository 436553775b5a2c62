#include "model/blueprint.hpp"

#include <cmath>
#include <utility>

namespace allometer::model {

float usual_scale(int head_dim) {
  return static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)));
}

Normalization rms_norm(std::string name, int size) {
  return {Normalization::Kind::rms, std::move(name), size};
}

Normalization layer_norm(std::string name, int size) {
  return {Normalization::Kind::layer, std::move(name), size};
}

std::vector<RowRange> order_of_grouped_qkv(int num_groups, int queries_per_group, int head_dim) {
  const int group_rows = (queries_per_group + 2) * head_dim;
  const int query_rows = queries_per_group * head_dim;
  std::vector<RowRange> order;
  for (int g = 0; g < num_groups; ++g) order.push_back({g * group_rows, query_rows});
  for (int g = 0; g < num_groups; ++g) order.push_back({g * group_rows + query_rows, head_dim});
  for (int g = 0; g < num_groups; ++g)
    order.push_back({g * group_rows + query_rows + head_dim, head_dim});
  return order;
}

}  // namespace allometer::model
