// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "recorder/graphs.h"
#include "recorder/host_sources.h"
#include "recorder/memory_image.h"
#include "recorder/operation.h"

namespace fib::recorder {

/// Host memory that GPUs are about to read: what copies take along, and pinned, registered and
/// managed memory that launches can reach, where it is not what a replay would have there. Written
/// directly before the record of the call. For windows, one thread at a time; never throws.
class Payloads {
 public:
  Payloads(Session& session, const driver::DriverApi& api, const Live& live,
           const Captures& captures, Kernels& kernels, Graphs& graphs, PageSpool& spool,
           const MemoryImage& image) noexcept
      : session_(session),
        api_(api),
        live_(live),
        captures_(captures),
        kernels_(kernels),
        graphs_(graphs),
        spool_(spool),
        image_(image) {}

  /// At a window's begin.
  void opened() noexcept;

  /// Before a call whose work goes to no capture. `needs_idle_gpu` is set, and nothing is written,
  /// if host memory is to be read that the GPU may be writing: then make the GPU idle and call
  /// again with `gpu_is_idle`.
  void before(const Operation& operation, bool gpu_is_idle, bool& needs_idle_gpu) noexcept;

 private:
  struct HostRegion {
    LiveRegion region;
    std::vector<trace::Hash> known;  ///< what a replay has there
    bool gpu_touched = false;        ///< since then a GPU may have written to it
  };

  void refresh();
  [[nodiscard]] bool is_device_address(std::uint64_t address) const noexcept;
  [[nodiscard]] HostRegion* find(std::uint64_t address) noexcept;
  void collect_reach(const Operation& operation);
  [[nodiscard]] bool copies(const Operation& operation, bool gpu_is_idle);
  [[nodiscard]] bool reaches(bool gpu_is_idle);
  void write_source(const HostSource& source);
  void write_host(HostRegion& region);
  void write(trace::PayloadKind kind, std::uint64_t address, std::uint64_t bytes,
             std::span<const trace::Hash> hashes) noexcept;
  void touch(const Operation& operation);

  Session& session_;
  const driver::DriverApi& api_;
  const Live& live_;
  const Captures& captures_;
  Kernels& kernels_;
  Graphs& graphs_;
  PageSpool& spool_;
  const MemoryImage& image_;
  std::uint64_t generation_ = 0;
  std::vector<HostRegion> regions_;   ///< by address
  std::vector<std::size_t> aliased_;  ///< of these: the CPU knows them by another address
  std::vector<std::uint64_t> words_;  ///< of the call at hand: what may be addresses
  std::vector<HostRegion*> reached_;  ///< by the call at hand
  std::vector<trace::Hash> hashes_;   ///< scratch
  std::vector<HostSource> sources_;   ///< of the call at hand
};

}  // namespace fib::recorder
