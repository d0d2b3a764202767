// SPDX-License-Identifier: Apache-2.0
#include "replayer/page_access.h"

#include <cstring>

#include "driver/check.h"
#include "trace/checksum.h"

namespace fib::replayer {

bool PageAccess::has(std::uint32_t page) const {
  const RegionPlan& region = plan_.region_of(page);
  return memory_.base(static_cast<std::size_t>(&region - plan_.regions.data())).has_value();
}

std::uint32_t PageAccess::bytes_of(std::uint32_t page) const {
  const RegionPlan& region = plan_.region_of(page);
  return region.page_bytes(page - region.first_page);
}

PageAccess::Place PageAccess::place(std::uint32_t page) const {
  const RegionPlan& region = plan_.region_of(page);
  const std::uint32_t number = page - region.first_page;
  const std::uint64_t base =
      *memory_.base(static_cast<std::size_t>(&region - plan_.regions.data()));
  // A global lies in the context of its module.
  const CUcontext context = region.is_symbol() ? contexts_.find(region.fixed.context)
                                               : contexts_.of_device(region.fixed.device);
  return {base + std::uint64_t{number} * trace::kPageBytes, region.page_bytes(number),
          region.on_host(), context};
}

void PageAccess::write(std::uint32_t page, trace::Bytes content) {
  const Place at = place(page);
  if (at.host)
    std::memcpy(reinterpret_cast<void*>(at.address), content.data(), content.size());
  else
    transfer_.upload(at.address, content, at.context, page != plan_.region_of(page).first_page);
}

std::vector<std::byte> PageAccess::read(std::uint32_t page) {
  const Place at = place(page);
  std::vector<std::byte> content(at.bytes);
  if (at.host)
    std::memcpy(content.data(), reinterpret_cast<const void*>(at.address), at.bytes);
  else
    transfer_.download(at.address, content, at.context);
  return content;
}

trace::Bytes PageAccess::read_run(std::span<const std::uint32_t> pages) {
  const Place first = place(pages.front());
  if (first.host) return {reinterpret_cast<const std::byte*>(first.address), first.bytes};
  const RegionPlan& region = plan_.region_of(pages.front());
  std::size_t bytes = first.bytes;
  for (std::size_t i = 1; i < pages.size() && pages[i] == pages[i - 1] + 1; ++i) {
    if (pages[i] - region.first_page >= region.pages) break;
    if (bytes + bytes_of(pages[i]) > Transfer::kMostFetched) break;
    bytes += bytes_of(pages[i]);
  }
  return transfer_.fetch(first.address, bytes, first.context);
}

pages::GpuHasher* PageAccess::hasher(CUcontext context) {
  const auto [place, fresh] = hashers_.try_emplace(context);
  if (!fresh) return place->second.get();
  contexts_.enter(context);
  auto made = std::make_unique<pages::GpuHasher>(api_);
  const CUresult rc = made->load();
  if (rc == CUDA_SUCCESS)
    place->second = std::move(made);
  else
    deviations_.add(
        "pages are hashed on the CPU, which is slow: the kernel for it does not load: " +
        result_name(api_, rc));
  return place->second.get();
}

trace::Hash PageAccess::hash_here(const Place& at) {
  if (at.host)
    return trace::content_hash({reinterpret_cast<const std::byte*>(at.address), at.bytes});
  buffer_.resize(at.bytes);
  transfer_.download(at.address, buffer_, at.context);
  return trace::content_hash(buffer_);
}

std::unique_ptr<PageAccess::Places> PageAccess::places(std::span<const std::uint32_t> pages) {
  auto result = std::make_unique<Places>();
  result->count_ = pages.size();
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const Place at = place(pages[i]);
    if (at.bytes != trace::kPageBytes || at.address % 8 != 0 || hasher(at.context) == nullptr) {
      result->here_.emplace_back(i, at);
      continue;
    }
    Places::OnGpu& on_gpu = result->on_gpu_[at.context];
    on_gpu.addresses.push_back(at.address);
    on_gpu.indexes.push_back(i);
  }
  return result;
}

void PageAccess::hash(const Places& places, std::vector<trace::Hash>& hashes) {
  transfer_.flush();
  hashes.resize(places.count_);
  for (const auto& [index, at] : places.here_) hashes[index] = hash_here(at);
  for (const auto& [context, on_gpu] : places.on_gpu_) {
    const std::vector<trace::Hash> found = hash_at(context, on_gpu.addresses);
    for (std::size_t i = 0; i < found.size(); ++i) hashes[on_gpu.indexes[i]] = found[i];
  }
}

std::vector<trace::Hash> PageAccess::hash_at(CUcontext context,
                                             std::span<const CUdeviceptr> addresses) {
  std::vector<trace::Hash> found(addresses.size());
  pages::GpuHasher* const on_gpu = hasher(context);
  contexts_.enter(context);
  if (on_gpu == nullptr) {
    for (std::size_t i = 0; i < found.size(); ++i)
      found[i] = hash_here({addresses[i], trace::kPageBytes, false, context});
  } else if (const CUresult rc = on_gpu->hash(addresses, found); rc != CUDA_SUCCESS) {
    throw driver::DriverError(rc, "hashing memory failed: " + result_name(api_, rc));
  }
  return found;
}

void PageAccess::hash(std::span<const std::uint32_t> pages, std::vector<trace::Hash>& hashes) {
  hash(*places(pages), hashes);
}

}  // namespace fib::replayer
