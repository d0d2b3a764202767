// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "trace/capture.h"
#include "trace/records.h"

namespace fib::trace {

/// A new capture that takes parts of another one. All functions throw CaptureError.
class CaptureCopy {
 public:
  /// Creates the directory `to`; it must not exist yet, or be empty.
  CaptureCopy(const Capture& from, std::filesystem::path to);

  /// The directory of a process, created, named as in the source.
  [[nodiscard]] std::filesystem::path process_directory(const ProcessLog& process);
  /// Copies an image, once; false if the source does not have it.
  bool copy_image(std::span<const std::uint8_t, 16> hash);
  /// Copies these pages into one page file of this process's name. Those that the source does not
  /// have, or has damaged, are left out.
  void copy_pages(const std::set<Hash>& hashes, const ProcessLog& process);
  /// Copies a file or a directory with all it holds, by its path within the capture; nothing if the
  /// source does not have it.
  void copy(const std::filesystem::path& relative);
  /// Creates a file.
  void write(const std::filesystem::path& relative, const std::string& text);

  [[nodiscard]] std::size_t images() const { return images_; }
  [[nodiscard]] std::size_t pages() const { return pages_; }
  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_; }

 private:
  void make(const std::filesystem::path& directory) const;

  const Capture& from_;
  std::filesystem::path to_;
  std::size_t images_ = 0, pages_ = 0;
  std::uint64_t page_bytes_ = 0;
};

}  // namespace fib::trace
