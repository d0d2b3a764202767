// SPDX-License-Identifier: Apache-2.0
#include "dispatch/image_hashes.h"

#include <memory>
#include <span>

#include "recorder/image.h"
#include "recorder/rt_log.h"
#include "registry/code/device_code.h"
#include "trace/checksum.h"

namespace fib::dispatch {
namespace {

/// Of images that the engine may free, all together: Triton's and Inductor's are small.
constexpr std::size_t kMostCopied = std::size_t{256} << 20;

/// The module or library that a kernel was found in; null if the driver does not tell.
const void* container_of(const driver::DriverApi& api, CUfunction handle) noexcept {
  CUmodule module = nullptr;
  if (api.cuFuncGetModule != nullptr && api.cuFuncGetModule(&module, handle) == CUDA_SUCCESS)
    return module;
  CUlibrary library = nullptr;
  if (api.cuKernelGetLibrary != nullptr &&
      api.cuKernelGetLibrary(&library, reinterpret_cast<CUkernel>(handle)) == CUDA_SUCCESS)
    return library;
  return nullptr;
}

}  // namespace

void ImageHashes::decide(bool wanted) noexcept {
  wanted_.store(wanted, std::memory_order_relaxed);
  if (wanted) return;
  const std::lock_guard lock(mutex_);
  images_.clear();
  copied_bytes_ = 0;
}

void ImageHashes::loaded(const void* container, bool is_library, const void* image) noexcept try {
  if (!wanted_.load(std::memory_order_relaxed)) return;
  const auto found = std::make_unique<recorder::ImageParts>(recorder::inspect_image(image));
  const std::lock_guard lock(mutex_);
  Image& kept = images_[container];
  for (const Part& part : kept.parts) copied_bytes_ -= part.copy.size();
  kept = {{}, is_library};
  for (const recorder::ImageBytes& bytes : std::span(found->parts, found->count)) {
    Part part{bytes.data, bytes.size, {}};
    if (!recorder::is_in_loaded_object(bytes.data, bytes.size)) {
      if (copied_bytes_ + bytes.size > kMostCopied) continue;
      part.copy.assign(bytes.data, bytes.data + bytes.size);
      part.data = part.copy.data();
      copied_bytes_ += bytes.size;
    }
    kept.parts.push_back(std::move(part));
  }
} catch (...) {
  recorder::say("out of memory: bindings that ask for a code hash may not match");
}

void ImageHashes::loaded_file(const void* container, bool is_library, const char* path) noexcept
    try {
  if (!wanted_.load(std::memory_order_relaxed) || path == nullptr) return;
  std::vector<std::byte> content = recorder::read_image_file(path);
  content.push_back(std::byte{0});  // PTX in a file has no terminator
  loaded(container, is_library, content.data());
} catch (...) {
  recorder::say("out of memory: bindings that ask for a code hash may not match");
}

void ImageHashes::ending(const void* container) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = images_.find(container);
  if (found == images_.end()) return;
  for (const Part& part : found->second.parts) copied_bytes_ -= part.copy.size();
  images_.erase(found);
}

const ImageHashes::Image* ImageHashes::find(CUfunction handle, const std::string& name) {
  if (const auto known = images_.find(container_of(api_, handle)); known != images_.end())
    return &known->second;
  // A function that was made from a library's kernel: its module is the driver's own.
  const Image* only = nullptr;
  for (const auto& [container, image] : images_) {
    if (!image.is_library) continue;
    CUkernel kernel = nullptr;
    auto* const library = static_cast<CUlibrary>(const_cast<void*>(container));
    if (api_.cuLibraryGetKernel(&kernel, library, name.c_str()) != CUDA_SUCCESS) continue;
    if (only != nullptr) return nullptr;  // no telling which
    only = &image;
  }
  return only;
}

ImageHashes::Hashes ImageHashes::of(CUfunction handle, const std::string& name,
                                    const Gpu& gpu) noexcept try {
  const std::lock_guard lock(mutex_);
  Hashes hashes;
  const Image* const image = find(handle, name);
  if (image == nullptr) return hashes;
  if (image->parts.size() == 1)
    hashes.image = trace::content_hash({image->parts.front().data, image->parts.front().size});
  const code::ComputeCapability capability{static_cast<int>(gpu.arch / 10),
                                           static_cast<int>(gpu.arch % 10)};
  for (const Part& part : image->parts) {
    if (!hashes.code) hashes.code = code::code_hash({part.data, part.size}, name, capability);
  }
  return hashes;
} catch (...) {
  recorder::say("out of memory: a binding that asks for a code hash may not match");
  return {};
}

}  // namespace fib::dispatch
