// SPDX-License-Identifier: Apache-2.0
#include "recorder/control.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "trace/file_size_signal.h"

namespace fib::recorder {
namespace {

using trace::ControlPage;

void fill(ControlPage& page, std::uint32_t mode) noexcept {
  std::memcpy(page.magic, trace::kControlMagic, sizeof page.magic);
  page.version = trace::kControlVersion;
  page.pid = static_cast<std::uint32_t>(getpid());
  page.mode = mode;
}

/// A descriptor above 2: the program may have closed its standard streams and mean to open others
/// in their place.
int make_memory() noexcept {
  const int made = memfd_create(trace::kControlName, MFD_CLOEXEC);
  if (made < 0) return -1;
  const int high = fcntl(made, F_DUPFD_CLOEXEC, 3);
  ::close(made);
  return high;
}

}  // namespace

Control::Control(trace::ControlMode mode) noexcept {
  fill(private_, static_cast<std::uint32_t>(mode));
}

void Control::publish() noexcept {
  const trace::FileSizeSignalBlocked blocked;  // memory files have a size, too
  const int fd = make_memory();
  if (fd < 0) return;
  void* memory = MAP_FAILED;
  if (ftruncate(fd, trace::kControlBytes) == 0)
    memory = mmap(nullptr, trace::kControlBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    ::close(fd);
    return;
  }
  auto* page = new (memory) ControlPage{};
  fill(*page, private_.mode);
  descriptor_ = fd;
  page_.store(page, std::memory_order_release);
}

}  // namespace fib::recorder
