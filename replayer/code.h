// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "driver/driver_api.h"
#include "replayer/contexts.h"
#include "replayer/images.h"

namespace fib::replayer {

/// A kernel that can be launched, or why it can't.
struct LoadedKernel {
  CUfunction function = nullptr;
  bool is_kernel = false;  ///< `function` is a CUkernel, as in the recording
  const KernelPlan* plan = nullptr;
  std::string problem;
};

/// Loads images and finds kernels and globals in them, each at its first use. What is loaded stays.
class Code {
 public:
  Code(const driver::DriverApi& api, const trace::Capture& capture, const Plan& plan,
       Contexts& contexts, Deviations& deviations)
      : api_(api), capture_(capture), plan_(plan), contexts_(contexts), deviations_(deviations) {}

  /// For launches in this context, which becomes current.
  const LoadedKernel& kernel(std::uint32_t id, CUcontext context);
  /// Where a global of a load is, in this context; false if it is not to be found.
  bool global(std::uint32_t load, const std::string& name, CUcontext context, CUdeviceptr& address,
              std::size_t& bytes, std::string& problem);
  /// Brings the attributes of all kernels back to what they were when the window began.
  void reset_attributes();
  /// The attributes of a kernel as they are now.
  [[nodiscard]] std::vector<trace::KernelAttribute> attributes_now(const LoadedKernel& kernel,
                                                                   CUcontext context) const;
  /// What a call of the window sets. `handle` is recorded; unknown ones were never launched.
  void set_attribute(std::uint64_t handle, int attribute, int value, CUcontext context);

 private:
  struct Load {
    LoadedImage image;
    CUlibrary library = nullptr;
    std::map<CUcontext, CUmodule> modules;
    std::string problem;
    bool read = false;
  };
  Load& load(std::uint32_t id);
  void load_library(Load& load, const LoadPlan& plan);
  CUmodule module_in(Load& load, std::uint32_t id, CUcontext context);
  LoadedKernel find(std::uint32_t id, CUcontext context);
  void find_in_library(const KernelPlan& plan, const Load& load, LoadedKernel& kernel);
  void apply_attributes(const LoadedKernel& kernel, CUcontext context);
  void apply_attribute(const LoadedKernel& kernel, int attribute, int value, CUcontext context);
  bool attribute_now(const LoadedKernel& kernel, int attribute, CUcontext context,
                     int& value) const;
  [[nodiscard]] std::string error_name(CUresult rc) const;

  const driver::DriverApi& api_;
  const trace::Capture& capture_;
  const Plan& plan_;
  Contexts& contexts_;
  Deviations& deviations_;
  std::map<std::uint32_t, Load> loads_;
  std::map<std::pair<std::uint32_t, CUcontext>, LoadedKernel> kernels_;
};

/// "CUDA_ERROR_...", never empty.
[[nodiscard]] std::string result_name(const driver::DriverApi& api, CUresult rc);

}  // namespace fib::replayer
