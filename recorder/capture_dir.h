// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <climits>
#include <cstdint>

namespace fib::recorder {

/// Rank of this process in a distributed job, from the launcher's environment variables.
struct Rank {
  int rank = -1, local_rank = -1, world_size = -1;
  const char* source = "";  ///< the variable that said so; empty if none did
};
[[nodiscard]] Rank detect_rank() noexcept;

/// The directories that one process writes. Plain buffers: no allocation, no destructor.
class CaptureDir {
 public:
  /// Makes DIR, DIR/images and DIR/<process>.partial; 0 or the errno (then failed_path() says
  /// where).
  [[nodiscard]] int create(const char* root, const Rank& rank, std::uint64_t unix_ns) noexcept;
  /// Renames <process>.partial to <process>; 0 or the errno. The open log stays valid.
  [[nodiscard]] int close() noexcept;

  [[nodiscard]] const char* log_path() const noexcept { return log_; }
  [[nodiscard]] const char* images_path() const noexcept { return images_; }
  /// Not made yet.
  [[nodiscard]] const char* pages_path() const noexcept { return pages_; }
  /// Last part of the process's own directory, without ".partial".
  [[nodiscard]] const char* process_name() const noexcept { return name_; }
  [[nodiscard]] const char* failed_path() const noexcept { return failed_; }

 private:
  [[nodiscard]] int make(const char* path) noexcept;

  char partial_[PATH_MAX] = {}, final_[PATH_MAX] = {}, images_[PATH_MAX] = {}, log_[PATH_MAX] = {};
  char pages_[PATH_MAX] = {}, name_[96] = {};
  const char* failed_ = "";
};

}  // namespace fib::recorder
