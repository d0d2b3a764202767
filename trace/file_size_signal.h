// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <ctime>

namespace fib::trace {

/// Writing past RLIMIT_FSIZE raises SIGXFSZ, which would kill the program that we only watch. While
/// this lives the calling thread gets EFBIG instead.
class FileSizeSignalBlocked {
 public:
  FileSizeSignalBlocked() noexcept {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &previous_);
  }
  ~FileSizeSignalBlocked() {
    const int saved = errno;
    // Only a signal that would be delivered by the unblocking is ours to swallow.
    if (sigismember(&previous_, SIGXFSZ) == 0) {
      const timespec no_wait{};
      while (sigtimedwait(&signal_, nullptr, &no_wait) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
    errno = saved;
  }
  FileSizeSignalBlocked(const FileSizeSignalBlocked&) = delete;
  FileSizeSignalBlocked& operator=(const FileSizeSignalBlocked&) = delete;

 private:
  sigset_t signal_, previous_;
};

}  // namespace fib::trace
