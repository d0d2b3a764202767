// SPDX-License-Identifier: Apache-2.0
#include "registry/store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdint>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "registry/store/error.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  throw RegistryError(path.string() + ": " + what + " (" + reason(error) +
                      "); check permissions and space");
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

// 0 or an errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int read_all(int fd, std::string& text) {
  char piece[1 << 16];
  while (true) {
    const ssize_t n = ::read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    text.append(piece, static_cast<std::size_t>(n));
  }
}

void create_directories_for(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) fail(path, "its directory can't be created", error.value());
}

// A rename survives a crash only when its directory was synced. Not all file systems can.
void sync_directory(const fs::path& path) {
  const Fd directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.ok()) (void)::fsync(directory.get());
}

// Begins with a dot and ends with no suffix of ours, so that no reader takes it for a record.
fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> count{0};
  return path.parent_path() / ('.' + path.filename().string().substr(0, 200) + ".tmp-" +
                               std::to_string(::getpid()) + '-' + std::to_string(count++));
}

int write_and_sync(int fd, std::span<const std::string_view> pieces) {
  for (const std::string_view piece : pieces) {
    if (const int error = write_all(fd, piece); error != 0) return error;
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// A file that is open and locked. Whoever rewrites a file renames another one over it, so the
/// file that was opened need not be the one of this name any more once the lock is there.
Fd open_locked(const fs::path& path, int flags) {
  while (true) {
    Fd file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
    if (!file.ok()) fail(path, "can't be opened for writing", errno);
    struct stat opened {
    }, named{};
    if (::fstat(file.get(), &opened) < 0) fail(path, "can't be looked at", errno);
    if (!S_ISREG(opened.st_mode)) fail(path, "is no regular file", EINVAL);
    while (::flock(file.get(), LOCK_EX) < 0) {
      if (errno != EINTR) fail(path, "can't be locked", errno);
    }
    const bool same = ::stat(path.c_str(), &named) == 0 && named.st_dev == opened.st_dev &&
                      named.st_ino == opened.st_ino;
    if (same) return file;
  }
}

bool ends_without_line_feed(int fd, off_t size) {
  char last = '\n';
  return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

FileText read_file(const fs::path& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.ok() || ::fstat(file.get(), &status) < 0)
    return {"", "can't be read: " + reason(errno)};
  if (!S_ISREG(status.st_mode)) return {"", "is no regular file"};
  if (static_cast<std::uint64_t>(status.st_size) > limit) {
    return {"", "has " + std::to_string(status.st_size) + " bytes, more than " +
                    std::to_string(limit) + " that are read"};
  }
  FileText file_text;
  file_text.text.reserve(static_cast<std::size_t>(status.st_size));
  if (const int error = read_all(file.get(), file_text.text); error != 0) {
    return {"", "can't be read: " + reason(error)};
  }
  return file_text;
}

void replace_file(const fs::path& path, std::span<const std::string_view> pieces) {
  create_directories_for(path);
  const fs::path temporary = temporary_beside(path);
  (void)::unlink(temporary.c_str());  // of a process of this number that crashed
  int error = 0;
  {
    const Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.ok()) fail(path, "can't be written", errno);
    error = write_and_sync(file.get(), pieces);
  }
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) < 0) error = errno;
  if (error != 0) {
    (void)::unlink(temporary.c_str());
    fail(path, "can't be written", error);
  }
  sync_directory(path);
}

void replace_file(const fs::path& path, std::string_view text) {
  replace_file(path, std::span(&text, 1));
}

void append_lines(const fs::path& path, std::string_view lines) {
  create_directories_for(path);
  const Fd file = open_locked(path, O_RDWR | O_CREAT | O_APPEND);
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) fail(path, "can't be looked at", errno);
  std::string text = ends_without_line_feed(file.get(), status.st_size) ? "\n" : "";
  text += lines;
  if (!text.ends_with('\n')) text += '\n';
  int error = write_all(file.get(), text);
  if (error == 0 && ::fdatasync(file.get()) < 0) error = errno;
  if (error == 0) return;
  // A torn line would spoil the file for every reader.
  if (::ftruncate(file.get(), status.st_size) < 0) {
    fail(path, "can't be written, and ends with half a line now: remove it", error);
  }
  fail(path, "can't be written", error);
}

void change_lines(const fs::path& path,
                  const std::function<std::optional<std::string>(std::string_view)>& change) {
  const Fd lock = open_locked(path, O_RDWR);
  const FileText old = read_file(path, kLargestLines);
  if (!old.error.empty()) throw RegistryError(path.string() + ": " + old.error);
  const std::optional<std::string> text = change(old.text);
  if (!text) return;
  if (!text->empty()) return replace_file(path, *text);
  if (::unlink(path.c_str()) < 0) fail(path, "can't be removed", errno);
  sync_directory(path);
}

void remove_file(const fs::path& path, const fs::path& root) {
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) fail(path, "can't be removed", errno);
  fs::path directory = path.parent_path();
  while (directory != root && directory.native().size() > root.native().size()) {
    if (::rmdir(directory.c_str()) < 0) break;  // not empty
    directory = directory.parent_path();
  }
}

}  // namespace fib::registry
