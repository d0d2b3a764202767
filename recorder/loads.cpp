// SPDX-License-Identifier: Apache-2.0
#include "recorder/loads.h"

#include <algorithm>

#include "recorder/clock.h"
#include "trace/encoder.h"

namespace fib::recorder {

using trace::Deviation;

void Loads::keep_part(Entry& entry, const ImageBytes& part) {
  // A load always has all its parts in one of the two lists, in order.
  if (entry.copies.empty() && is_in_loaded_object(part.data, part.size)) {
    entry.in_place.push_back(part);
    return;
  }
  const auto number = static_cast<std::uint32_t>(entry.in_place.size() + entry.copies.size());
  entry.copies.push_back(session_.images().copy(entry.load, number, part));
  if (entry.copies.back().data == nullptr)
    session_.deviation(Deviation::ImageUnknown, "no room to keep an image of %zu bytes", part.size);
}

void Loads::keep_image(Entry& entry, const LoadCall& call, trace::LoadRecord& record) {
  const ImageParts image = inspect_image(call.image);
  record.kind = static_cast<std::uint16_t>(image.kind);
  for (std::size_t i = 0; i < image.count; ++i) {
    record.bytes += image.parts[i].size;
    keep_part(entry, image.parts[i]);
  }
  if (image.count == 0)
    session_.deviation(Deviation::ImageUnknown, "image at %p has a format that is not known",
                       call.image);
}

void Loads::keep_file(Entry& entry, const LoadCall& call, trace::LoadRecord& record) {
  std::vector<std::byte> content = read_image_file(call.path);
  content.push_back(std::byte{0});  // PTX in a file has no terminator
  const ImageParts image = inspect_image(content.data());
  record.kind = static_cast<std::uint16_t>(image.kind);
  record.bytes = content.size() - 1;
  const ImageBytes whole{content.data(), content.size() - 1, image.kind};
  if (whole.size == 0) {
    session_.deviation(Deviation::ImageUnknown, "can't read the module file %s", call.path);
    return;
  }
  entry.copies.push_back(session_.images().copy(entry.load, 0, whole));
}

void Loads::loaded(const LoadCall& call) noexcept try {
  Entry entry;
  entry.is_library = call.is_library;
  trace::LoadRecord record{};
  record.api = static_cast<std::uint16_t>(call.api);
  record.handle = reinterpret_cast<std::uintptr_t>(call.handle);
  record.address = reinterpret_cast<std::uintptr_t>(call.image);
  CUcontext context = nullptr;
  if (!call.is_library && api_.cuCtxGetCurrent(&context) == CUDA_SUCCESS)
    entry.context = record.context = reinterpret_cast<std::uintptr_t>(context);
  {
    const std::lock_guard lock(mutex_);
    entry.load = record.load = next_load_++;
  }
  // Without the mutex: this takes the loader's lock and may copy megabytes.
  if (call.path != nullptr)
    keep_file(entry, call, record);
  else
    keep_image(entry, call, record);
  const char* path = call.path != nullptr ? call.path : object_path_of(call.image);
  if (path == nullptr) path = "";
  const bool kept = session_.definitions().add([&](trace::RecordBuffer& to) {
    return trace::encode_load(to, ticks(), record, call.options, call.library_options, path);
  });
  if (!kept) session_.deviation(Deviation::DefinitionDropped, "no memory for a load record");
  const std::lock_guard lock(mutex_);
  forget(call.handle);  // it may have died with its context, unseen
  entries_.insert_or_assign(call.handle, std::move(entry));
} catch (...) {
  session_.deviation(Deviation::ImageUnknown, "out of memory while recording a module load");
}

void Loads::unloading(const void* handle) noexcept {
  const std::lock_guard lock(mutex_);
  forget(handle);
}

void Loads::forget(const void* handle) noexcept {
  const auto found = entries_.find(handle);
  if (found != entries_.end()) {
    for (OwnedImage& copy : found->second.copies) session_.images().discard(copy);
    entries_.erase(found);
  }
  std::erase_if(aliases_, [&](const auto& a) { return a.first == handle || a.second == handle; });
}

void Loads::alias(const void* module, const void* library) noexcept try {
  const std::lock_guard lock(mutex_);
  aliases_[module] = library;
} catch (...) {
  session_.deviation(Deviation::ImageUnknown, "out of memory while recording a module handle");
}

void Loads::store(Entry& entry) noexcept {
  entry.stored = true;
  entry.parts = entry.in_place.size() + entry.copies.size();
  bool complete = true;
  const auto push = [&](OwnedImage image) noexcept {
    complete = image.data != nullptr && session_.images().push(std::move(image)) && complete;
  };
  std::uint32_t number = 0;
  for (const ImageBytes& part : entry.in_place)
    push(session_.images().copy(entry.load, number++, part));
  for (OwnedImage& copy : entry.copies) push(std::move(copy));
  entry.copies.clear();
  if (!complete)
    session_.deviation(Deviation::ImageUnknown, "no room to keep the image of load %u", entry.load);
}

std::uint32_t Loads::use(const void* handle) noexcept {
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(handle);
  if (found == entries_.end()) {
    const auto alias = aliases_.find(handle);
    if (alias != aliases_.end()) found = entries_.find(alias->second);
  }
  if (found == entries_.end()) return 0;
  if (!found->second.stored) store(found->second);
  return found->second.load;
}

std::vector<UsedLoad> Loads::used() const {
  const std::lock_guard lock(mutex_);
  std::vector<UsedLoad> list;
  for (const auto& [handle, entry] : entries_)
    if (entry.stored)
      list.push_back({entry.load, handle, entry.is_library, entry.context, entry.parts});
  std::ranges::sort(list, {}, &UsedLoad::load);
  return list;
}

void Loads::context_ended(std::uint64_t context) noexcept {
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    const void* const handle = it->first;
    const bool ended = !it->second.is_library && it->second.context == context;
    ++it;
    if (ended) forget(handle);
  }
}

std::uint32_t Loads::use_library_of(CUmodule module, const char* kernel_name) noexcept try {
  std::vector<CUlibrary> libraries;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [handle, entry] : entries_)
      if (entry.is_library) libraries.push_back(static_cast<CUlibrary>(const_cast<void*>(handle)));
  }
  // The driver is asked without the mutex.
  std::erase_if(libraries, [&](CUlibrary library) {
    CUkernel kernel = nullptr;
    return api_.cuLibraryGetKernel(&kernel, library, kernel_name) != CUDA_SUCCESS;
  });
  if (libraries.size() > 1)
    std::erase_if(libraries, [&](CUlibrary library) {
      CUmodule own = nullptr;
      return api_.cuLibraryGetModule(&own, library) != CUDA_SUCCESS || own != module;
    });
  if (libraries.size() != 1) return 0;
  alias(module, libraries.front());
  return use(module);
} catch (...) {
  session_.deviation(Deviation::ImageUnknown, "out of memory while looking for a kernel's library");
  return 0;
}

}  // namespace fib::recorder
