// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "pages/gpu_hasher.h"
#include "replayer/memory.h"
#include "replayer/transfer.h"

namespace fib::replayer {

/// Reads, writes and hashes pages of the plan where they lie. The GPU must be idle. Throws
/// driver::DriverError.
class PageAccess {
 public:
  PageAccess(const driver::DriverApi& api, const Plan& plan, Contexts& contexts,
             const Memory& memory, Deviations& deviations)
      : api_(api),
        plan_(plan),
        contexts_(contexts),
        memory_(memory),
        deviations_(deviations),
        transfer_(api, contexts) {}

  /// Whether the page is there at all.
  [[nodiscard]] bool has(std::uint32_t page) const;
  [[nodiscard]] std::uint32_t bytes_of(std::uint32_t page) const;
  /// Arrives by the next flush().
  void write(std::uint32_t page, trace::Bytes content);
  void flush() { transfer_.flush(); }
  [[nodiscard]] std::vector<std::byte> read(std::uint32_t page);

  /// Reads pages, those that lie one behind the other at once; visit(page, content) gets each, in
  /// order.
  template <class Visit>
  void read_many(std::span<const std::uint32_t> pages, Visit&& visit) {
    for (std::size_t done = 0; done < pages.size();) {
      trace::Bytes content = read_run(pages.subspan(done));
      for (; !content.empty(); content = content.subspan(bytes_of(pages[done++])))
        visit(pages[done], content.first(bytes_of(pages[done])));
    }
  }

  /// Where pages lie, worked out once for hashing the same ones again and again.
  class Places;
  /// Pages must be there.
  [[nodiscard]] std::unique_ptr<Places> places(std::span<const std::uint32_t> pages);
  /// `hashes` gets one for each, in order.
  void hash(const Places& places, std::vector<trace::Hash>& hashes);
  void hash(std::span<const std::uint32_t> pages, std::vector<trace::Hash>& hashes);
  /// Of kPageBytes bytes at each of these addresses (multiples of 8) of a GPU, of pages or not.
  [[nodiscard]] std::vector<trace::Hash> hash_at(CUcontext context,
                                                 std::span<const CUdeviceptr> addresses);

 private:
  struct Place {
    std::uint64_t address;
    std::uint32_t bytes;
    bool host;
    CUcontext context;
  };
  [[nodiscard]] Place place(std::uint32_t page) const;
  pages::GpuHasher* hasher(CUcontext context);
  /// The first of the pages and those right behind it, as far as one transfer goes.
  [[nodiscard]] trace::Bytes read_run(std::span<const std::uint32_t> pages);
  trace::Hash hash_here(const Place& place);

  const driver::DriverApi& api_;
  const Plan& plan_;
  Contexts& contexts_;
  const Memory& memory_;
  Deviations& deviations_;
  Transfer transfer_;
  std::map<CUcontext, std::unique_ptr<pages::GpuHasher>> hashers_;  ///< null: it does not load
  std::vector<std::byte> buffer_;
};

class PageAccess::Places {
 private:
  friend class PageAccess;
  struct OnGpu {
    std::vector<CUdeviceptr> addresses;
    std::vector<std::size_t> indexes;
  };
  std::size_t count_ = 0;
  std::map<CUcontext, OnGpu> on_gpu_;
  std::vector<std::pair<std::size_t, Place>> here_;  ///< for the CPU: ends of regions
};

}  // namespace fib::replayer
