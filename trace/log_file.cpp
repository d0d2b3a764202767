// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "trace/reader.h"

namespace fib::trace {
namespace {

/// A file's bytes as they were when it was opened; empty together with an error.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    // Without O_NONBLOCK a FIFO would wait for its writer.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
      fail(errno);
      return;
    }
    map(fd);
    ::close(fd);
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void map(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) < 0) return fail(errno);
    if (!S_ISREG(status.st_mode)) {
      error_ = "not a file; give a capture directory or a log.fib";
      return;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return;
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (start == MAP_FAILED) return fail(errno);
    bytes_ = {static_cast<const std::byte*>(start), size};
  }
  void fail(int error) {
    error_ = "cannot be read (" + std::generic_category().message(error) +
             "); check the path and its permissions";
  }

  Bytes bytes_;
  std::string error_;
};

}  // namespace

ReadResult read_log_file(const std::filesystem::path& path, Visitor& visitor) {
  const MappedFile file(path);
  if (file.error().empty()) return read_log(file.bytes(), path.string(), visitor);
  ReadResult result;
  result.message = path.string() + ": " + file.error();
  return result;
}

}  // namespace fib::trace
