// SPDX-License-Identifier: Apache-2.0
#include "cli/counters_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <span>

#include "cli/exit_codes.h"
#include "registry/match/reason.h"
#include "trace/counters.h"

namespace fib::cli {
namespace {

namespace fs = std::filesystem;
using trace::CandidateCounters;
using trace::CountersHeader;
using trace::CountersPage;
using trace::KernelCounters;

template <std::size_t N>
std::string text_of(const char (&text)[N]) {
  std::string copy(text, strnlen(text, N));
  for (char& c : copy) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return copy;
}

/// A copy: the file may be memory that its process still changes, or cuts off.
struct Content {
  std::vector<std::byte> bytes;
  std::string error;  ///< without the path; empty if all is well
};

Content read_content(const fs::path& path) {
  Content content;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    content.error = std::string("cannot be read (") + std::strerror(errno) + "); check the path";
  } else if (!S_ISREG(info.st_mode)) {
    content.error = "is not a file; give a report of the shim";
  }
  constexpr std::size_t kMost = sizeof(CountersPage);
  while (content.error.empty() && content.bytes.size() < kMost) {
    std::size_t at = content.bytes.size();
    content.bytes.resize(std::min(at + (std::size_t{1} << 20), kMost));
    const ssize_t got = ::read(fd, content.bytes.data() + at, content.bytes.size() - at);
    at += got > 0 ? static_cast<std::size_t>(got) : 0;
    content.bytes.resize(at);
    if (got <= 0) break;
  }
  if (fd >= 0) ::close(fd);
  return content;
}

std::uint64_t number(const trace::Counter& counter) {
  return counter.load(std::memory_order_relaxed);
}

const char* state_name(std::uint32_t state) {
  switch (static_cast<trace::CandidateState>(state)) {
    case trace::CandidateState::Ready: return "ready";
    case trace::CandidateState::NotLoaded: return "not loaded";
    case trace::CandidateState::Demoted: return "demoted";
    case trace::CandidateState::Unknown: break;
  }
  return "unknown";
}

/// Bytes of a page, perhaps cut off behind the last kernel in use.
class PageReader {
 public:
  PageReader(std::span<const std::byte> bytes, std::string origin)
      : bytes_(bytes), origin_(std::move(origin)) {}

