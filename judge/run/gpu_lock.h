// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace fib::judge {

/// The right to use a GPU, among all processes and users of this machine: two that measure on one
/// GPU measure each other. The kernel gives it back when its holder ends, however that happens.
class GpuLock {
 public:
  /// Where the locks of all processes lie.
  static std::filesystem::path usual_place() { return "/tmp"; }

  /// Waits until nobody else has it; `waiting` is called before that, if it comes to that. Throws
  /// std::system_error if the lock's file can't be made.
  GpuLock(const std::string& gpu_uuid, const std::function<void()>& waiting,
          const std::filesystem::path& place = usual_place());
  ~GpuLock();
  GpuLock(const GpuLock&) = delete;
  GpuLock& operator=(const GpuLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace fib::judge
