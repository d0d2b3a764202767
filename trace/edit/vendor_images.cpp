// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/vendor_images.h"

#include <algorithm>
#include <array>

namespace fib::trace {

bool is_vendor_library(std::string_view path) {
  static constexpr std::array<std::string_view, 22> kNames = {
      "libcublas",   "libcudnn",        "libcufft",    "libcurand", "libcusolver", "libcusparse",
      "libcutensor", "libnccl",         "libnpp",      "libnvjpeg", "libnvinfer",  "libnvrtc",
      "libnvshmem",  "libnvjitlink",    "libnvfatbin", "libcufile", "libcuda.so",  "libcudart",
      "libnvblas",   "libnvonnxparser", "libcudss",    "libnvtiff"};
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const bool named = std::any_of(kNames.begin(), kNames.end(),
                                 [file](std::string_view name) { return file.starts_with(name); });
  return named || path.find("/site-packages/nvidia/") != std::string_view::npos ||
         path.find("/dist-packages/nvidia/") != std::string_view::npos;
}

bool is_vendor_kernel(std::string_view name) {
  // Not curand: whoever draws random numbers in a kernel has its types in the kernel's name.
  static constexpr std::array<std::string_view, 10> kAnywhere = {
      "cublas", "cudnn",    "cufft",         "cusparse",   "cusolver",
      "_xmma_", "cutensor", "ncclDevKernel", "ncclKernel", "nvjpeg"};
  static constexpr std::array<std::string_view, 3> kFirst = {"nvjet_", "regular_fft", "vector_fft"};
  const auto within = [name](std::string_view part) {
    return name.find(part) != std::string_view::npos;
  };
  const auto first = [name](std::string_view part) { return name.starts_with(part); };
  return std::any_of(kAnywhere.begin(), kAnywhere.end(), within) ||
         std::any_of(kFirst.begin(), kFirst.end(), first);
}

void VendorImages::on_load(const Load& load) {
  if (is_vendor_library(load.path)) reasons_[load.fixed.load] = load.path;
}

void VendorImages::on_kernel(const Kernel& kernel) {
  if (kernel.fixed.load != 0 && is_vendor_kernel(kernel.name))
    reasons_.try_emplace(kernel.fixed.load, "kernel " + std::string(kernel.name));
}

void VendorImages::on_image(const Image& image) {
  images_[image.fixed.load].push_back(std::to_array(image.fixed.hash));
}

void VendorImages::next_log() {
  for (const auto& [load, images] : images_) {
    const auto reason = reasons_.find(load);
    for (const Hash& hash : images) {
      std::string& known = found_[hash];
      if (reason != reasons_.end()) known = reason->second;
    }
  }
  reasons_.clear();
  images_.clear();
}

}  // namespace fib::trace
