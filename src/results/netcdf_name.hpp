#pragma once
/// Names that HDF5, netCDF and a Python attribute can all have.

#include <string>
#include <string_view>

namespace allometer::results {

/// A group's name: letters, digits, '_', '-' and '.' stay, anything else becomes '_'.
std::string group_name(std::string_view text);
/// A column's name: letters, digits and '_'.
std::string column_name(std::string_view text);

}  // namespace allometer::results
