// SPDX-License-Identifier: Apache-2.0
#include "dispatch/shadow/unverified.h"

namespace fib::dispatch {

const char* describe(Unverified reason) noexcept {
  switch (reason) {
    case Unverified::NoMemory: return "there is no scratch memory in this context";
    case Unverified::AllInUse:
      return "all scratch memory waits for results of earlier launches; raise FIBSHIM_SHADOW, or "
             "scratch_bytes in the configuration";
    case Unverified::TooLarge:
      return "outputs are larger than the scratch memory; raise scratch_bytes in the configuration";
    case Unverified::Dependent: return "the engine overlaps this launch with the one before it";
    case Unverified::Outputs: return "there are too many outputs";
    case Unverified::DType: return "an output has a type that can't be compared";
    case Unverified::Extent: return "an output's extent is not known, or has gaps";
    case Unverified::Tolerance: return "there are no tolerances for its outputs";
    case Unverified::HiddenAddress:
      return "an argument holds an output's address but does not name the output";
    case Unverified::Arguments: return "its arguments have no value with other addresses";
    case Unverified::DriverRefused: return "the driver refused a part of the comparison";
    case Unverified::None:
    case Unverified::Count: break;
  }
  return "";
}

}  // namespace fib::dispatch
