#pragma once
/// HDF5 identifiers that close themselves, and checks that turn HDF5's error stack into exceptions.

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <hdf5.h>

namespace allometer::io::detail {

/// One HDF5 identifier and the call that closes it.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);

  Handle() = default;
  Handle(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  ~Handle() {
    if (id_ >= 0) closer_(id_);
  }
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), closer_(other.closer_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
  }
  hid_t get() const { return id_; }
  hid_t release() { return std::exchange(id_, H5I_INVALID_HID); }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Closer closer_ = nullptr;
};

/// To be called before any other HDF5 function. HDF5 prints its error stack unless told not to,
/// which belongs into the message of an exception; and its exit handler crashes over a file whose
/// last write failed, while all of ours are closed by then.
void prepare_library();

/// Throws IoError "cannot <action>: <what HDF5's error stack says>", with advice on full disks and
/// file locks.
[[noreturn]] void throw_hdf5(std::string_view action, const std::filesystem::path& file);

/// `id` as a handle; throws if the call that made it failed.
Handle checked(hid_t id, Handle::Closer closer, std::string_view action,
               const std::filesystem::path& file);
void check(herr_t status, std::string_view action, const std::filesystem::path& file);

}  // namespace allometer::io::detail
