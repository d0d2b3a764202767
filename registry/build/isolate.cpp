// SPDX-License-Identifier: Apache-2.0
#include "registry/build/isolate.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <system_error>

namespace fib::build {
namespace {

using Clock = std::chrono::steady_clock;
using Task = std::function<std::string(std::size_t)>;

bool write_all(int fd, const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::write(fd, at, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

/// A child that does the tasks first, first + step, ...: it writes length and text of each.
class Worker {
 public:
  Worker(std::size_t first, std::size_t step, std::size_t count, const Task& task)
      : next_(first), step_(step), count_(count) {
    start(task);
  }
  Worker(Worker&& other) noexcept = delete;
  Worker& operator=(Worker&&) = delete;
  ~Worker() {
    if (pid_ > 0) end(SIGKILL);
  }

  [[nodiscard]] bool is_done() const { return next_ >= count_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] Clock::time_point began() const { return began_; }

  /// Takes what is there to be read; a child that is gone has failed at its task, and another one
  /// goes on with the next.
  void take(std::vector<TaskEnd>& ends, const Task& task) {
    char piece[1 << 16];
    const ssize_t n = ::read(fd_, piece, sizeof piece);
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) return fail(ends, task, end(0));
    text_.append(piece, static_cast<std::size_t>(n));
    take_texts(ends);
    if (is_done()) (void)end(0);
  }

  void stop(std::vector<TaskEnd>& ends, const Task& task, std::chrono::seconds limit) {
    (void)end(SIGKILL);
    fail(ends, task, "took longer than " + std::to_string(limit.count()) + " s");
  }

 private:
  void start(const Task& task) {
    text_.clear();
    began_ = Clock::now();
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) < 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) run(pipe[1], parent, task);
    const int error = errno;
    ::close(pipe[1]);
    fd_ = pipe[0];
    if (pid_ < 0) throw std::system_error(error, std::generic_category(), "fork");
  }

  [[noreturn]] void run(int fd, pid_t parent, const Task& task) const {
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    for (std::size_t i = next_; i < count_; i += step_) {
      const std::string text = task(i);
      const std::uint64_t bytes = text.size();
      if (!write_all(fd, &bytes, sizeof bytes) || !write_all(fd, text.data(), text.size())) break;
    }
    ::_exit(0);
  }

  void take_texts(std::vector<TaskEnd>& ends) {
    std::uint64_t bytes = 0;
    while (!is_done() && text_.size() >= sizeof bytes) {
      std::memcpy(&bytes, text_.data(), sizeof bytes);
      if (text_.size() - sizeof bytes < bytes) break;
      ends[next_].text = text_.substr(sizeof bytes, bytes);
      text_.erase(0, sizeof bytes + bytes);
      next_ += step_;
      began_ = Clock::now();
    }
  }

  void fail(std::vector<TaskEnd>& ends, const Task& task, std::string why) {
    ends[next_].failure = std::move(why);
    next_ += step_;
    if (!is_done()) start(task);
  }

  /// Waits for the child, and says how it ended.
  std::string end(int signal) {
    if (signal != 0) (void)::kill(pid_, signal);
    ::close(fd_);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    if (!WIFSIGNALED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
    return "crashed (signal " + std::to_string(WTERMSIG(status)) + ", " +
           ::strsignal(WTERMSIG(status)) + ')';
  }

  std::size_t next_;
  const std::size_t step_, count_;
  pid_t pid_ = -1;
  int fd_ = -1;
  std::string text_;  ///< read, and not yet whole
  Clock::time_point began_;
};

}  // namespace

std::vector<TaskEnd> run_isolated(std::size_t count, unsigned jobs, std::chrono::seconds limit,
                                  const Task& task) {
  std::vector<TaskEnd> ends(count);
  const std::size_t step = std::min<std::size_t>(std::max(jobs, 1u), count);
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < step; ++i) {
    workers.push_back(std::make_unique<Worker>(i, step, count, task));
  }
  while (true) {
    std::erase_if(workers, [](const auto& worker) { return worker->is_done(); });
    if (workers.empty()) return ends;
    std::vector<pollfd> polls;
    for (const auto& worker : workers) polls.push_back({worker->fd(), POLLIN, 0});
    (void)::poll(polls.data(), polls.size(), 200);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      if (polls[i].revents != 0) {
        workers[i]->take(ends, task);
      } else if (Clock::now() - workers[i]->began() > limit) {
        workers[i]->stop(ends, task, limit);
      }
    }
  }
}

}  // namespace fib::build
