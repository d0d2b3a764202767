// SPDX-License-Identifier: Apache-2.0
#include "recorder/symbols.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "recorder/image_store.h"

namespace fib::recorder {
namespace {

using trace::Deviation;

constexpr std::uint64_t kStoreLimitNs = 10'000'000'000;

/// A file of the image store.
class StoredFile {
 public:
  explicit StoredFile(const char* path) noexcept {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size > 0) {
      const auto size = static_cast<std::size_t>(info.st_size);
      void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
      if (at != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(at), size};
    }
    if (fd >= 0) ::close(fd);
  }
  ~StoredFile() {
    if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

ComputeCapability capability_of(const driver::DriverApi& api, CUdevice device) noexcept {
  ComputeCapability result;
  (void)api.cuDeviceGetAttribute(&result.major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
                                 device);
  (void)api.cuDeviceGetAttribute(&result.minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
                                 device);
  return result;
}

/// Without duplicates: symbol tables overlap, and a fatbin may hold the same code twice.
void tidy(SymbolNames& names) {
  std::ranges::sort(names, {}, &SymbolName::name);
  const auto same = [](const SymbolName& a, const SymbolName& b) { return a.name == b.name; };
  names.erase(std::unique(names.begin(), names.end(), same), names.end());
}

}  // namespace

bool Symbols::read_part(const StoredImage& part, SymbolNames& names) {
  char path[PATH_MAX];
  if (!content_path(path, session_.directory().images_path(), part.hash)) return false;
  const StoredFile file(path);
  CUdevice device = 0;
  if (file.bytes().empty() || api_.cuCtxGetDevice(&device) != CUDA_SUCCESS) return false;
  return image_symbols(file.bytes(), part.kind, capability_of(api_, device), names);
}

bool Symbols::read_images(const UsedLoad& used, SymbolNames& names) {
  std::vector<StoredImage> parts = session_.images().stored(used.load);
  if (parts.size() < used.parts) {
    // The writer thread has it in its queue.
    session_.flush(kStoreLimitNs);
    parts = session_.images().stored(used.load);
  }
  bool complete = parts.size() >= used.parts && !parts.empty();
  for (const StoredImage& part : parts) complete = read_part(part, names) && complete;
  tidy(names);
  return complete;
}

Symbols::Load& Symbols::known(const UsedLoad& used) {
  const auto [found, fresh] = loads_read_.try_emplace(used.load);
  if (fresh && !read_images(used, found->second.names))
    session_.deviation(Deviation::SymbolsUnknown,
                       "the variables of load %u can't be listed: their content is not recorded",
                       used.load);
  return found->second;
}

void Symbols::prepare() noexcept try {
  const std::lock_guard lock(mutex_);
  if (current_context(api_) == 0) return;  // which code is used depends on the GPU
  for (const UsedLoad& used : loads_.used()) (void)known(used);
} catch (...) {
  session_.deviation(Deviation::SymbolsUnknown, "no memory to list the variables of images");
}

CUresult Symbols::ask(const UsedLoad& used, const char* name, Place& place) noexcept {
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  CUresult rc = CUDA_ERROR_NOT_FOUND;
  if (!used.is_library) {
    const auto module = static_cast<CUmodule>(const_cast<void*>(used.handle));
    rc = api_.cuModuleGetGlobal_v2(&address, &bytes, module, name);
  } else {
    const auto library = static_cast<CUlibrary>(const_cast<void*>(used.handle));
    rc = api_.cuLibraryGetGlobal(&address, &bytes, library, name);
    if (rc == CUDA_ERROR_NOT_FOUND) rc = api_.cuLibraryGetManaged(&address, &bytes, library, name);
  }
  place.address = address;
  place.bytes = bytes;
  return rc;
}

LiveRegion Symbols::region_of(const UsedLoad& used, std::uint64_t context, const std::string& name,
                              Place place) {
  Place& known = places_[{context, std::to_string(used.load) + ' ' + name}];
  if (known.address != place.address || known.bytes != place.bytes) {
    known = place;
    known.region = live_.new_region_number();
  }
  LiveRegion region;
  region.name = name;
  region.fixed.region = known.region;
  region.fixed.address = place.address;
  region.fixed.bytes = place.bytes;
  region.fixed.context = context;
  region.fixed.handle = reinterpret_cast<std::uintptr_t>(used.handle);
  region.fixed.kind = number_of(trace::RegionKind::Symbol);
  region.fixed.load = used.load;
  return region;
}

void Symbols::add_regions(const UsedLoad& used, std::uint64_t context,
                          std::vector<LiveRegion>& to) {
  Load& load = known(used);
  std::size_t lost = 0;
  std::string first_lost;
  for (SymbolName& symbol : load.names) {
    Place place;
    const CUresult rc = ask(used, symbol.name.c_str(), place);
    if (rc == CUDA_SUCCESS && place.address != 0 && place.bytes != 0)
      to.push_back(region_of(used, context, symbol.name, place));
    if (rc != CUDA_ERROR_NOT_FOUND) continue;
    if (symbol.writable && ++lost == 1) first_lost = symbol.name;
    symbol.name.clear();
  }
  std::erase_if(load.names, [](const SymbolName& symbol) { return symbol.name.empty(); });
  if (lost > 0)
    session_.deviation(Deviation::SymbolsUnknown,
                       "the driver does not find %zu variables of load %u, the first one of them "
                       "%.100s: their content is not recorded",
                       lost, used.load, first_lost.c_str());
}

std::vector<LiveRegion> Symbols::regions() noexcept try {
  const std::lock_guard lock(mutex_);
  const std::uint64_t context = current_context(api_);
  CUdevice device = -1;
  if (context == 0 || api_.cuCtxGetDevice(&device) != CUDA_SUCCESS) return {};
  std::vector<LiveRegion> list;
  for (const UsedLoad& used : loads_.used())
    if (used.is_library || used.context == context) add_regions(used, context, list);
  for (LiveRegion& region : list) region.fixed.device = device;
  return list;
} catch (...) {
  session_.deviation(Deviation::SymbolsUnknown, "no memory to list the variables of images");
  return {};
}

}  // namespace fib::recorder
