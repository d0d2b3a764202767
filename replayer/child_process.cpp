// SPDX-License-Identifier: Apache-2.0
#include "replayer/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#include "replayer/preload.h"

extern char** environ;

namespace fib::replayer {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The child's exit code when another layout may help.
constexpr int kTryAnotherLayout = 75;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// An anonymous file that a child inherits.
class SharedFile {
 public:
  explicit SharedFile(const char* name) : fd_(memfd_create(name, 0)) {
    if (fd_ < 0) fail("memfd_create");
  }
  ~SharedFile() { ::close(fd_); }
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("write to the other process");
    done += static_cast<std::size_t>(n);
  }
}

std::string read_all(int fd) {
  std::string text;
  char piece[65536];
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(fd, piece, sizeof piece, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(piece, static_cast<std::size_t>(n));
    at += n;
  }
}

ProgressPage* map_progress(int fd) {
  void* const page =
      ::mmap(nullptr, sizeof(ProgressPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) fail("mmap of the progress page");
  return static_cast<ProgressPage*>(page);
}

/// One child from its start to its end.
class Child {
 public:
  Child(const ChildJob& job, bool fixed_layout)
      : job_(job), request_("request"), progress_("progress"), result_("result") {
    write_all(request_.fd(), job.request);
    if (::ftruncate(progress_.fd(), sizeof(ProgressPage)) != 0) fail("ftruncate");
    page_ = map_progress(progress_.fd());
    start(fixed_layout);
  }
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::munmap(page_, sizeof(ProgressPage));
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Waits for its end, or ends it. True if it ended by itself.
  bool wait(const Supervision& supervision);
  [[nodiscard]] std::string result() const { return read_all(result_.fd()); }
  [[nodiscard]] bool wants_another_layout() const {
    return WIFEXITED(status_) && WEXITSTATUS(status_) == kTryAnotherLayout;
  }
  [[nodiscard]] bool succeeded() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }
  /// "signal 11 (Segmentation fault)".
  [[nodiscard]] std::string ending() const;
  [[nodiscard]] std::string doing() const;
  [[nodiscard]] std::uint64_t launch() const { return page_->launch.load(); }

 private:
  void start(bool fixed_layout);
  [[noreturn]] void become_child(bool fixed_layout, char* const* environment);

  const ChildJob& job_;
  SharedFile request_, progress_, result_;
  ProgressPage* page_ = nullptr;
  pid_t pid_ = -1;
  int status_ = 0;
};

void Child::start(bool fixed_layout) {
  std::vector<std::string> entries = environment_without_shim(environ);
  entries.push_back(std::string(job_.variable) + '=' + std::to_string(request_.fd()) + ',' +
                    std::to_string(progress_.fd()) + ',' + std::to_string(result_.fd()));
  std::vector<char*> pointers;
  for (std::string& entry : entries) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) become_child(fixed_layout, pointers.data());
}

void Child::become_child(bool fixed_layout, char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto now = static_cast<unsigned long>(::personality(0xffffffff));
  ::personality(fixed_layout ? now | ADDR_NO_RANDOMIZE
                             : now & ~static_cast<unsigned long>(ADDR_NO_RANDOMIZE));
  char* const arguments[] = {const_cast<char*>(job_.name), nullptr};
  ::execve("/proc/self/exe", arguments, environment);
  ::_exit(127);
}

bool Child::wait(const Supervision& supervision) {
  std::uint64_t beats = 0;
  auto last = SteadyClock::now();
  for (auto pause = std::chrono::milliseconds(1);;) {
    const pid_t ended = ::waitpid(pid_, &status_, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno == ECHILD)) {
      pid_ = -1;
      return true;
    }
    const auto now = SteadyClock::now();
    if (const std::uint64_t seen = page_->beats.load(); seen != beats) {
      beats = seen;
      last = now;
      if (supervision.watch) supervision.watch(doing());
    }
    if (std::chrono::duration<double>(now - last).count() > supervision.timeout_seconds)
      return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
}

std::string Child::ending() const {
  if (WIFSIGNALED(status_))
    return "signal " + std::to_string(WTERMSIG(status_)) + " (" + strsignal(WTERMSIG(status_)) +
           ")";
  return "exit code " + std::to_string(WEXITSTATUS(status_));
}

std::string Child::doing() const {
  char phase[sizeof page_->phase], kernel[sizeof page_->kernel];
  std::memcpy(phase, page_->phase, sizeof phase);
  std::memcpy(kernel, page_->kernel, sizeof kernel);
  phase[sizeof phase - 1] = kernel[sizeof kernel - 1] = '\0';
  if (launch() == 0) return phase;
  return "launch " + std::to_string(launch()) + ", " + kernel;
}

ChildEnd attempt(const ChildJob& job, bool fixed_layout, const Supervision& supervision) {
  Child child(job, fixed_layout);
  ChildEnd end;
  end.hung = !child.wait(supervision);
  end.where = child.doing();
  end.launch = child.launch();
  end.result = child.result();
  if (end.hung) return end;
  end.another_layout = child.wants_another_layout();
  end.ending = child.ending();
  end.finished = end.another_layout || child.succeeded();
  return end;
}

}  // namespace

ChildEnd run_in_child(const ChildJob& job, const Supervision& supervision) {
  ChildEnd end;
  const unsigned tries = std::max(supervision.layouts, 1u);
  for (unsigned i = 0; i < tries; ++i) {
    end = attempt(job, i + 2 == tries, supervision);
    if (!end.another_layout) return end;
  }
  return end;
}

std::unique_ptr<ChildSide> ChildSide::open(const char* variable) {
  const char* files = std::getenv(variable);
  if (files == nullptr) return nullptr;
  int request = -1, progress = -1, result = -1;
  if (std::sscanf(files, "%d,%d,%d", &request, &progress, &result) != 3) return nullptr;
  ::unsetenv(variable);
  return std::unique_ptr<ChildSide>(new ChildSide(request, map_progress(progress), result));
}

std::string ChildSide::request() const { return read_all(request_); }

void ChildSide::leave(const std::string& result) {
  if (::ftruncate(result_, 0) != 0 || ::lseek(result_, 0, SEEK_SET) != 0)
    fail("rewriting what was left");
  write_all(result_, result);
}

void ChildSide::finish(const std::string& result, bool another_layout) {
  leave(result);
  ::_exit(another_layout ? kTryAnotherLayout : 0);
}

}  // namespace fib::replayer
