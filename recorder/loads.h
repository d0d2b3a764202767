// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "recorder/session.h"
#include "trace/format.h"

namespace fib::recorder {

/// How the engine loaded code.
struct LoadCall {
  driver::Api api;
  const void* handle;           ///< CUmodule or CUlibrary that the driver returned
  const void* image = nullptr;  ///< as passed; null for loads by file
  const char* path = nullptr;   ///< for loads by file
  bool is_library = false;
  std::span<const trace::LoadOption> options, library_options;
};

/// A load whose code was used, and is still loaded.
struct UsedLoad {
  std::uint32_t load = 0;
  const void* handle = nullptr;
  bool is_library = false;
  std::uint64_t context = 0;  ///< of a module
  std::size_t parts = 0;      ///< of its image
};

/// Modules and libraries that are loaded, and what they were loaded from. Images reach the store
/// only when one of their kernels runs (store_image). Thread-safe; cold paths only; never throws.
class Loads {
 public:
  Loads(Session& session, const driver::DriverApi& api) noexcept : session_(session), api_(api) {}

  /// After a successful load.
  void loaded(const LoadCall& call) noexcept;
  /// Before an unload: the handle may be reused by the next load.
  void unloading(const void* handle) noexcept;
  /// A module handle that the driver derived from a library.
  void alias(const void* module, const void* library) noexcept;

  /// LoadRecord::load for a module or library handle, 0 if it was not seen. Hands the image of a
  /// load that is asked for the first time to the writer thread.
  std::uint32_t use(const void* handle) noexcept;
  [[nodiscard]] std::vector<UsedLoad> used() const;
  /// Its modules are gone with it.
  void context_ended(std::uint64_t context) noexcept;

  /// use() for a module that the driver made from a library out of sight (functions of graph
  /// nodes): finds the library by a kernel's name, and by its module where several have that name.
  std::uint32_t use_library_of(CUmodule module, const char* kernel_name) noexcept;

 private:
  struct Entry {
    std::uint32_t load = 0;
    bool stored = false;
    bool is_library = false;
    std::uint64_t context = 0;
    std::size_t parts = 0;
    std::vector<ImageBytes> in_place;  ///< parts that stay where they are (see is_in_loaded_object)
    std::vector<OwnedImage> copies;
  };

  void keep_image(Entry& entry, const LoadCall& call, trace::LoadRecord& record);
  void keep_file(Entry& entry, const LoadCall& call, trace::LoadRecord& record);
  void keep_part(Entry& entry, const ImageBytes& part);
  void store(Entry& entry) noexcept;
  void forget(const void* handle) noexcept;

  Session& session_;
  const driver::DriverApi& api_;
  mutable std::mutex mutex_;
  std::uint32_t next_load_ = 1;
  std::unordered_map<const void*, Entry> entries_;
  std::unordered_map<const void*, const void*> aliases_;  ///< module -> library
};

}  // namespace fib::recorder
