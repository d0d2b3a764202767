// SPDX-License-Identifier: Apache-2.0
#include "launches/launch_index.h"

#include <algorithm>

namespace fib::launches {

void LaunchIndex::on_api(const trace::Api& api) {
  Api& entry = apis_[api.api];
  entry.name = api.name;
  entry.form = classify_call(api.name, api.args);
  const std::string_view base = base_name(api.name);
  entry.is_cooperative = base.starts_with("cuLaunchCooperativeKernel");
  entry.is_get_global = base == "cuModuleGetGlobal" || base == "cuLibraryGetGlobal";
}

void LaunchIndex::on_device(const trace::Device& device) {
  to_.devices.try_emplace(device.fixed.ordinal,
                          ProcessLaunches::Device{std::string(device.name), device.fixed.cc_major,
                                                  device.fixed.cc_minor});
}

void LaunchIndex::on_context(const trace::Context& context) {
  to_.contexts[context.fixed.handle] = context.fixed.device;
}

void LaunchIndex::on_load(const trace::Load& load) { loads_[load.fixed.handle] = load.fixed.load; }

void LaunchIndex::on_image(const trace::Image& image) {
  LoadedImage stored;
  std::copy(std::begin(image.fixed.hash), std::end(image.fixed.hash), stored.hash.begin());
  stored.part = image.fixed.part;
  to_.images[image.fixed.load].push_back(stored);
}

void LaunchIndex::on_kernel(const trace::Kernel& kernel) {
  LaunchedKernel& entry = to_.kernels[kernel.fixed.kernel];
  entry = {};
  entry.name = kernel.name;
  entry.load = kernel.fixed.load;
  entry.layout_known = (kernel.header.flags & trace::kKernelLayoutUnknown) == 0;
  for (const trace::KernelParam& param : kernel.params) {
    entry.layout.push_back({param.offset, param.bytes});
  }
  for (const trace::KernelAttribute& attribute : kernel.attributes) {
    entry.attributes[attribute.attribute] = attribute.value;
  }
}

const LaunchIndex::Api* LaunchIndex::api(std::uint16_t number) const {
  const auto found = apis_.find(number);
  return found != apis_.end() ? &found->second : nullptr;
}

std::uint32_t LaunchIndex::load_of(std::uint64_t handle) const {
  const auto found = loads_.find(handle);
  return found != loads_.end() ? found->second : 0;
}

}  // namespace fib::launches
