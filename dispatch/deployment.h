// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "registry/match/match_table.h"

/// What is to be launched in place of what: plain data. Made from a registry
/// (dispatch/source/registry_source.h), or in memory by tests; made ready for launches as a
/// Generation.
namespace fib::dispatch {

/// A kind of GPU in this process. Devices of one name and architecture are of one kind.
struct Gpu {
  std::string name;        ///< as CUDA reports it
  std::uint32_t arch = 0;  ///< compute capability, 90 for 9.0
};

/// One loadable image of a candidate: cubin, fatbin or PTX (which ends at the string's own NUL).
struct CandidateImage {
  std::string module;      ///< LaunchProgram::Kernel::module that it holds; empty: the default one
  std::uint32_t arch = 0;  ///< Gpu::arch that it is for; 0: any (PTX, fatbin)
  std::string bytes;       ///< checked against the hash that was recorded for it
};

/// Within which bounds one output may differ from the incumbent's: either bound, per element.
struct OutputTolerance {
  std::string dtype;  ///< "bfloat16"
  double max_atol = 0, max_rtol = 0;
};

/// What a candidate of the table needs to be used.
struct CandidateCode {
  std::string unusable;   ///< why it can't be used here, one line; empty: it can
  std::string demoted;    ///< why the registry does not want it used, one line; empty: it does
  bool is_needed = true;  ///< false: no launch here leads to it; not loaded
  std::vector<CandidateImage> images;       ///< for all kinds of GPUs that the deployment is for
  std::vector<OutputTolerance> tolerances;  ///< per output of the Definition
  std::string fingerprint;  ///< of all that makes up the candidate: same text, same candidate
};

struct Deployment {
  std::string origin;                              ///< for messages: the registry's root
  std::unique_ptr<const match::MatchTable> table;  ///< never null
  std::vector<CandidateCode> candidates;           ///< by the table's candidate index
};

/// Reads deployments. Called by the first thread whose context appears, and for reloads by the
/// control thread; never by two at once.
class DeploymentSource {
 public:
  virtual ~DeploymentSource() = default;
  /// For these kinds of GPUs, in this order; never empty. Null: there is nothing to use, and why
  /// has been said in one line. Makes no driver call.
  [[nodiscard]] virtual std::unique_ptr<Deployment> read(std::span<const Gpu> gpus) noexcept = 0;
};

}  // namespace fib::dispatch
