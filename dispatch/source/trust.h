// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// Whose files go into somebody's process: root's and the effective user's, which nobody else can
/// change. All checks are of what was opened, never of a name.
namespace fib::dispatch {

inline constexpr const char* kNoLinks =
    "is a link, and none is followed; put what it leads to in its place";

/// A file descriptor of ours.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  /// The caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// What a file or directory was when we looked: two equal stamps are of unchanged content, if the
/// second was taken later than a clock tick after the first one's `changed_ns`.
struct Stamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;
  std::uint32_t mode = 0, owner = 0;

  bool operator==(const Stamp&) const = default;
};
[[nodiscard]] Stamp stamp_of(const struct stat& status);

/// Something that was opened, or why not: one clause, with what to do after a semicolon.
struct Opened {
  Descriptor descriptor;
  struct stat status {};
  std::string error;
  bool missing = false;    ///< the error is that there is none of this name
  bool untrusted = false;  ///< the error is that others can change it

  [[nodiscard]] bool ok() const { return error.empty(); }
};

/// Opens a directory by its path, link by link: no component may be one that others can put
/// something else in place of. The directory itself must be trusted, as all below it. The error
/// begins with the path that it is about.
[[nodiscard]] Opened open_trusted_root(std::string_view path);
/// Opens the entry `name` of an open directory, a directory that is no link.
[[nodiscard]] Opened open_trusted_directory(int parent, const std::string& name);
/// Opens the entry `name` of an open directory for reading, a regular file that is no link. Never
/// waits, and never opens a device.
[[nodiscard]] Opened open_trusted_file(int parent, const std::string& name);

/// Whether this process runs with more rights than its caller (set-user-ID and the like): what the
/// environment names must then not be loaded.
[[nodiscard]] bool has_raised_rights();

}  // namespace fib::dispatch
