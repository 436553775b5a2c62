#include "core/error.hpp"

#include <system_error>

namespace allometer {

std::string system_message(int errno_value) {
  return std::generic_category().message(errno_value);
}

}  // namespace allometer
