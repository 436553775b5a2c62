#include "io/hdf5_version.hpp"

#include <hdf5.h>

#include "io/detail/hdf5_handle.hpp"

namespace allometer::io {

std::string hdf5_version() {
  detail::prepare_library();
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace allometer::io
