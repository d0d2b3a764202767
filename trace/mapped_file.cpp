// SPDX-License-Identifier: Apache-2.0
#include "trace/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace fib::trace {

MappedFile::MappedFile(const std::filesystem::path& path) {
  // Without O_NONBLOCK a FIFO would wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    fail(errno);
    return;
  }
  map(fd);
  ::close(fd);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::map(int fd) {
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

void MappedFile::fail(int error) {
  error_ = "cannot be read (" + std::generic_category().message(error) +
           "); check the path and its permissions";
}

}  // namespace fib::trace
