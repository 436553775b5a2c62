#pragma once
/// Threads and instruction sets for the tests of this folder.

#include <omp.h>

namespace allometer::ops {

/// Sets the number of OpenMP threads until the end of the scope.
class WithThreads {
 public:
  explicit WithThreads(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
  ~WithThreads() { omp_set_num_threads(before_); }
  WithThreads(const WithThreads&) = delete;
  WithThreads& operator=(const WithThreads&) = delete;

 private:
  int before_;
};

}  // namespace allometer::ops
