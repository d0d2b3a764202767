// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/counter.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "tests/sim_driver/config.h"

namespace fib::sim {
namespace {

constexpr std::size_t kLine = 4096;  // longer names are cut
constexpr std::size_t kDigits = 20;
constexpr std::size_t kMaxKernels = 1024;

struct Slot {
  char* line;
  unsigned long long count;
};

// The count is overwritten in place, right-aligned, so a reader sees text at any time.
void write_count(const Slot& slot) {
  char digits[kDigits + 1];
  std::snprintf(digits, sizeof digits, "%*llu", static_cast<int>(kDigits), slot.count);
  std::memcpy(slot.line, digits, kDigits);
}

class CountFile {
 public:
  void count(const std::string& name, unsigned long long by) {
    const std::lock_guard lock(mutex_);
    if (fd_ == kUnopened) open();
    if (fd_ < 0) return;
    Slot* slot = slot_for(name);
    if (!slot) return;
    slot->count += by;
    write_count(*slot);
  }

 private:
  static constexpr int kUnopened = -2;

  void open() {
    const std::string path = config().count_file + "." + std::to_string(::getpid());
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0) std::fprintf(stderr, "fibsim: cannot write FIBSIM_COUNT_FILE %s\n", path.c_str());
  }

  Slot* slot_for(const std::string& name) {
    if (const auto known = slots_.find(name); known != slots_.end()) return &known->second;
    char* line = next_line();
    if (!line) return nullptr;
    std::memset(line, ' ', kLine);
    std::memcpy(line + kDigits + 1, name.data(), std::min(name.size(), kLine - kDigits - 2));
    line[kLine - 1] = '\n';
    return &slots_.emplace(name, Slot{line, 0}).first->second;
  }

  // One page per line, and the file grows line by line.
  char* next_line() {
    const std::size_t n = slots_.size();
    if (n == kMaxKernels || ::ftruncate(fd_, static_cast<off_t>((n + 1) * kLine)) != 0)
      return nullptr;
    void* line = ::mmap(nullptr, kLine, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                        static_cast<off_t>(n * kLine));
    return line == MAP_FAILED ? nullptr : static_cast<char*>(line);
  }

  std::mutex mutex_;
  int fd_ = kUnopened;
  std::unordered_map<std::string, Slot> slots_;
};

void count(const std::string& name, unsigned long long by) {
  static CountFile* const file = config().count_file.empty() ? nullptr : new CountFile;
  if (file) file->count(name, by);
}

}  // namespace

void count_execution(const std::string& kernel) {
  if (kernel.starts_with("fib_")) return;  // the shim's own, not the program's
  count(kernel, 1);
}

void count_to_host(std::size_t bytes) {
  if (config().count_copies) count("bytes to the host", bytes);
}

}  // namespace fib::sim
