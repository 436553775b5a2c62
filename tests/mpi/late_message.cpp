/// A program for two ranks: one sends what the other never asks for, and both finish. It ends with
/// 0, or not at all.

#include <cstddef>
#include <string>

#include "mpi/session.hpp"

int main(int argc, char** argv) {
  allometer::mpi::Session session(&argc, &argv);
  // Larger than MPI sends before the other side has agreed to take it.
  constexpr std::size_t kBytes = 10'000'000;
  if (session.rank() == 1) session.send(0, 1, std::string(kBytes, 'x'));
  session.finish();
  return session.size() == 2 ? 0 : 1;
}
