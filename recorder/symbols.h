// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "recorder/image_symbols.h"
#include "recorder/live.h"
#include "recorder/loads.h"

namespace fib::recorder {

/// The variables (__device__, __constant__, __managed__) of the code whose kernels have run. No
/// driver function lists them, so their names are read from the images and the driver is asked for
/// each. Thread-safe; never throws; what can't be found is said once (SymbolsUnknown).
class Symbols {
 public:
  Symbols(Session& session, Loads& loads, Live& live, const driver::DriverApi& api) noexcept
      : session_(session), loads_(loads), live_(live), api_(api) {}

  /// Reads the images that were not read yet, which may take long: so that regions() need not. Does
  /// nothing without a current context.
  void prepare() noexcept;

  /// Where the variables are in the current context: Symbol regions. For safe points: where code is
  /// loaded lazily, asking may load it.
  [[nodiscard]] std::vector<LiveRegion> regions() noexcept;

 private:
  struct Load {
    SymbolNames names;  ///< but those that the driver does not find
  };
  struct Place {
    std::uint64_t address = 0, bytes = 0;
    std::uint32_t region = 0;
  };
  using PlaceKey = std::pair<std::uint64_t, std::string>;  ///< context; load and name

  Load& known(const UsedLoad& used);
  [[nodiscard]] bool read_images(const UsedLoad& used, SymbolNames& names);
  [[nodiscard]] bool read_part(const StoredImage& part, SymbolNames& names);
  void add_regions(const UsedLoad& used, std::uint64_t context, std::vector<LiveRegion>& to);
  [[nodiscard]] CUresult ask(const UsedLoad& used, const char* name, Place& place) noexcept;
  [[nodiscard]] LiveRegion region_of(const UsedLoad& used, std::uint64_t context,
                                     const std::string& name, Place place);

  Session& session_;
  Loads& loads_;
  Live& live_;
  const driver::DriverApi& api_;
  std::mutex mutex_;  ///< everything below
  std::unordered_map<std::uint32_t, Load> loads_read_;
  std::map<PlaceKey, Place> places_;
};

}  // namespace fib::recorder
