// SPDX-License-Identifier: Apache-2.0
#include "cli/control_client.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "cli/exit_codes.h"

namespace fib::cli {

namespace fs = std::filesystem;
using trace::ControlPage;

namespace {

constexpr std::chrono::milliseconds kPollTime{2};
constexpr int kReportAttempts = 50;

/// Another process wrote it: a terminal shall take it for nothing but text.
std::string text_of(const char* text, std::size_t size) {
  std::string copy(text, strnlen(text, size));
  for (char& c : copy) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = '?';
  }
  return copy;
}

bool is_page_of(const ControlPage& page, int pid) {
  return std::memcmp(page.magic, trace::kControlMagic, sizeof page.magic) == 0 &&
         page.pid == static_cast<std::uint32_t>(pid);
}

/// The page behind a descriptor of another process, or null if it is not that process's own: a
/// forked child may still hold its parent's.
ControlPage* map_page(const fs::path& descriptor, int pid) {
  const int fd = open(descriptor.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  struct stat info {};
  void* memory = MAP_FAILED;
  if (fstat(fd, &info) == 0 && info.st_size >= static_cast<off_t>(trace::kControlBytes))
    memory = mmap(nullptr, trace::kControlBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return nullptr;
  auto* page = static_cast<ControlPage*>(memory);
  if (is_page_of(*page, pid)) return page;
  munmap(memory, trace::kControlBytes);
  return nullptr;
}

ControlPage* find_page(const fs::path& descriptors, int pid) {
  std::error_code error;
  for (fs::directory_iterator entry(descriptors, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unreadable;
    const std::string target = fs::read_symlink(entry->path(), unreadable).string();
    if (target.find(trace::kControlName) == std::string::npos) continue;
    if (ControlPage* page = map_page(entry->path(), pid)) return page;
  }
  if (error)
    throw CliError(kExitUsage, "process " + std::to_string(pid) + " can't be looked at (" +
                                   error.message() + "): run fib as its user");
  return nullptr;
}

}  // namespace

ControlClient::ControlClient(int pid) : pid_(pid) {
  const std::string name = "process " + std::to_string(pid);
  if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH))
    throw CliError(kExitUsage, "there is no " + name);
  page_ = find_page("/proc/" + std::to_string(pid) + "/fd", pid);
  if (page_ == nullptr)
    throw CliError(kExitUsage,
                   name +
                       " is not being recorded or redirected (yet): it must run under `fib "
                       "record` and have launched a kernel, or with FIBSHIM_MODE=apply or shadow "
                       "and have used the GPU");
  if (page_->version == 0 || page_->version > trace::kControlVersion) {
    munmap(page_, trace::kControlBytes);
    throw CliError(kExitUsage,
                   name + " runs a newer version of the shim: use the fib that belongs to it");
  }
}

ControlClient::~ControlClient() { munmap(page_, trace::kControlBytes); }

ControlClient::Status ControlClient::status() const {
  return {static_cast<trace::ControlState>(page_->state.load()),
          page_->windows.load(),
          page_->launches.load(),
          page_->stored_bytes.load(),
          page_->pause_ns.load(),
          text_of(page_->text, sizeof page_->text),
          static_cast<trace::ControlMode>(page_->mode),
          page_->is_off.load() != 0,
          page_->generation.load(),
          page_->candidates.load(),
          page_->ready.load(),
          report()};
}

/// Between two turns of its writer; what is torn for long is shown torn.
std::string ControlClient::report() const {
  std::string text;
  for (int attempt = 0; attempt < kReportAttempts; ++attempt) {
    const std::uint32_t before = page_->report_turns.load();
    text = text_of(page_->report, sizeof page_->report);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && page_->report_turns.load() == before) break;
    std::this_thread::sleep_for(kPollTime);
  }
  return text;
}

void ControlClient::check_mode(trace::ControlCommand command) const {
  const bool for_windows =
      command == trace::ControlCommand::Start || command == trace::ControlCommand::Stop;
  const bool records = page_->mode == static_cast<std::uint32_t>(trace::ControlMode::Record);
  if (for_windows == records) return;
  throw CliError(kExitUsage, "process " + std::to_string(pid_) +
                                 (records ? " is being recorded, and redirects nothing: it knows "
                                            "`status` and `window`"
                                          : " redirects launches, and records none: it knows "
                                            "`status`, `reload`, `demote`, `off` and `on`"));
}

std::uint32_t ControlClient::send(trace::ControlCommand command, const std::string& argument) {
  if (argument.size() >= sizeof page_->argument)
    throw CliError(kExitUsage, "'" + argument.substr(0, 40) + "...' is too long");
  std::uint32_t before = page_->request.load();
  if (before != page_->answered.load() && command != trace::ControlCommand::Off)
    throw CliError(kExitUsage, "another request is under way; see `fib ctl PID status`");
  if (command != trace::ControlCommand::Off)
    std::memcpy(page_->argument, argument.c_str(), argument.size() + 1);
  const std::uint32_t request = ((before >> 8) + 1) << 8 | static_cast<std::uint32_t>(command);
  if (!page_->request.compare_exchange_strong(before, request))
    throw CliError(kExitUsage, "another request is under way; try again");
  ::syscall(SYS_futex, &page_->request, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  return request;
}

ControlClient::Answer ControlClient::request(trace::ControlCommand command,
                                             const std::string& argument,
                                             std::chrono::milliseconds limit) {
  check_mode(command);
  const std::uint32_t request = send(command, argument);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (page_->answered.load() != request) {
    if (page_->request.load() != request)
      throw CliError(kExitFinding, "another request took the place of this one");
    if (std::chrono::steady_clock::now() >= deadline) return {};
    std::this_thread::sleep_for(kPollTime);
  }
  return {static_cast<trace::ControlResult>(page_->result.load()),
          text_of(page_->text, sizeof page_->text)};
}

}  // namespace fib::cli
