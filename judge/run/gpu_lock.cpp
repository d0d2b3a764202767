// SPDX-License-Identifier: Apache-2.0
#include "judge/run/gpu_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace fib::judge {
namespace {

/// A lock needs no right to write. In a sticky directory nobody may open a file of others with
/// O_CREAT, so that comes second.
int open_lock(const std::filesystem::path& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  for (;;) {
    int fd = ::open(path.c_str(), kFlags);
    if (fd >= 0 || errno != ENOENT) return fd;
    fd = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0444);
    if (fd >= 0) {
      (void)::fchmod(fd, 0444);  // for other users too, whatever the umask says
      return fd;
    }
    if (errno != EEXIST) return fd;
  }
}

std::string file_name(const std::string& gpu_uuid) {
  std::string name = "fibshim-gpu-";
  for (const char c : gpu_uuid) name += c == '/' || c == '\0' ? '_' : c;
  return name + ".lock";
}

}  // namespace

GpuLock::GpuLock(const std::string& gpu_uuid, const std::function<void()>& waiting,
                 const std::filesystem::path& place) {
  const std::filesystem::path path = place / file_name(gpu_uuid);
  fd_ = open_lock(path);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path.string());
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  if (waiting) waiting();
  while (::flock(fd_, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    ::close(fd_);
    throw std::system_error(error, std::generic_category(), path.string());
  }
}

GpuLock::~GpuLock() { ::close(fd_); }

}  // namespace fib::judge
