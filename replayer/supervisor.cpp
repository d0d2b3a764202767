// SPDX-License-Identifier: Apache-2.0
#include "replayer/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#include "replayer/child_request.h"
#include "replayer/preload.h"

extern char** environ;

namespace fib::replayer {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Status = ReplayReport::Status;

constexpr char kVariable[] = "FIB_REPLAY_CHILD";
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
  Child(const ChildRequest& request, bool fixed_layout)
      : request_("fib-request"), progress_("fib-progress"), result_("fib-result") {
    write_all(request_.fd(), to_text(request));
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
  /// "signal 11 (Segmentation fault)".
  [[nodiscard]] std::string ending() const;
  [[nodiscard]] std::string doing() const;
  [[nodiscard]] std::uint64_t launch() const { return page_->launch.load(); }

 private:
  void start(bool fixed_layout);
  [[noreturn]] void become_child(bool fixed_layout, char* const* environment);

  SharedFile request_, progress_, result_;
  ProgressPage* page_ = nullptr;
  pid_t pid_ = -1;
  int status_ = 0;
};

void Child::start(bool fixed_layout) {
  std::vector<std::string> entries = environment_without_shim(environ);
  entries.push_back(std::string(kVariable) + '=' + std::to_string(request_.fd()) + ',' +
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
  char name[] = "fib-replay";
  char* arguments[] = {name, nullptr};
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

/// How one attempt ended.
struct Attempt {
  std::string json;  ///< the child's report; empty if it left none
  bool another_layout = false;
  bool hung = false;
  std::string where, ending;
  std::uint64_t launch = 0;
};

Attempt attempt(const ChildRequest& request, bool fixed_layout, const Supervision& supervision) {
  Child child(request, fixed_layout);
  Attempt attempt;
  attempt.hung = !child.wait(supervision);
  attempt.where = child.doing();
  attempt.launch = child.launch();
  if (attempt.hung) return attempt;
  attempt.json = child.result();
  attempt.another_layout = child.wants_another_layout();
  attempt.ending = child.ending();
  return attempt;
}

/// Tries layouts of the process until the recorded addresses can be had. Without address
/// randomisation the layout is another one, too, but always the same.
Attempt attempt_layouts(const ChildRequest& request, const Supervision& supervision) {
  Attempt result;
  const unsigned tries = std::max(supervision.layouts, 1u);
  for (unsigned i = 0; i < tries; ++i) {
    result = attempt(request, i + 2 == tries, supervision);
    if (!result.another_layout) return result;
  }
  return result;
}

/// A child that left no report, or never ended.
ReplayReport report_of(const Attempt& attempt, const Supervision& supervision) {
  ReplayReport report;
  report.launch = attempt.launch;
  if (attempt.hung) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%g", supervision.timeout_seconds);
    report.status = Status::Hung;
    report.message = std::string("nothing happened for ") + seconds + " s at " + attempt.where;
  } else {
    report.status = Status::Failed;
    report.message = "the replay was ended by " + attempt.ending + " at " + attempt.where;
  }
  return report;
}

}  // namespace

std::string supervise(const ReplayTarget& target, const ReplayOptions& options,
                      const Supervision& supervision) {
  ChildRequest request{target, options};
  Attempt first = attempt_layouts(request, supervision);
  // A window that runs without waiting fails or hangs later than the launch that is to blame.
  const bool whole = !first.hung && !first.json.empty() && !says_failed(first.json);
  if (whole || options.locate || options.verify == ReplayOptions::Verify::Launch)
    return first.json.empty() ? to_json(report_of(first, supervision)) : first.json;
  request.options.locate = true;
  request.options.times = 1;
  Attempt second = attempt_layouts(request, supervision);
  if (!second.hung && !second.json.empty() && says_failed(second.json)) return second.json;
  if (second.hung || second.json.empty()) return to_json(report_of(second, supervision));
  // One after the other they all ended: what happened before is all that is known.
  ReplayReport report = report_of(first, supervision);
  if (!first.json.empty()) return first.json;
  report.message += "; with a pause after every launch it does not happen";
  return to_json(report);
}

int replay_child() {
  const char* files = std::getenv(kVariable);
  if (files == nullptr) return -1;
  int request = -1, progress = -1, result = -1;
  if (std::sscanf(files, "%d,%d,%d", &request, &progress, &result) != 3) return -1;
  ::unsetenv(kVariable);
  try {
    const ChildRequest what = request_of(read_all(request));
    Progress page(map_progress(progress));
    const ReplayReport report = replay_here(what.target, what.options, page);
    write_all(result, to_json(report));
    // Without the driver's cleaning up, which may hang after an error, and takes its time else.
    ::_exit(report.status == Status::AddressTaken ? kTryAnotherLayout : 0);
  } catch (const std::exception& error) {
    ReplayReport report;
    report.status = Status::Failed;
    report.message = error.what();
    write_all(result, to_json(report));
    ::_exit(0);
  }
}

}  // namespace fib::replayer
