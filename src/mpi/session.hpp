#pragma once
/// MPI from start to end, and messages between ranks that never block.

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace allometer::mpi {

/// One received message.
struct Message {
  int source = 0;
  int tag = 0;
  std::string payload;
};

/// MPI_COMM_WORLD from MPI_Init_thread (FUNNELED) to MPI_Finalize. All methods are for the thread
/// that made the session. Failures of MPI throw BackendError; the owner ends the job with abort(),
/// never by unwinding past peers that wait.
class Session {
 public:
  /// Collective.
  Session(int* argc, char*** argv);
  /// Local; does not finalize: call finish() on the orderly path.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// "Open MPI v4.1.4, ..." up to the first comma.
  static std::string library_version();

  /// Local. Starts sending a copy of `payload`; returns at once. A send to the own rank is
  /// delivered by receive().
  void send(int destination, int tag, std::string payload);
  /// Local. The next message from anyone, if one has arrived.
  std::optional<Message> receive();
  /// Local. The next message, waiting in naps of 0.5 ms so that a computing thread keeps its core;
  /// nothing after `timeout`.
  std::optional<Message> receive_within(std::chrono::milliseconds timeout);
  /// Local. True when everything that was sent has left this process.
  bool all_sent();

  /// Collective. Waits until what every rank sent has left it, dropping what still arrives; then
  /// finalizes MPI.
  void finish();
  /// Ends every rank of the job at once. Does not return.
  [[noreturn]] void abort(int exit_code);

 private:
  struct Pending;
  void reap();

  int rank_ = 0;
  int size_ = 1;
  bool finished_ = false;
  std::deque<std::unique_ptr<Pending>> pending_;
  std::deque<Message> to_self_;
};

}  // namespace allometer::mpi
