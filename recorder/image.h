// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trace/format.h"

namespace fib::recorder {

/// One run of image bytes, in the engine's memory or (after copy_image) in ours.
struct ImageBytes {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  trace::ImageKind kind = trace::ImageKind::Unknown;
};

/// Most fatbins that one linked image may list; more are a sign of garbage.
inline constexpr std::size_t kMaxImageParts = 64;

/// What the pointer given to a module or library load stands for.
struct ImageParts {
  trace::ImageKind kind = trace::ImageKind::Unknown;
  std::size_t count = 0;  ///< 0: not understood
  ImageBytes parts[kMaxImageParts];
};

/// Finds out kind and length of `image`, which the driver has just accepted: the length is nowhere
/// passed, so it is read from the image's own headers. Formats: ELF (cubin), PTX text, fatbin
/// container, fatbinC wrapper of version 1 and 2 (fatbinary_section.h).
[[nodiscard]] ImageParts inspect_image(const void* image) noexcept;

/// Whether the bytes lie in a read-only, file-backed segment of a loaded object, so that they stay
/// as they are until that object goes (and it unloads its images first). Others may be freed by the
/// caller as soon as the load returns.
[[nodiscard]] bool is_in_loaded_object(const void* data, std::size_t size) noexcept;

/// The whole file that a load names, or an empty vector. Throws std::bad_alloc.
[[nodiscard]] std::vector<std::byte> read_image_file(const char* path);

/// File of the loaded object that `address` lies in; null if in none. Valid while that is loaded.
[[nodiscard]] const char* object_path_of(const void* address) noexcept;

/// Copies from this process's memory without the risk of a fault: false if any byte is unreadable.
[[nodiscard]] bool copy_safely(void* to, const void* from, std::size_t bytes) noexcept;

}  // namespace fib::recorder
