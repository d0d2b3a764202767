// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launches/launch_forms.h"
#include "registry/code/device_code.h"
#include "registry/match/spec.h"
#include "trace/capture.h"
#include "trace/mapped_file.h"

namespace fib::launches {

/// Code of recorded kernels, from a capture's image store.
class KernelCodeReader {
 public:
  explicit KernelCodeReader(const trace::Capture& capture) : capture_(capture) {}

  /// Of the image that the kernel was loaded from; nothing if it is not stored.
  [[nodiscard]] std::optional<match::CodeHash> image_hash(const ProcessLaunches& process,
                                                          const LaunchedKernel& kernel) const;
  /// Of its machine code for the GPU that the form was launched on; nothing if that is not known.
  [[nodiscard]] std::optional<match::CodeHash> code_hash(const ProcessLaunches& process,
                                                         const LaunchedKernel& kernel,
                                                         const LaunchForm& form);
  /// The code itself, cubin or PTX. If there is none, `why` says so in one clause that names the
  /// file.
  [[nodiscard]] std::optional<code::DeviceCode> code(const ProcessLaunches& process,
                                                     const LaunchedKernel& kernel,
                                                     const LaunchForm& form,
                                                     std::string& why) const;

 private:
  [[nodiscard]] static const LoadedImage* image_of(const ProcessLaunches& process,
                                                   const LaunchedKernel& kernel);
  [[nodiscard]] static code::ComputeCapability gpu_of(const ProcessLaunches& process,
                                                      const LaunchForm& form);

  const trace::Capture& capture_;
  std::map<std::pair<std::string, int>, code::CodeHashes> hashes_;  ///< by image and capability
};

}  // namespace fib::launches
