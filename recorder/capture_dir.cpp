// SPDX-License-Identifier: Apache-2.0
#include "recorder/capture_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace fib::recorder {
namespace {

int number_from(const char* variable) noexcept {
  const char* text = std::getenv(variable);
  if (text == nullptr) return -1;
  int value = -1;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  return error == std::errc() && stop == end && value >= 0 ? value : -1;
}

/// mkdir -p. `path` is changed while it runs and restored.
int make_parents(char* path) noexcept {
  for (char* slash = std::strchr(path + 1, '/'); slash != nullptr;
       slash = std::strchr(slash + 1, '/')) {
    *slash = '\0';
    const int rc = mkdir(path, 0777);
    const int error = errno;
    *slash = '/';
    if (rc != 0 && error != EEXIST) return error;
  }
  return 0;
}

}  // namespace

Rank detect_rank() noexcept {
  struct Launcher {
    const char *rank, *local, *world;
  };
  // torchrun and vLLM, Open MPI, Slurm, MPICH and Intel MPI: the most specific first.
  static constexpr Launcher kLaunchers[] = {
      {"RANK", "LOCAL_RANK", "WORLD_SIZE"},
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_SIZE"},
      {"PMI_RANK", "MPI_LOCALRANKID", "PMI_SIZE"},
      {"SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS"},
  };
  for (const Launcher& l : kLaunchers)
    if (const int rank = number_from(l.rank); rank >= 0)
      return {rank, number_from(l.local), number_from(l.world), l.rank};
  if (const int local = number_from("LOCAL_RANK"); local >= 0) return {-1, local, -1, "LOCAL_RANK"};
  return {};
}

int CaptureDir::make(const char* path) noexcept {
  if (mkdir(path, 0777) == 0 || errno == EEXIST) return 0;
  failed_ = path;
  return errno;
}

int CaptureDir::create(const char* root, const Rank& rank, std::uint64_t unix_ns) noexcept {
  char prefix[32] = "";
  if (rank.rank >= 0) std::snprintf(prefix, sizeof prefix, "rank%d-", rank.rank);
  std::snprintf(name_, sizeof name_, "%spid%d-%llu", prefix, static_cast<int>(getpid()),
                static_cast<unsigned long long>(unix_ns / 1000000));
  const bool absolute = root[0] == '/';
  char here[PATH_MAX];
  // Absolute, because the engine may change its working directory before the log is closed.
  if (!absolute && getcwd(here, sizeof here) == nullptr) {
    failed_ = root;
    return errno;
  }
  const int written = std::snprintf(final_, sizeof final_, "%s%s%s/%s", absolute ? "" : here,
                                    absolute ? "" : "/", root, name_);
  // Room for the longest suffix that is appended below.
  if (written < 0 || written > PATH_MAX - 64) {
    failed_ = root;
    return ENAMETOOLONG;
  }
  const int root_bytes = written - static_cast<int>(std::strlen(name_)) - 1;
  // The lengths were checked above; the precisions tell the compiler.
  std::snprintf(images_, sizeof images_, "%.*s/images", root_bytes, final_);
  std::snprintf(pages_, sizeof pages_, "%.*s/pages", root_bytes, final_);
  std::snprintf(partial_, sizeof partial_, "%.*s.partial", PATH_MAX - 32, final_);
  std::snprintf(log_, sizeof log_, "%.*s/log.fib", PATH_MAX - 16, partial_);
  failed_ = final_;
  if (const int error = make_parents(images_); error != 0) return error;
  if (const int error = make(images_); error != 0) return error;
  return make(partial_);
}

int CaptureDir::close() noexcept {
  if (rename(partial_, final_) == 0) return 0;
  failed_ = partial_;
  return errno;
}

}  // namespace fib::recorder
