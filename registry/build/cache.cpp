// SPDX-License-Identifier: Apache-2.0
#include "registry/build/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "registry/store/error.h"
#include "registry/store/files.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;
using registry::RegistryError;

// fibshim takes nothing that others can write, whatever the umask is.
constexpr mode_t kDirectoryMode = 0755, kFileMode = 0644;

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  throw RegistryError(path.string() + ": " + what + " (" + std::generic_category().message(error) +
                      "); check permissions and space");
}

void make_directories(const fs::path& path) {
  if (path.empty() || ::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return;
  if (errno != ENOENT || path.parent_path() == path) {
    fail(path, "the directory can't be created", errno);
  }
  make_directories(path.parent_path());
  if (::mkdir(path.c_str(), kDirectoryMode) < 0 && errno != EEXIST) {
    fail(path, "the directory can't be created", errno);
  }
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

void write_file(const fs::path& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd < 0) fail(path, "can't be written", errno);
  int error = write_all(fd, bytes);
  if (::close(fd) < 0 && error == 0) error = errno;
  if (error != 0) fail(path, "can't be written", error);
}

// A rename survives a crash only when its directory was synced. Not all file systems can.
void sync_directory(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)::fsync(fd);
  ::close(fd);
}

/// Whether files can be made in it; creates it if need be.
bool is_writable(const fs::path& directory) try {
  make_directories(directory);
  return ::access(directory.c_str(), W_OK | X_OK) == 0;
} catch (const RegistryError&) {
  return false;
}

std::string damage_of(const fs::path& directory, const Module& module) {
  const registry::FileText file = registry::read_file(directory / module.file, kLargestBinary);
  if (!file.error.empty()) return module.file + ' ' + file.error;
  if (is_intact(module, std::as_bytes(std::span(file.text)))) return "";
  return module.file + " is not what was written";
}

}  // namespace

BuildLock::BuildLock(const fs::path& cache, const std::string& source_key,
                     const std::string& build_key)
    : directory_(builds_of(cache, source_key) / build_key),
      temporary_(directory_.parent_path() / (".new-" + build_key)),
      old_(directory_.parent_path() / (".old-" + build_key)) {
  make_directories(directory_.parent_path());
  const fs::path file = directory_.parent_path() / (".lock-" + build_key);
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (fd_ < 0) fail(file, "can't be opened", errno);
  while (::flock(fd_, LOCK_EX) < 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    ::close(fd_);
    fail(file, "can't be locked", error);
  }
}

BuildLock::~BuildLock() { ::close(fd_); }

// Of a process that ended in the middle, or of this one: whoever has the lock is the only one.
void BuildLock::remove_remains() const {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  fs::remove_all(old_, ignored);
}

void BuildLock::write(const fs::path& to, const Manifest& manifest,
                      const std::map<std::string, std::string>& files) const {
  if (::mkdir(to.c_str(), kDirectoryMode) < 0) fail(to, "the directory can't be created", errno);
  for (const auto& [name, bytes] : files) write_file(to / name, bytes);
  write_file(to / kManifestFile, registry::to_text(to_json(manifest), 2) + '\n');
  sync_directory(to);
}

void BuildLock::store(const Manifest& manifest, const std::map<std::string, std::string>& files) {
  remove_remains();
  try {
    write(temporary_, manifest, files);
    const bool replaces = ::rename(directory_.c_str(), old_.c_str()) == 0;
    if (::rename(temporary_.c_str(), directory_.c_str()) < 0) {
      const int error = errno;
      if (replaces) (void)::rename(old_.c_str(), directory_.c_str());
      fail(directory_, "can't be put in its place", error);
    }
  } catch (const RegistryError&) {
    remove_remains();
    throw;
  }
  sync_directory(directory_.parent_path());
  remove_remains();
}

CachedBuild find_build(const fs::path& cache, const std::string& source_key,
                       const std::string& build_key) {
  const fs::path directory = builds_of(cache, source_key) / build_key;
  std::error_code error;
  if (!fs::exists(directory, error)) return {};
  const registry::FileText file = registry::read_file(directory / kManifestFile, kLargestManifest);
  if (!file.error.empty()) return {std::nullopt, std::string(kManifestFile) + ' ' + file.error};
  ParsedManifest parsed = read_manifest(file.text);
  if (!parsed.manifest) return {std::nullopt, std::string(kManifestFile) + ' ' + parsed.error};
  if (parsed.manifest->key != build_key || parsed.manifest->source_key != source_key) {
    return {std::nullopt, std::string(kManifestFile) + " is of another build"};
  }
  for (const Module& module : parsed.manifest->modules) {
    if (std::string damage = damage_of(directory, module); !damage.empty()) {
      return {std::nullopt, std::move(damage)};
    }
  }
  return {std::move(parsed.manifest), ""};
}

fs::path writable_cache(const fs::path& registry_root, const fs::path& chosen) {
  const auto roots = cache_roots(registry_root, chosen);
  for (const fs::path& root : roots) {
    if (is_writable(root)) return root;
  }
  throw RegistryError(roots.front().string() +
                      ": builds can't be written there; give a directory with --cache");
}

std::string trust_problem(const fs::path& directory) {
  std::error_code error;
  const fs::path first = fs::canonical(directory, error);
  for (fs::path path = first; !error && !path.empty(); path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0) break;
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
      return path.string() + " belongs to another user";
    }
    const bool is_shared = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    // In a directory like /tmp others can't replace what is not theirs.
    if (is_shared && (path == first || (status.st_mode & S_ISVTX) == 0)) {
      return path.string() + " can be written by others";
    }
    if (path == path.root_path()) break;
  }
  return "";
}

}  // namespace fib::build
