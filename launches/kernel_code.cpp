// SPDX-License-Identifier: Apache-2.0
#include "launches/kernel_code.h"

#include <algorithm>

namespace fib::launches {

const LoadedImage* KernelCodeReader::image_of(const ProcessLaunches& process,
                                              const LaunchedKernel& kernel) {
  const auto images = process.images.find(kernel.load);
  if (images == process.images.end()) return nullptr;
  const auto first = std::find_if(images->second.begin(), images->second.end(),
                                  [](const LoadedImage& image) { return image.part == 0; });
  return first != images->second.end() ? &*first : nullptr;
}

code::ComputeCapability KernelCodeReader::gpu_of(const ProcessLaunches& process,
                                                 const LaunchForm& form) {
  const ProcessLaunches::Device* const device = process.device_of(form);
  return device != nullptr ? code::ComputeCapability{device->major, device->minor}
                           : code::ComputeCapability{};
}

std::optional<match::CodeHash> KernelCodeReader::image_hash(const ProcessLaunches& process,
                                                            const LaunchedKernel& kernel) const {
  const LoadedImage* const image = image_of(process, kernel);
  return image != nullptr ? std::optional(image->hash) : std::nullopt;
}

std::optional<match::CodeHash> KernelCodeReader::code_hash(const ProcessLaunches& process,
                                                           const LaunchedKernel& kernel,
                                                           const LaunchForm& form) {
  const LoadedImage* const image = image_of(process, kernel);
  if (image == nullptr) return std::nullopt;
  const code::ComputeCapability gpu = gpu_of(process, form);
  const auto [found, fresh] =
      hashes_.try_emplace({trace::hash_hex(image->hash), gpu.major * 10 + gpu.minor});
  if (fresh) {
    const trace::MappedFile file(trace::image_path(capture_, image->hash));
    found->second = code::CodeHashes(file.bytes(), gpu);
  }
  return found->second.find(kernel.name);
}

std::optional<code::DeviceCode> KernelCodeReader::code(const ProcessLaunches& process,
                                                       const LaunchedKernel& kernel,
                                                       const LaunchForm& form,
                                                       std::string& why) const {
  const LoadedImage* const image = image_of(process, kernel);
  if (image == nullptr) {
    why = "its image is not in the capture (recorded without it, or stripped)";
    return std::nullopt;
  }
  const auto path = trace::image_path(capture_, image->hash);
  const trace::MappedFile file(path);
  if (!file.error().empty()) {
    why = path.string() + ": " + file.error();
    return std::nullopt;
  }
  const code::ComputeCapability gpu = gpu_of(process, form);
  auto found = code::code_of(file.bytes(), kernel.name, gpu);
  if (!found) {
    why = path.string() + ": holds no code of it for compute capability " +
          std::to_string(gpu.major) + '.' + std::to_string(gpu.minor);
  }
  return found;
}

}  // namespace fib::launches
