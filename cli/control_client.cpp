// SPDX-License-Identifier: Apache-2.0
#include "cli/control_client.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

std::string text_of(const char* text, std::size_t size) { return {text, strnlen(text, size)}; }

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

ControlClient::ControlClient(int pid) {
  const std::string name = "process " + std::to_string(pid);
  if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH))
    throw CliError(kExitUsage, "there is no " + name);
  page_ = find_page("/proc/" + std::to_string(pid) + "/fd", pid);
  if (page_ == nullptr)
    throw CliError(kExitUsage, name +
                                   " is not being recorded (yet): it must run under `fib record` "
                                   "and have launched a kernel");
  if (page_->version != trace::kControlVersion)
    throw CliError(kExitUsage,
                   name + " runs another version of the shim: use the fib that belongs to it");
}

ControlClient::~ControlClient() { munmap(page_, trace::kControlBytes); }

ControlClient::Status ControlClient::status() const {
  return {static_cast<trace::ControlState>(page_->state.load()),
          page_->windows.load(),
          page_->launches.load(),
          page_->stored_bytes.load(),
          page_->pause_ns.load(),
          text_of(page_->text, sizeof page_->text)};
}

ControlClient::Answer ControlClient::request(trace::ControlCommand command,
                                             const std::string& argument,
                                             std::chrono::milliseconds limit) {
  if (argument.size() >= sizeof page_->argument)
    throw CliError(kExitUsage, "the description of the window is too long");
  std::uint32_t before = page_->request.load();
  if (before != page_->answered.load())
    throw CliError(kExitUsage, "another request is under way; see `fib ctl PID status`");
  std::memcpy(page_->argument, argument.c_str(), argument.size() + 1);
  const std::uint32_t request = ((before >> 8) + 1) << 8 | static_cast<std::uint32_t>(command);
  if (!page_->request.compare_exchange_strong(before, request))
    throw CliError(kExitUsage, "another request is under way; try again");
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (page_->answered.load() != request) {
    if (std::chrono::steady_clock::now() >= deadline) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {static_cast<trace::ControlResult>(page_->result.load()),
          text_of(page_->text, sizeof page_->text)};
}

}  // namespace fib::cli
