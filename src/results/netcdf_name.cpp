#include "results/netcdf_name.hpp"

namespace allometer::results {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string clean(std::string_view text, std::string_view also) {
  std::string name;
  for (const char c : text) {
    const bool stays = is_letter_or_digit(c) || also.find(c) != std::string_view::npos;
    name += stays ? c : '_';
  }
  return name;
}

}  // namespace

std::string group_name(std::string_view text) {
  std::string name = clean(text, "_-.");
  // "." and ".." mean places in HDF5, and netCDF wants a letter, digit or '_' first.
  if (name.empty() || name.front() == '.' || name.front() == '-') name.insert(0, 1, '_');
  return name;
}

std::string column_name(std::string_view text) {
  std::string name = clean(text, "_");
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) name.insert(0, 1, '_');
  return name;
}

}  // namespace allometer::results
