#pragma once
/// Contracts: what must hold unless Allometer itself has a bug. Checked in debug and audit builds.

#include <stdexcept>
#include <string>

namespace allometer {

/// Thrown by a broken contract; main ends the whole job with it.
class ContractViolation : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void fail_contract(const char* condition, const char* file, int line) {
  throw ContractViolation(std::string(file) + ":" + std::to_string(line) + ": contract violated: " +
                          condition + " (a bug in Allometer; please report it)");
}

}  // namespace allometer

#ifdef ALLOMETER_CONTRACTS
#define ALLOMETER_EXPECT(condition) \
  ((condition) ? void(0) : ::allometer::fail_contract(#condition, __FILE__, __LINE__))
#else
#define ALLOMETER_EXPECT(condition) ((void)sizeof(!(condition)))
#endif
