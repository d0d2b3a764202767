// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dispatch/deployment.h"
#include "driver/driver_api.h"
#include "registry/match/match_table.h"

namespace fib::dispatch {

/// Hashes of the engine's code, for tables that ask for them. Images are kept in mind as they are
/// loaded, also before there is a table: libraries are often loaded before the first context
/// appears. Hashed when a rule has a kernel's name. Thread-safe; never throws.
class ImageHashes {
 public:
  struct Hashes {
    std::optional<match::CodeHash> image;  ///< as captures name it; none if the load has many
    std::optional<match::CodeHash> code;   ///< as `fib registry bind` writes it
  };

  explicit ImageHashes(const driver::DriverApi& api) noexcept : api_(api) {}

  /// Whether a new table asks for hashes. If none has, images are forgotten until one does.
  void decide(bool wanted) noexcept;

  /// After a load from memory; `container` is a CUmodule or a CUlibrary.
  void loaded(const void* container, bool is_library, const void* image) noexcept;
  /// The same after a load from a file, which is read once more.
  void loaded_file(const void* container, bool is_library, const char* path) noexcept;
  /// Before an unload; null: all that a context may take along.
  void ending(const void* container) noexcept;
  /// Of the engine's kernel of this name. May take long, once per kernel: images are decompressed.
  [[nodiscard]] Hashes of(CUfunction handle, const std::string& name, const Gpu& gpu) noexcept;

 private:
  /// Bytes in a loaded object, or a copy of what the engine may free.
  struct Part {
    const std::byte* data = nullptr;
    std::size_t size = 0;
    std::vector<std::byte> copy;
  };
  struct Image {
    std::vector<Part> parts;
    bool is_library = false;
  };

  [[nodiscard]] const Image* find(CUfunction handle, const std::string& name);

  const driver::DriverApi& api_;
  std::atomic<bool> wanted_{true};
  std::mutex mutex_;
  std::unordered_map<const void*, Image> images_;
  std::size_t copied_bytes_ = 0;
};

}  // namespace fib::dispatch
