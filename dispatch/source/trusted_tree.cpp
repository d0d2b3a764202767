// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/trusted_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace fib::dispatch {
namespace {

using registry::FileText;
using registry::Findings;

constexpr int kDeepest = 16;  ///< directories within each other
constexpr std::size_t kMostFiles = 1'000'000;
/// File systems date changes by a clock that ticks every 1 to 10 ms: what changed twice within a
/// tick has one date.
constexpr std::int64_t kTickNs = 20'000'000;

std::string join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + '/' + name;
}

/// What stands before the last slash, and what after it.
std::pair<std::string_view, std::string_view> split(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string_view::npos) return {"", file};
  return {file.substr(0, slash), file.substr(slash + 1)};
}

/// A message in two parts, as findings have it.
std::pair<std::string, std::string> message_and_remedy(const std::string& error) {
  const std::size_t end = error.rfind("; ");
  if (end == std::string::npos) return {error, "correct or remove it"};
  return {error.substr(0, end), error.substr(end + 2)};
}

/// 0 or an errno. Reads at most one byte more than `expected`.
int read_all(int fd, std::size_t expected, std::string& text) {
  text.resize(expected + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return 0;
}

/// The names in a directory, sorted, without hidden ones. Nothing and an errno if it can't be read.
std::vector<std::string> names_in(int fd, int& error) {
  std::vector<std::string> names;
  Descriptor own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* const directory = own.ok() ? ::fdopendir(own.get()) : nullptr;
  if (directory == nullptr) return error = errno, names;
  (void)own.release();
  errno = 0;
  while (const dirent* const entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    if (names.size() > kMostFiles) break;
    errno = 0;
  }
  error = errno;
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

/// Behind links.
bool is_directory(int parent, const std::string& name) {
  struct stat status {};
  return ::fstatat(parent, name.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode);
}

bool is_recent(const Stamp& stamp, std::int64_t began_ns) {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  // A date in the future is of another clock, and says nothing.
  return stamp.changed_ns > began_ns - kTickNs && stamp.changed_ns <= now_ns + kTickNs;
}

}  // namespace

TrustedTree::TrustedTree(std::string root, Opened opened)
    : root_(std::move(root)), descriptor_(std::move(opened.descriptor)) {
  note("", opened.status);
}

std::unique_ptr<TrustedTree> TrustedTree::open(const std::string& root, Opened& opened) {
  opened = open_trusted_root(root);
  if (!opened.ok()) return nullptr;
  return std::unique_ptr<TrustedTree>(new TrustedTree(root, std::move(opened)));
}

bool TrustedTree::note(const std::string& name, const struct stat& status) {
  const Stamp stamp = stamp_of(status);
  const auto [place, is_new] = seen_.try_emplace(name, stamp);
  if (place->second == stamp) return true;
  changed_ = true;
  return false;
}

Opened TrustedTree::directory(std::string_view name) {
  Opened at;
  at.descriptor = Descriptor(::openat(descriptor_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at.descriptor.ok() || ::fstat(at.descriptor.get(), &at.status) != 0)
    at.error = "can't be opened (" + std::generic_category().message(errno) + "); try again";
  for (std::size_t begin = 0; at.ok() && begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    at = open_trusted_directory(at.descriptor.get(), std::string(name.substr(begin, end - begin)));
    look_back_at(name.substr(0, end), at);
    if (at.ok()) note(std::string(name.substr(0, end)), at.status);
    begin = end + 1;
  }
  return at;
}

void TrustedTree::look_back_at(std::string_view name, const Opened& opened) {
  if (opened.untrusted && untrusted_.empty())
    untrusted_ = root_ + '/' + std::string(name) + ' ' + opened.error;
}

void TrustedTree::refuse(const std::string& file, const std::string& why) {
  auto [message, remedy] = message_and_remedy(why);
  findings_->add({registry::Level::Error, "layout.refused", file, 0, "", message, remedy});
}

void TrustedTree::visit(const std::string& folder, int depth) {
  const Opened opened = directory(folder);
  if (opened.missing && depth == 0) return;  // a registry need not have each folder
  if (!opened.ok()) return refuse(folder, opened.error);
  int error = 0;
  for (const std::string& name : names_in(opened.descriptor.get(), error)) {
    if (files_.size() >= kMostFiles)
      return refuse(folder, "is one of more than a million files; split the registry");
    look_at(opened.descriptor.get(), join(folder, name), depth);
  }
  if (error != 0)
    refuse(folder,
           "can't be read (" + std::generic_category().message(error) + "); check its permissions");
}

void TrustedTree::look_at(int parent, const std::string& name, int depth) {
  struct stat status {};
  const std::string own(split(name).second);
  if (::fstatat(parent, own.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    changed_ = true;  // it was there a moment ago
    return;
  }
  const bool is_named_so = name.ends_with(suffix_);
  if (S_ISDIR(status.st_mode) && (suffix_.empty() || !is_named_so)) {
    if (!takes(name, true)) return;
    if (depth >= kDeepest) return refuse(name, "is nested too deep; move it up");
    return visit(name, depth + 1);
  }
  if (S_ISLNK(status.st_mode) && !is_named_so && is_directory(parent, own) && takes(name, true))
    return refuse(name, kNoLinks);
  // Whatever else it is, read() tells: a link in place of a file must not pass for no file.
  if (is_named_so && takes(name, false)) files_.push_back(name);
}

std::vector<std::string> TrustedTree::list(std::string_view folder, std::string_view suffix,
                                           Findings& findings) {
  suffix_ = suffix;
  findings_ = &findings;
  files_.clear();
  if (takes(folder, true)) visit(std::string(folder), 0);
  std::sort(files_.begin(), files_.end());
  return std::move(files_);
}

FileText TrustedTree::read(const std::string& file, std::size_t limit) {
  const auto [folder, name] = split(file);
  const Opened parent = directory(folder);
  if (!parent.ok()) return {"", parent.error};
  const Opened opened = open_trusted_file(parent.descriptor.get(), std::string(name));
  look_back_at(file, opened);
  if (!opened.ok()) return {"", opened.error};
  const auto size = static_cast<std::uint64_t>(opened.status.st_size);
  if (size > limit)
    return {"", "has " + std::to_string(size) + " bytes, and at most " + std::to_string(limit) +
                    " are read; make it smaller"};
  if (size > kMostBytes - bytes_)
    return {"", "is one file too many: more than 2 GiB are not read; split the registry"};
  FileText result;
  bytes_ += size;
  note(file, opened.status);
  if (const int error = read_all(opened.descriptor.get(), size, result.text); error != 0)
    return {"",
            "can't be read (" + std::generic_category().message(error) + "); look after the disk"};
  struct stat after {};
  if (result.text.size() != size || ::fstat(opened.descriptor.get(), &after) != 0 ||
      !note(file, after)) {
    changed_ = true;
    return {"", "was changed while it was read; try again"};
  }
  return result;
}

bool TrustedTree::is_one_state(std::int64_t began_ns) const {
  if (changed_) return false;
  const auto recent = [&](const auto& entry) { return is_recent(entry.second, began_ns); };
  if (std::any_of(seen_.begin(), seen_.end(), recent)) return false;
  const Opened root = open_trusted_root(root_);
  if (!root.ok()) return false;
  return std::all_of(seen_.begin(), seen_.end(), [&](const auto& entry) {
    struct stat status {};
    const auto& [name, stamp] = entry;
    return ::fstatat(root.descriptor.get(), name.empty() ? "." : name.c_str(), &status,
                     AT_SYMLINK_NOFOLLOW) == 0 &&
           stamp_of(status) == stamp;
  });
}

}  // namespace fib::dispatch
