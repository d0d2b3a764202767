// SPDX-License-Identifier: Apache-2.0
#include "recorder/payloads.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>

#include "recorder/clock.h"
#include "recorder/host_memory.h"
#include "recorder/params.h"
#include "trace/checksum.h"

namespace fib::recorder {

using trace::Deviation;
using trace::Hash;
using trace::kPageBytes;
using trace::PayloadKind;
using trace::RegionKind;

namespace {

/// Host memory that is looked at before one launch, at most.
constexpr std::uint64_t kMostReached = std::uint64_t{256} << 20;

std::uint64_t cpu_address(const LiveRegion& region) noexcept {
  return region.fixed.host_address != 0 ? region.fixed.host_address : region.fixed.address;
}

}  // namespace

void Payloads::opened() noexcept try {
  regions_.clear();
  generation_ = ~std::uint64_t{0};
  refresh();
} catch (const std::bad_alloc&) {
  session_.deviation(Deviation::HostRead, "no memory to watch host memory");
}

void Payloads::refresh() {
  const std::uint64_t now = live_.generation();
  if (now == generation_) return;
  std::vector<HostRegion> regions;
  for (LiveRegion& region : live_.regions()) {
    if (!is_host_memory(region)) continue;
    const auto old = std::ranges::find_if(regions_, [&](const HostRegion& known) {
      return known.region.fixed.region == region.fixed.region;
    });
    if (old != regions_.end()) {
      regions.push_back(std::move(*old));
    } else {
      const std::vector<Hash>* known = image_.known(region.fixed.region);
      regions.push_back(
          {std::move(region), known != nullptr ? *known : std::vector<Hash>(), false});
    }
  }
  regions_ = std::move(regions);
  aliased_.clear();
  for (std::size_t i = 0; i < regions_.size(); ++i)
    if (cpu_address(regions_[i].region) != regions_[i].region.fixed.address) aliased_.push_back(i);
  generation_ = now;
}

/// By the GPU's address, or by the CPU's, which hardly ever differs.
Payloads::HostRegion* Payloads::find(std::uint64_t address) noexcept {
  const auto behind = std::ranges::upper_bound(
      regions_, address, {}, [](const HostRegion& entry) { return entry.region.fixed.address; });
  if (behind != regions_.begin()) {
    HostRegion& entry = *std::prev(behind);
    if (address - entry.region.fixed.address < entry.region.fixed.bytes) return &entry;
  }
  for (const std::size_t index : aliased_)
    if (address - cpu_address(regions_[index].region) < regions_[index].region.fixed.bytes)
      return &regions_[index];
  return nullptr;
}

/// What may be addresses in the parameters of a launch, or of a graph's nodes.
void Payloads::collect_reach(const Operation& operation) {
  words_.clear();
  if (kind_of(operation.api) == OperationKind::GraphLaunch) {
    const auto exec = reinterpret_cast<CUgraphExec>(operation.words[0]);
    graphs_.look(exec, [&](const ExecInfo& info) { words_ = info.words; });
  } else if (operation.launch != nullptr && operation.launch->function != nullptr) {
    const KernelInfo* kernel = kernels_.find(operation.launch->function);
    if (kernel == nullptr || !kernel->layout_known || operation.launch->legacy) return;
    words_.resize((trace::padded(kernel->param_bytes)) / sizeof(std::uint64_t));
    if (words_.empty()) return;
    copy_params(reinterpret_cast<std::byte*>(words_.data()), *kernel, operation.launch->params,
                operation.launch->extra);
  }
}

void Payloads::before(const Operation& operation, bool gpu_is_idle, bool& needs_idle_gpu) noexcept
    try {
  needs_idle_gpu = false;
  const OperationKind kind = kind_of(operation.api);
  refresh();
  if (regions_.empty() && kind != OperationKind::Copy) return;
  const bool captured = captures_.id_of(stream_of(operation)) != 0;
  bool ready = true;
  if (kind == OperationKind::Copy) {
    ready = captured || copies(operation, gpu_is_idle);
  } else if (kind == OperationKind::Launch || kind == OperationKind::GraphLaunch) {
    if (captured) return;
    collect_reach(operation);
    ready = reaches(gpu_is_idle);
  }
  needs_idle_gpu = !ready;
  if (ready) touch(operation);
} catch (const std::bad_alloc&) {
  session_.deviation(Deviation::HostRead, "no memory to record what a call reads");
}

// ---- copies -------------------------------------------------------------------------------------

bool Payloads::copies(const Operation& operation, bool gpu_is_idle) {
  sources_.clear();
  append_sources(operation, sources_);
  std::erase_if(sources_, [&](const HostSource& source) {
    if (source.surely_host) return false;
    const std::optional<LiveRegion> region = live_.find(source.address);
    if (region) return !is_host_memory(*region);
    return is_device_address(source.address);
  });
  for (const HostSource& source : sources_) {
    const HostRegion* region = find(source.address);
    if (region != nullptr && region->gpu_touched && !gpu_is_idle) return false;
  }
  for (const HostSource& source : sources_) {
    write_source(source);
    // A replay has this content from now on, and perhaps not what follows.
    if (HostRegion* region = find(source.address); region != nullptr) region->known.clear();
  }
  return true;
}

/// Memory that no region accounts for: the driver knows a GPU's, and not the program's heap.
bool Payloads::is_device_address(std::uint64_t address) const noexcept {
  unsigned type = 0;
  return api_.cuPointerGetAttribute != nullptr &&
         api_.cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address) ==
             CUDA_SUCCESS &&
         type == CU_MEMORYTYPE_DEVICE;
}

