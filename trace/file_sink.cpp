// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "trace/file_size_signal.h"
#include "trace/sink.h"

namespace fib::trace {
namespace {

int write_all(int fd, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

class FileSink final : public Sink {
 public:
  explicit FileSink(int fd) noexcept : fd_(fd) {}
  ~FileSink() override { ::close(fd_); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  int append(std::span<const std::byte> bytes) noexcept override {
    const FileSizeSignalBlocked blocked;
    const int error = write_all(fd_, bytes);
    if (error == 0) {
      length_ += static_cast<off_t>(bytes.size());
    } else {
      cut_back();
    }
    return error;
  }

 private:
  /// Best effort: if even this fails, readers find a cut tail, which they handle.
  void cut_back() const noexcept {
    while (::ftruncate(fd_, length_) < 0 && errno == EINTR) {
    }
  }

  int fd_;
  off_t length_ = 0;
};

}  // namespace

std::unique_ptr<Sink> open_file_sink(const char* path, int& error) noexcept {
  int fd = -1;
  do {
    fd = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    error = errno;
    return nullptr;
  }
  std::unique_ptr<Sink> sink(new (std::nothrow) FileSink(fd));
  error = sink ? 0 : ENOMEM;
  if (!sink) ::close(fd);
  return sink;
}

}  // namespace fib::trace
