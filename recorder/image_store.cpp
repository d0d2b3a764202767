// SPDX-License-Identifier: Apache-2.0
#include "recorder/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>

#include "recorder/clock.h"

namespace fib::recorder {
namespace {

int write_all(int fd, std::span<const std::byte> content) noexcept {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    content = content.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

int write_new_file(const char* path, std::span<const std::byte> content) noexcept {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  int error = write_all(fd, content);
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error != 0) unlink(path);
  return error;
}

void write_hex(char (&hex)[33], const trace::Hash& hash) noexcept {
  for (std::size_t i = 0; i < 16; ++i) std::snprintf(hex + 2 * i, 3, "%02x", hash[i]);
}

}  // namespace

bool content_path(char (&path)[PATH_MAX], const char* directory, const trace::Hash& hash) noexcept {
  char hex[33];
  write_hex(hex, hash);
  // A temporary name beside it is longer.
  return std::snprintf(path, sizeof path, "%s/%s", directory, hex) < PATH_MAX - 64;
}

int store_content(const char* directory, const trace::Hash& hash,
                  std::span<const std::byte> content) noexcept {
  char hex[33], path[PATH_MAX], temporary[PATH_MAX];
  if (!content_path(path, directory, hash)) return ENAMETOOLONG;
  write_hex(hex, hash);
  std::snprintf(temporary, sizeof temporary, "%s/.%s.%d-%llu", directory, hex,
                static_cast<int>(getpid()), static_cast<unsigned long long>(ticks()));
  struct stat existing;
  if (stat(path, &existing) == 0 && existing.st_size == static_cast<off_t>(content.size()))
    return 0;
  if (const int error = write_new_file(temporary, content); error != 0) return error;
  if (rename(temporary, path) == 0) return 0;
  const int error = errno;
  unlink(temporary);
  return error;
}

}  // namespace fib::recorder
