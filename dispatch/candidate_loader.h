// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "dispatch/contexts.h"
#include "dispatch/counters.h"
#include "dispatch/generation.h"
#include "driver/driver_api.h"

namespace fib::dispatch {

/// Gets candidates' code into the driver and into contexts. Libraries are shared by generations and
/// never unloaded: graphs may hold their kernels. Calls are made one at a time, by hooks (of calls
/// that make contexts) and the control thread, and are legal while others capture streams.
class CandidateLoader {
 public:
  CandidateLoader(const driver::DriverApi& api, Contexts& contexts, Counters& counters) noexcept
      : api_(api), contexts_(contexts), counters_(counters) {}

  /// Loads all that the deployment has; candidates become Ready, or NotLoaded with the reason in
  /// their counters and one line. Before anybody else sees the generation.
  void load(Generation& generation) noexcept;
  /// Forces the kernels into a context, so that no launch has to; a candidate that the context does
  /// not take is NotLoaded from then on.
  void load_into(CUcontext context, Generation& generation) noexcept;

 private:
  // Why not, or nothing.
  [[nodiscard]] std::string load_candidate(Generation& generation, std::int32_t candidate);
  [[nodiscard]] std::string load_kernel(Generation& generation, std::int32_t candidate,
                                        std::size_t kernel, std::size_t gpu);
  [[nodiscard]] std::string set_attributes(CUkernel kernel, std::size_t gpu,
                                           const match::LaunchAttributes& attributes);

  [[nodiscard]] CUresult library_of(const std::string& bytes, CUlibrary& library);
  void force(Generation& generation, std::int32_t candidate, std::size_t gpu) noexcept;
  void refuse(Generation& generation, std::int32_t candidate, const char* why) noexcept;

  const driver::DriverApi& api_;
  Contexts& contexts_;
  Counters& counters_;
  std::mutex mutex_;
  std::map<std::string, CUlibrary> libraries_;  ///< by the image's bytes
};

}  // namespace fib::dispatch
