// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "replayer/plan.h"

namespace fib::replayer {

/// The image of one load, as the driver takes it. Must outlive what was loaded from it.
class LoadedImage {
 public:
  /// Reads the parts from the capture's store and rebuilds the wrapper around linked ones. False,
  /// with the reason in `problem`, where one is missing or damaged.
  bool read(const trace::Capture& capture, const LoadPlan& plan, std::string& problem);
  /// Throws Refusal where images that were recorded are not in the store, or damaged.
  static void require(const trace::Capture& capture, const LoadPlan& plan);
  /// What to hand to the driver.
  [[nodiscard]] const void* data() const;

 private:
  /// __fatBinC_Wrapper_t of fatbinary_section.h.
  struct Wrapper {
    unsigned int magic, version;
    const void* data;
    const void* const* prelinked;
  };
  std::vector<std::vector<std::byte>> parts_;
  std::vector<const void*> prelinked_;  ///< parts 1.., then null
  std::unique_ptr<Wrapper> wrapper_;
};

}  // namespace fib::replayer