void Payloads::write_source(const HostSource& source) {
  const auto buffer = std::make_unique<std::byte[]>(kPageBytes);
  hashes_.clear();
  for (std::uint64_t done = 0; done < source.bytes; done += kPageBytes) {
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(source.bytes - done, kPageBytes));
    if (!read_host(source.address + done, buffer.get(), bytes)) {
      session_.deviation(Deviation::HostRead, "%zu bytes at 0x%llx that a copy reads can't be read",
                         bytes, static_cast<unsigned long long>(source.address + done));
      std::memset(buffer.get(), 0, bytes);
    }
    hashes_.push_back(trace::content_hash({buffer.get(), bytes}));
    (void)spool_.add(hashes_.back(), {buffer.get(), bytes});  // errors end the window
  }
  write(PayloadKind::Source, source.address, source.bytes, hashes_);
}

// ---- what launches can reach --------------------------------------------------------------------

bool Payloads::reaches(bool gpu_is_idle) {
  reached_.clear();
  std::uint64_t bytes = 0;
  for (const std::uint64_t word : words_) {
    HostRegion* region = find(word);
    if (region == nullptr || std::ranges::find(reached_, region) != reached_.end()) continue;
    if (region->gpu_touched && !gpu_is_idle) return false;
    bytes += region->region.fixed.bytes;
    reached_.push_back(region);
  }
  if (bytes > kMostReached) {
    session_.deviation(Deviation::HostRead,
                       "a launch can reach %llu MiB of host memory, too much to look at",
                       static_cast<unsigned long long>(bytes >> 20));
    return true;
  }
  for (HostRegion* region : reached_) write_host(*region);
  return true;
}

/// Managed and pinned memory is read in place, registered memory with care.
void Payloads::write_host(HostRegion& entry) {
  const std::uint64_t base = cpu_address(entry.region);
  const std::uint64_t bytes = entry.region.fixed.bytes;
  const std::size_t count = page_count(bytes);
  const auto buffer = std::make_unique<std::byte[]>(kPageBytes);
  std::vector<Hash> now(count);
  for (std::size_t page = 0; page < count; ++page) {
    const std::uint64_t at = base + std::uint64_t{page} * kPageBytes;
    const std::uint32_t size = page_bytes(bytes, page);
    if (static_cast<RegionKind>(entry.region.fixed.kind) != RegionKind::Registered)
      std::memcpy(buffer.get(), reinterpret_cast<const void*>(at), size);
    else if (!read_host(at, buffer.get(), size))
      std::memset(buffer.get(), 0, size);
    now[page] = trace::content_hash({buffer.get(), size});
    (void)spool_.add(now[page], {buffer.get(), size});
  }
  // What a GPU may have written the replay's GPU writes, too, but the CPU may have undone it.
  const auto differs = [&](std::size_t page) {
    return entry.gpu_touched || page >= entry.known.size() || entry.known[page] != now[page];
  };
  for (std::size_t first = 0; first < count; ++first) {
    if (!differs(first)) continue;
    std::size_t end = first + 1;
    while (end < count && differs(end)) ++end;
    const std::uint64_t offset = std::uint64_t{first} * kPageBytes;
    const std::uint64_t length =
        std::min<std::uint64_t>(std::uint64_t{end} * kPageBytes, bytes) - offset;
    write(PayloadKind::Host, base + offset, length, std::span(now).subspan(first, end - first));
    first = end;
  }
  entry.known = std::move(now);
  entry.gpu_touched = false;
}

/// What this call lets GPUs write to from now on.
void Payloads::touch(const Operation& operation) {
  if (regions_.empty()) return;
  const OperationKind kind = kind_of(operation.api);
  if (kind != OperationKind::Launch && kind != OperationKind::GraphLaunch) {
    words_.clear();
    append_targets(operation, words_);
  }
  for (const std::uint64_t word : words_)
    if (HostRegion* region = find(word); region != nullptr) region->gpu_touched = true;
}

void Payloads::write(PayloadKind kind, std::uint64_t address, std::uint64_t bytes,
                     std::span<const Hash> hashes) noexcept {
  const std::size_t size =
      sizeof(trace::RecordHeader) + sizeof(trace::PayloadRecord) + hashes.size_bytes();
  std::byte* room = session_.reserve(size, false);
  if (room == nullptr) {
    session_.deviation(Deviation::HostRead,
                       "what a copy of %llu MiB reads is not recorded: the thread's ring is too "
                       "small (ring_bytes)",
                       static_cast<unsigned long long>(bytes >> 20));
    return;
  }
  const trace::RecordHeader header{static_cast<std::uint16_t>(trace::RecordType::Payload), 0,
                                   static_cast<std::uint32_t>(size), ticks()};
  const trace::PayloadRecord record{address, bytes, static_cast<std::uint32_t>(kind),
                                    static_cast<std::uint32_t>(hashes.size())};
  std::memcpy(room, &header, sizeof header);
  std::memcpy(room + sizeof header, &record, sizeof record);
  std::memcpy(room + sizeof header + sizeof record, hashes.data(), hashes.size_bytes());
  session_.commit(size, false);
}

}  // namespace fib::recorder
