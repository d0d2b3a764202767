// SPDX-License-Identifier: Apache-2.0
//
// The memory image, page by page: hashing and copying of device and host memory.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "recorder/host_memory.h"
#include "recorder/memory_image.h"
#include "recorder/safe_point.h"
#include "trace/checksum.h"

namespace fib::recorder {

using trace::Hash;
using trace::kPageBytes;
using trace::RegionKind;

namespace {

using Piece = ContextTools::Piece;

/// Pages that one task of the pool takes at a time.
constexpr std::size_t kTaskPages = 16;

/// Whole pages at addresses that the GPU's kernel can read.
bool gpu_can_hash(const Piece& piece) noexcept {
  return piece.bytes == kPageBytes && piece.address % 8 == 0;
}

/// A page of host memory, in place where that is safe, else through `buffer`; empty if it can't be
/// read. Memory that the program registered is the program's: it may have unmapped it since.
std::span<const std::byte> host_page(const ScannedRegion& entry, std::size_t page,
                                     std::byte* buffer) noexcept {
  const trace::RegionRecord& fixed = entry.region.fixed;
  const std::uint64_t base = fixed.host_address != 0 ? fixed.host_address : fixed.address;
  const std::uint64_t at = base + std::uint64_t{page} * kPageBytes;
  const std::uint32_t bytes = page_bytes(fixed.bytes, page);
  if (static_cast<RegionKind>(fixed.kind) != RegionKind::Registered)
    return {reinterpret_cast<const std::byte*>(at), bytes};
  if (!read_host(at, buffer, bytes)) return {};
  return {buffer, bytes};
}

}  // namespace

CUcontext MemoryImage::context_of(const LiveRegion& region) const noexcept {
  CUcontext found = nullptr;
  for (const LiveContext& context : contexts_) {
    if (reinterpret_cast<std::uintptr_t>(context.handle) == region.fixed.context)
      return context.handle;
    const bool same_device = context.device == region.fixed.device;
    if (same_device && (found == nullptr || context.primary)) found = context.handle;
  }
  return found;
}

ContextTools* MemoryImage::tools_in(CUcontext context) {
  std::unique_ptr<ContextTools>& tools = tools_[context];
  if (tools != nullptr) return tools.get();
  auto made = std::make_unique<ContextTools>(api_);
  if (const CUresult rc = made->prepare(); rc != CUDA_SUCCESS) {
    fail("no pinned memory for the memory image", rc);
    return nullptr;
  }
  tools = std::move(made);
  return tools.get();
}

bool MemoryImage::scan_device(CUcontext context, const std::vector<ScannedRegion*>& regions) {
  const CurrentContext current(api_, context);
  if (current.result() != CUDA_SUCCESS)
    return fail("a context of the engine can't be used", current.result());
  ContextTools* tools = tools_in(context);
  if (tools == nullptr) return false;
  std::vector<CUdeviceptr> on_gpu;
  std::vector<Piece> by_copy;
  std::vector<Hash*> gpu_results, copy_results;
  for (ScannedRegion* entry : regions)
    for (std::size_t page = 0; page < entry->hashes.size(); ++page) {
      const Piece piece = piece_of(*entry, page);
      if (tools->can_hash() && gpu_can_hash(piece)) {
        on_gpu.push_back(piece.address);
        gpu_results.push_back(&entry->hashes[page]);
      } else {
        by_copy.push_back(piece);
        copy_results.push_back(&entry->hashes[page]);
      }
    }
  std::vector<Hash> hashes(on_gpu.size());
  if (!on_gpu.empty())
    if (const CUresult rc = tools->hash(on_gpu, hashes); rc != CUDA_SUCCESS)
      return fail("memory can't be hashed", rc);
  for (std::size_t i = 0; i < hashes.size(); ++i) *gpu_results[i] = hashes[i];
  const CUresult rc = tools->copy_out(by_copy, [&](const ContextTools::Batch& batch) {
    const std::size_t count = batch.contents.size();
    pool_.run((count + kTaskPages - 1) / kTaskPages, [&](std::size_t task) {
      for (std::size_t i = task * kTaskPages; i < std::min(count, (task + 1) * kTaskPages); ++i)
        *copy_results[batch.first + i] =
            trace::content_hash({batch.contents[i], by_copy[batch.first + i].bytes});
    });
  });
  return rc == CUDA_SUCCESS || fail("memory can't be copied", rc);
}

void MemoryImage::scan_host(ScannedRegion& entry) {
  const std::size_t count = entry.hashes.size();
  std::atomic<bool> unreadable{false};
  pool_.run((count + kTaskPages - 1) / kTaskPages, [&](std::size_t task) {
    const std::unique_ptr<std::byte[]> buffer(new (std::nothrow) std::byte[kPageBytes]);
    for (std::size_t i = task * kTaskPages; i < std::min(count, (task + 1) * kTaskPages); ++i) {
      const auto content =
          buffer != nullptr ? host_page(entry, i, buffer.get()) : std::span<const std::byte>{};
      if (content.empty())
        unreadable.store(true);
      else
        entry.hashes[i] = trace::content_hash(content);
    }
  });
  if (!unreadable.load()) return;
  entry.unreadable = true;
  entry.hashes.clear();
  session_.deviation(trace::Deviation::HostRead,
                     "registered host memory at 0x%llx can't be read any more; its content is not "
                     "recorded",
                     static_cast<unsigned long long>(entry.region.fixed.address));
}

bool MemoryImage::store_device(CUcontext context, const NewPages& pages) {
  const CurrentContext current(api_, context);
  ContextTools* tools = tools_in(context);
  if (tools == nullptr) return false;
  const std::vector<Piece>& pieces = pages.pieces;
  bool kept = spool_.error() == 0;
  std::vector<std::byte*> places;
  const CUresult rc = tools->copy_out(pieces, [&](const ContextTools::Batch& batch) {
    const std::size_t count = batch.contents.size();
    places.clear();
    for (std::size_t i = 0; i < count; ++i)
      places.push_back(spool_.place(pages.hashes[batch.first + i], pieces[batch.first + i].bytes));
    kept = kept && std::ranges::find(places, nullptr) == places.end();
    if (!kept) return;
    pool_.run((count + kTaskPages - 1) / kTaskPages, [&](std::size_t task) {
      for (std::size_t i = task * kTaskPages; i < std::min(count, (task + 1) * kTaskPages); ++i)
        std::memcpy(places[i], batch.contents[i], pieces[batch.first + i].bytes);
    });
    spool_.submit();
  });
  if (rc != CUDA_SUCCESS) return fail("memory can't be copied", rc);
  return kept || fail(spool_.problem());
}

bool MemoryImage::store_host(ScannedRegion& entry, const Pages& pages) {
  const auto buffer = std::make_unique<std::byte[]>(kPageBytes);
  for (const std::size_t page : pages) {
    auto content = host_page(entry, page, buffer.get());
    if (content.empty()) continue;
    // The CPU may have changed it since it was hashed, and may be at it now.
    if (content.data() != buffer.get()) std::memcpy(buffer.get(), content.data(), content.size());
    content = {buffer.get(), content.size()};
    entry.hashes[page] = trace::content_hash(content);
    if (!spool_.add(entry.hashes[page], content)) return fail(spool_.problem());
  }
  return true;
}

void MemoryImage::context_ending(CUcontext context) noexcept {
  const auto found = tools_.find(context);
  if (found == tools_.end()) return;
  const RelaxedCapture relaxed(api_);
  const CurrentContext current(api_, context);
  if (current.result() != CUDA_SUCCESS) (void)found->second.release();
  tools_.erase(found);
}

void MemoryImage::release() noexcept {
  while (!tools_.empty()) context_ending(tools_.begin()->first);
}

}  // namespace fib::recorder
