// SPDX-License-Identifier: Apache-2.0
#include "replayer/memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "driver/check.h"
#include "driver/device_location.h"
#include "replayer/error.h"

namespace fib::replayer {
namespace {

std::string gib(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GiB",
                static_cast<double>(bytes) / static_cast<double>(std::uint64_t{1} << 30));
  return text;
}

CUmemAllocationProp properties_on(CUdevice device) {
  CUmemAllocationProp properties{};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location = driver::device_location(device);
  return properties;
}

}  // namespace

void Memory::check_room(const MemoryLayout& layout) {
  std::set<int> devices;
  for (const PhysicalPiece& piece : layout.physical) devices.insert(piece.device);
  for (const int device : devices) {
    std::size_t free = 0, total = 0;
    contexts_.enter(contexts_.of_device(device));
    FIB_DRIVER_CHECK(api_, cuMemGetInfo_v2(&free, &total));
    const std::uint64_t needed = layout.device_bytes(device);
    if (needed > free)
      throw Refusal("the window needs " + gib(needed) + " of memory on GPU " +
                    std::to_string(map_(device)) + ", and " + gib(free) + " of its " + gib(total) +
                    " are free");
    std::size_t granularity = 0;
    const CUmemAllocationProp properties = properties_on(map_(device));
    FIB_DRIVER_CHECK(api_, cuMemGetAllocationGranularity(&granularity, &properties,
                                                         CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    if (granularity == 0 || kGranule % granularity != 0)
      throw Refusal("GPU " + std::to_string(map_(device)) + " maps memory in pieces of " +
                    std::to_string(granularity) + " bytes; this is not supported");
  }
}

std::vector<CUmemGenericAllocationHandle> Memory::make_pieces(const MemoryLayout& layout) {
  std::vector<CUmemGenericAllocationHandle> handles;
  for (const PhysicalPiece& piece : layout.physical) {
    const CUmemAllocationProp properties = properties_on(map_(piece.device));
    handles.emplace_back();
    const CUresult rc = api_.cuMemCreate(&handles.back(), piece.bytes, &properties, 0);
    if (rc != CUDA_SUCCESS)
      throw Refusal("no " + gib(piece.bytes) + " more on GPU " +
                    std::to_string(map_(piece.device)) + ": " + result_name(api_, rc) +
                    " (the window needs " + gib(layout.device_bytes(piece.device)) + ")");
  }
  return handles;
}

void Memory::grant_access(const Range& range, int device) {
  const CUdevice own = map_(device);
  std::vector<CUmemAccessDesc> access;
  for (const CUdevice other : contexts_.devices()) {
    int can = other == own ? 1 : 0;
    if (can == 0 && api_.cuDeviceCanAccessPeer(&can, other, own) != CUDA_SUCCESS) can = 0;
    if (can != 0)
      access.push_back({driver::device_location(other), CU_MEM_ACCESS_FLAGS_PROT_READWRITE});
  }
  FIB_DRIVER_CHECK(api_, cuMemSetAccess(range.begin, range.bytes(), access.data(), access.size()));
}

void Memory::register_host(const Range& range) {
  void* const host = reinterpret_cast<void*>(range.begin);
  contexts_.enter(std::uint64_t{0});
  CUresult rc = api_.cuMemHostRegister_v2(
      host, range.bytes(), CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP);
  if (rc != CUDA_SUCCESS)
    throw Refusal(gib(range.bytes()) + " of host memory can't be pinned: " + result_name(api_, rc) +
                  "; see ulimit -l");
  CUdeviceptr on_gpu = 0;
  rc = api_.cuMemHostGetDevicePointer_v2(&on_gpu, host, 0);
  if (rc != CUDA_SUCCESS || on_gpu != range.begin)
    throw Refusal("pinned host memory has another address on this GPU than on the CPU");
}

void Memory::map(const MemoryLayout& layout) {
  check_room(layout);
  const auto handles = make_pieces(layout);
  for (const MappedPiece& piece : layout.mapped) {
    FIB_DRIVER_CHECK(api_, cuMemMap(piece.range.begin, piece.range.bytes(), piece.offset,
                                    handles[piece.physical], 0));
    grant_access(piece.range, layout.physical[piece.physical].device);
    progress_.beat();
  }
  // Mappings keep the memory.
  for (const CUmemGenericAllocationHandle handle : handles)
    FIB_DRIVER_CHECK(api_, cuMemRelease(handle));
  for (const Range& range : layout.host) {
    register_host(range);
    progress_.beat();
  }
  for (const std::string& note : layout.notes) deviations_.add(note);
  host_ = layout.host;
  device_ = layout.device;
  bases_.resize(plan_.regions.size());
  for (std::size_t i = 0; i < plan_.regions.size(); ++i) {
    const RegionPlan& region = plan_.regions[i];
    if (region.on_host() && region.fixed.address != region.fixed.host_address)
      throw Refusal("pinned host memory had another address on the recorded GPU than on the CPU");
    if (!region.is_symbol()) bases_[i] = region.fixed.address;
  }
}

void Memory::find_symbols(Code& code, const std::set<std::uint32_t>& loads) {
  for (std::size_t i = 0; i < plan_.regions.size(); ++i) {
    const RegionPlan& region = plan_.regions[i];
    if (!region.is_symbol()) continue;
    std::string problem = "nothing in the window uses its image";
    CUdeviceptr address = 0;
    std::size_t bytes = 0;
    const bool found = loads.contains(region.fixed.load) &&
                       code.global(region.fixed.load, region.name,
                                   contexts_.find(region.fixed.context), address, bytes, problem);
    // Programs may ask for the address alone.
    const std::uint64_t size = region.fixed.bytes != 0 ? region.fixed.bytes : bytes;
    const Range recorded{region.fixed.address, region.fixed.address + size};
    symbols_.push_back(recorded);
    if (found && region.pages == 0) keep_content(i, address, bytes);
    if (found && bytes >= region.fixed.bytes)
      bases_[i] = address;
    else if (loads.contains(region.fixed.load))
      deviations_.add("the global " + region.name +
                      " is not brought back: " + (found ? "it has another size" : problem));
    if (address != region.fixed.address) moved_.push_back({recorded, found ? address : 0});
  }
  symbols_ = joined(std::move(symbols_));
  std::sort(moved_.begin(), moved_.end(),
            [](const auto& a, const auto& b) { return a.recorded.begin < b.recorded.begin; });
}

void Memory::keep_content(std::size_t region, CUdeviceptr address, std::size_t bytes) {
  Fresh fresh{region, contexts_.find(plan_.regions[region].fixed.context), address,
              std::vector<std::byte>(bytes)};
  contexts_.enter(fresh.context);
  FIB_DRIVER_CHECK(api_, cuMemcpyDtoH_v2(fresh.content.data(), address, bytes));
  fresh_.push_back(std::move(fresh));
}

void Memory::reset_symbols() {
  for (const Fresh& fresh : fresh_) {
    contexts_.enter(fresh.context);
    FIB_DRIVER_CHECK(api_,
                     cuMemcpyHtoD_v2(fresh.address, fresh.content.data(), fresh.content.size()));
  }
}

std::map<std::size_t, std::vector<std::byte>> Memory::asked_symbols(std::uint32_t load) {
  std::map<std::size_t, std::vector<std::byte>> contents;
  for (const Fresh& fresh : fresh_) {
    if (plan_.regions[fresh.region].fixed.load != load) continue;
    std::vector<std::byte>& content = contents[fresh.region];
    content.resize(fresh.content.size());
    contexts_.enter(fresh.context);
    FIB_DRIVER_CHECK(api_, cuMemcpyDtoH_v2(content.data(), fresh.address, content.size()));
  }
  return contents;
}

bool Memory::is_host(std::uint64_t address) const {
  return overlaps(host_, {address, address + 1});
}

bool Memory::is_device(std::uint64_t address) const {
  return overlaps(device_, {address, address + 1}) || overlaps(symbols_, {address, address + 1});
}

const Memory::Symbol* Memory::symbol_at(std::uint64_t address) const {
  if (moved_.empty() || address < moved_.front().recorded.begin ||
      address >= moved_.back().recorded.end)
    return nullptr;
  const auto after = std::upper_bound(
      moved_.begin(), moved_.end(), address,
      [](std::uint64_t a, const Symbol& symbol) { return a < symbol.recorded.begin; });
  const Symbol& symbol = *std::prev(after);
  return address < symbol.recorded.end ? &symbol : nullptr;
}

std::uint64_t Memory::rebased(std::uint64_t address) const {
  const Symbol* symbol = symbol_at(address);
  return symbol == nullptr || symbol->now == 0 ? address
                                               : symbol->now + (address - symbol->recorded.begin);
}

void Memory::rebase_words(std::span<std::byte> bytes) const {
  if (moved_.empty()) return;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    const std::uint64_t moved = rebased(word);
    if (moved == word) continue;
    std::memcpy(bytes.data() + at, &moved, sizeof moved);
    ++rebased_words_;
  }
}

bool Memory::has_moved_pointer(trace::Bytes bytes) const {
  if (moved_.empty()) return false;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (symbol_at(word) != nullptr) return true;
  }
  return false;
}

}  // namespace fib::replayer
