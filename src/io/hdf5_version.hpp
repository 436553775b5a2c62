#pragma once
/// Which HDF5 library this program runs with.

#include <string>

namespace allometer::io {

std::string hdf5_version();  ///< "1.10.8"

}  // namespace allometer::io
