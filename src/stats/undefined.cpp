#include "stats/undefined.hpp"

namespace allometer::stats {

std::string_view name_of(Undefined reason) {
  switch (reason) {
    case Undefined::no:
      return "";
    case Undefined::too_few:
      return "too few points";
    case Undefined::constant:
      return "constant";
    case Undefined::not_finite:
      return "not finite";
    case Undefined::not_identified:
      return "not identified";
    case Undefined::not_converged:
      return "not converged";
    case Undefined::separated:
      return "separated";
  }
  return "";
}

}  // namespace allometer::stats
