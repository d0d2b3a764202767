// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/runner.h"

#include <array>
#include <bit>

#include "driver/check.h"
#include "judge/trial/pattern.h"
#include "judge/trial/reasons.h"

namespace fib::judge {

void expect_success(const driver::DriverApi& api, CUresult rc, const std::string& what) {
  if (rc == CUDA_SUCCESS) return;
  const bool address = rc == CUDA_ERROR_ILLEGAL_ADDRESS || rc == CUDA_ERROR_MISALIGNED_ADDRESS ||
                       rc == CUDA_ERROR_INVALID_ADDRESS_SPACE;
  const bool refused = rc == CUDA_ERROR_INVALID_VALUE || rc == CUDA_ERROR_INVALID_IMAGE ||
                       rc == CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES ||
                       rc == CUDA_ERROR_NO_BINARY_FOR_GPU || rc == CUDA_ERROR_NOT_SUPPORTED ||
                       rc == CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE ||
                       rc == CUDA_ERROR_INVALID_CLUSTER_SIZE;
  throw CandidateFailed(address   ? reasons::kIllegalAddress
                        : refused ? reasons::kRefused
                                  : reasons::kDriverError,
                        what + " fails: " + replayer::result_name(api, rc));
}

RunOutcome Runner::incumbent(const MemoryState& from) {
  memory_.set(from);
  subject_.launch_incumbent();
  subject_.wait();
  RunOutcome outcome{memory_.get(), {}};
  outcome.strayed = memory_.strayed().value_or("");
  return outcome;
}

RunOutcome Runner::candidate(const MemoryState& from, std::uint32_t workspace) try {
  memory_.set(from);
  subject_.machine().contexts.enter(subject_.context());
  candidate_.poison_workspace(seed_, workspace);
  std::array<std::byte, 4> pattern{};
  fill_pattern(pattern, seed_, workspace);
  // Where the driver can't compile it, less is checked.
  (void)shared_.fill(subject_.stream(), std::bit_cast<std::uint32_t>(pattern));
  expect_success(subject_.api(), candidate_.launch(), "its launch");
  subject_.wait();
  RunOutcome outcome{memory_.get(), {}};
  outcome.strayed = memory_.strayed().value_or("");
  if (const std::string where = candidate_.strayed_from_workspace(); !where.empty())
    outcome.strayed = "its workspace, " + where;
  return outcome;
} catch (const driver::DriverError& error) {
  // Whatever fails after its launch fails because of it: everything worked before.
  expect_success(subject_.api(), error.code(), "its run");
  throw;
}

}  // namespace fib::judge