  CountersReport read() {
    constexpr std::size_t kKernelsAt = offsetof(CountersPage, kernels);
    if (bytes_.size() < kKernelsAt) refuse("is too short for the shim's counters");
    const auto& page = *reinterpret_cast<const CountersPage*>(bytes_.data());
    read_header(page.header);
    const std::size_t candidates =
        std::min<std::size_t>(page.header.candidate_count, trace::kMaxCountedCandidates);
    for (std::size_t i = 0; i < candidates; ++i) add_candidate(page.candidates[i]);
    const std::size_t room = (bytes_.size() - kKernelsAt) / sizeof(KernelCounters);
    const std::size_t kernels =
        std::min<std::size_t>({page.header.kernel_count.load(std::memory_order_acquire),
                               trace::kMaxCountedKernels, room});
    for (std::size_t i = 0; i < kernels; ++i) add_kernel(page.kernels[i]);
    std::stable_sort(report_.kernels.begin(), report_.kernels.end(),
                     [](const auto& a, const auto& b) { return a.launches() > b.launches(); });
    return std::move(report_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw CliError(kExitUnreadable, origin_ + ' ' + why +
                                        ": give a file that FIBSHIM_REPORT named in a process of "
                                        "mode apply or shadow");
  }

  void read_header(const CountersHeader& header) {
    if (std::memcmp(header.magic, trace::kCountersMagic, sizeof header.magic) != 0) {
      refuse("holds no counters of the shim");
    }
    if (header.version != trace::kCountersVersion) {
      throw CliError(kExitUnreadable, origin_ + " is of version " + std::to_string(header.version) +
                                          ": use the fib that belongs to that shim");
    }
    report_.origin = origin_;
    report_.pid = header.pid;
    report_.generation = header.generation;
    const bool shadow = header.mode == static_cast<std::uint32_t>(trace::CountersMode::Shadow);
    report_.mode = shadow ? "shadow" : "apply";
    report_.is_off = header.is_off != 0;
    report_.registry = text_of(header.registry);
    for (std::size_t i = 0; i < std::min<std::size_t>(header.gpu_count, trace::kMaxCountedGpus);
         ++i) {
      report_.gpus.push_back(text_of(header.gpus[i]));
    }
    const std::size_t reasons =
        std::min<std::size_t>(header.reason_count, trace::kMaxCountedReasons);
    for (std::size_t i = 0; i < reasons; ++i) reasons_.push_back(text_of(header.reasons[i]));
  }

  void add_candidate(const CandidateCounters& counters) {
    report_.candidates.push_back(
        {text_of(counters.name), state_name(counters.state), text_of(counters.why),
         number(counters.eager), number(counters.in_graphs), number(counters.failed),
         number(counters.shadowed), number(counters.mismatched), number(counters.unverified)});
  }

  void add_kernel(const KernelCounters& counters) {
    CountedKernel kernel;
    kernel.name = text_of(counters.name);
    for (std::size_t i = 0; i < reasons_.size(); ++i) {
      const std::uint64_t launches = number(counters.reasons[i]);
      if (launches > 0) kernel.reasons.push_back({reasons_[i], is_hit_name(reasons_[i]), launches});
    }
    std::stable_sort(kernel.reasons.begin(), kernel.reasons.end(),
                     [](const auto& a, const auto& b) { return a.launches > b.launches; });
    for (const trace::KernelCandidate& candidate : counters.candidates) {
      const std::uint32_t at = candidate.candidate;
      if (at == 0 || at > report_.candidates.size()) continue;
      kernel.candidates.push_back(
          {report_.candidates[at - 1].name, number(candidate.eager), number(candidate.in_graphs)});
    }
    report_.kernels.push_back(std::move(kernel));
  }

  static bool is_hit_name(const std::string& name) {
    for (std::size_t i = 0; i < match::kReasons; ++i) {
      const auto reason = static_cast<match::Reason>(i);
      if (name == match::to_string(reason)) return match::is_hit(reason);
    }
    return false;
  }

  std::span<const std::byte> bytes_;
  std::string origin_;
  std::vector<std::string> reasons_;
  CountersReport report_;
};

/// What the descriptor of another process shows; nothing if it is no counters page of its own: a
/// forked child may still hold its parent's.
std::optional<CountersReport> read_descriptor(const fs::path& descriptor, const std::string& origin,
                                              int pid) {
  const Content content = read_content(descriptor);
  if (!content.error.empty()) return std::nullopt;
  CountersReport report = PageReader(content.bytes, origin).read();
  if (report.pid != static_cast<std::uint32_t>(pid)) return std::nullopt;
  return report;
}

}  // namespace

std::uint64_t CountedKernel::launches() const {
  std::uint64_t sum = 0;
  for (const Reason& reason : reasons) sum += reason.launches;
  return sum;
}

CountersReport read_counters_file(const fs::path& path) {
  const Content content = read_content(path);
  if (!content.error.empty()) {
    throw CliError(kExitUnreadable, path.string() + ' ' + content.error);
  }
  return PageReader(content.bytes, path.string()).read();
}

CountersReport read_counters_of(int pid) {
  const std::string name = "process " + std::to_string(pid);
  if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH)) {
    throw CliError(kExitUsage, "there is no " + name);
  }
  std::error_code error;
  const fs::path descriptors = "/proc/" + std::to_string(pid) + "/fd";
  for (fs::directory_iterator entry(descriptors, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unreadable;
    const std::string target = fs::read_symlink(entry->path(), unreadable).string();
    if (target.find(trace::kCountersName) == std::string::npos) continue;
    if (auto report = read_descriptor(entry->path(), name, pid)) return std::move(*report);
  }
  if (error) {
    throw CliError(kExitUsage,
                   name + " can't be looked at (" + error.message() + "): run fib as its user");
  }
  throw CliError(kExitUsage, name +
                                 " counts nothing (yet): it must run with FIBSHIM_MODE=apply or "
                                 "shadow and have used CUDA");
}

}  // namespace fib::cli
