// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "driver/driver_api.h"
#include "replayer/code.h"
#include "replayer/contexts.h"
#include "replayer/memory_layout.h"
#include "replayer/progress.h"

namespace fib::replayer {

/// The memory of a window, brought back at its addresses. It stays until the process ends.
class Memory {
 public:
  Memory(const driver::DriverApi& api, const Plan& plan, Contexts& contexts, const DeviceMap& map,
         Deviations& deviations, Progress& progress)
      : api_(api),
        plan_(plan),
        contexts_(contexts),
        map_(map),
        deviations_(deviations),
        progress_(progress) {}

  /// Backs the reserved ranges with memory, and registers host ranges. Throws Refusal where there
  /// is not enough of it, or host memory would have another address on the GPU.
  void map(const MemoryLayout& layout);
  /// Finds module globals in this process' images. Those of loads that nothing uses stay away.
  void find_symbols(Code& code, const std::set<std::uint32_t>& loads);
  /// Gives globals whose content the recording does not tell what their image gave them. With no
  /// launch under way.
  void reset_symbols();
  /// The content now of those among them that belong to a load, by region.
  [[nodiscard]] std::map<std::size_t, std::vector<std::byte>> asked_symbols(std::uint32_t load);

  /// Where a region begins here, as the GPU knows it; nothing for a symbol that is not there.
  [[nodiscard]] std::optional<CUdeviceptr> base(std::size_t region) const { return bases_[region]; }
  /// Host memory of the recording at this address, or memory of the GPU: what a copy may name.
  [[nodiscard]] bool is_host(std::uint64_t address) const;
  [[nodiscard]] bool is_device(std::uint64_t address) const;
  /// The same place in this process: other than `address` only for symbols that moved.
  [[nodiscard]] std::uint64_t rebased(std::uint64_t address) const;
  /// Rebases the 8-byte words of `bytes` that point into symbols.
  void rebase_words(std::span<std::byte> bytes) const;
  /// How many words rebase_words() changed so far.
  [[nodiscard]] std::uint64_t rebased_words() const { return rebased_words_; }
  /// Whether any of the words of `bytes` points into a symbol that moved.
  [[nodiscard]] bool has_moved_pointer(trace::Bytes bytes) const;

 private:
  struct Symbol {
    Range recorded;
    std::uint64_t now = 0;
  };
  /// A global as its image made it.
  struct Fresh {
    std::size_t region;
    CUcontext context;
    CUdeviceptr address;
    std::vector<std::byte> content;
  };
  void check_room(const MemoryLayout& layout);
  std::vector<CUmemGenericAllocationHandle> make_pieces(const MemoryLayout& layout);
  void grant_access(const Range& range, int device);
  void register_host(const Range& range);
  void keep_content(std::size_t region, CUdeviceptr address, std::size_t bytes);
  [[nodiscard]] const Symbol* symbol_at(std::uint64_t address) const;

  const driver::DriverApi& api_;
  const Plan& plan_;
  Contexts& contexts_;
  const DeviceMap& map_;
  Deviations& deviations_;
  Progress& progress_;
  std::vector<Range> host_, device_;
  std::vector<std::optional<CUdeviceptr>> bases_;  ///< by region
  std::vector<Symbol> moved_;                      ///< sorted, without overlap
  std::vector<Range> symbols_;
  std::vector<Fresh> fresh_;
  mutable std::uint64_t rebased_words_ = 0;
};

}  // namespace fib::replayer
