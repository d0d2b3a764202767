// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/trust.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <system_error>

namespace fib::dispatch {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  ///< as the kernel has it
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

std::string reason(int error) { return std::generic_category().message(error); }

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool is_ours(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

std::string foreign(const struct stat& status) {
  return "belongs to user " + std::to_string(status.st_uid) +
         ", and only what belongs to root or to user " + std::to_string(::geteuid()) +
         " is used; change its owner";
}

/// Empty if nobody else can change it.
std::string why_untrusted(const struct stat& status) {
  if (!is_ours(status)) return foreign(status);
  if ((status.st_mode & kOthersWrite) != 0)
    return "can be written by its group or by others; take that away with chmod go-w";
  return "";
}

/// Of a directory on the way to the root: others may add to it, as to /tmp, if they can't replace
/// what they did not make.
std::string why_untrusted_way(const struct stat& status) {
  if (!is_ours(status)) return foreign(status);
  if ((status.st_mode & kOthersWrite) != 0 && (status.st_mode & S_ISVTX) == 0)
    return "can be written by its group or by others, and is on the way to the registry; take that "
           "away with chmod go-w";
  return "";
}

Opened failed(int error) {
  Opened opened;
  opened.missing = error == ENOENT;
  opened.error = opened.missing ? "does not exist; check its name"
                                : "can't be opened (" + reason(error) + "); check its permissions";
  return opened;
}

Opened refused(std::string why) {
  Opened opened;
  opened.error = std::move(why);
  return opened;
}

/// Whether a name can't lead anywhere but into the directory that it is looked up in.
bool is_entry(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

/// The entry is opened only after a look at what it is, and looked at again once it is open.
Opened open_entry(int parent, const std::string& name, mode_t type, const char* what) {
  Opened opened;
  if (!is_entry(name)) return refused("is no name of a file; correct it");
  if (::fstatat(parent, name.c_str(), &opened.status, AT_SYMLINK_NOFOLLOW) != 0)
    return failed(errno);
  if (S_ISLNK(opened.status.st_mode)) return refused(kNoLinks);
  const auto wrong = [&] { return std::string("is no ") + what + "; remove it"; };
  if ((opened.status.st_mode & S_IFMT) != type) return refused(wrong());
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  opened.descriptor =
      Descriptor(::openat(parent, name.c_str(), flags | (type == S_IFDIR ? O_DIRECTORY : 0)));
  if (!opened.descriptor.ok() || ::fstat(opened.descriptor.get(), &opened.status) != 0)
    return failed(errno);
  if ((opened.status.st_mode & S_IFMT) != type) return refused(wrong());
  opened.error = why_untrusted(opened.status);
  opened.untrusted = !opened.error.empty();
  return opened;
}

/// Follows a path as the kernel does, and looks at each directory and link on its way.
class Way {
 public:
  explicit Way(std::string_view path) : rest_(path) {}

  Opened walk() {
    start();
    while (opened_.ok() && !rest_.empty()) step(next());
    if (opened_.ok()) fail(why_untrusted(opened_.status));
    // O_PATH was enough on the way, where we may pass but not read.
    if (opened_.ok()) open_at(opened_.descriptor.get(), ".", O_RDONLY | O_DIRECTORY);
    return std::move(opened_);
  }

 private:
  void fail(const std::string& why) {
    if (!why.empty()) opened_.error = (where_.empty() ? "/" : where_) + ' ' + why;
  }

  void open_at(int parent, const char* name, int flags) {
    struct stat status {};
    Descriptor entry(::openat(parent, name, flags | O_CLOEXEC));
    if (!entry.ok() || ::fstat(entry.get(), &status) != 0) {
      const Opened failure = failed(errno);
      opened_.missing = failure.missing;
      return fail(failure.error);
    }
    if (S_ISLNK(status.st_mode)) return follow(entry, status);
    if (!S_ISDIR(status.st_mode)) return fail("is no directory; check its name");
    opened_.descriptor = std::move(entry);
    opened_.status = status;
  }

  void start() {
    std::error_code error;
    if (!rest_.starts_with('/')) rest_ = fs::current_path(error).native() + '/' + rest_;
    open_at(AT_FDCWD, "/", O_PATH);
  }

  std::string next() {
    const std::size_t begin = rest_.find_first_not_of('/');
    const std::size_t end = std::min(rest_.find('/', begin), rest_.size());
    std::string name = begin < end ? rest_.substr(begin, end - begin) : "";
    rest_.erase(0, end);
    return name;
  }

  void step(const std::string& name) {
    if (name.empty() || name == ".") return;
    fail(why_untrusted_way(opened_.status));
    if (!opened_.ok()) return;
    where_ += '/' + name;
    open_at(opened_.descriptor.get(), name.c_str(), O_PATH | O_NOFOLLOW);
  }

  void follow(const Descriptor& link, const struct stat& status) {
    std::array<char, PATH_MAX> target{};
    if (!is_ours(status)) return fail(foreign(status));
    if (++links_ > kMostLinks) return fail("is one of too many links; give the directory itself");
    const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size <= 0) return fail(failed(size < 0 ? errno : ENOENT).error);
    rest_ = std::string(target.data(), static_cast<std::size_t>(size)) + '/' + rest_;
    where_.erase(where_.rfind('/'));
    if (rest_.front() != '/') return;
    where_.clear();
    open_at(AT_FDCWD, "/", O_PATH);
  }

  std::string rest_;   ///< of the path
  std::string where_;  ///< what was passed, for messages
  Opened opened_;
  int links_ = 0;
};

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Stamp stamp_of(const struct stat& status) {
  return {status.st_dev,
          status.st_ino,
          static_cast<std::uint64_t>(status.st_size),
          nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim),
          status.st_mode,
          status.st_uid};
}

Opened open_trusted_root(std::string_view path) { return Way(path).walk(); }

Opened open_trusted_directory(int parent, const std::string& name) {
  return open_entry(parent, name, S_IFDIR, "directory");
}

Opened open_trusted_file(int parent, const std::string& name) {
  return open_entry(parent, name, S_IFREG, "regular file");
}

bool has_raised_rights() { return ::getauxval(AT_SECURE) != 0; }

}  // namespace fib::dispatch
