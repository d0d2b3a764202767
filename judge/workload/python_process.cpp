// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/python_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

extern char** environ;

namespace fib::judge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeptOutput = 64 << 10;
constexpr int kNotStarted = 127;

/// Ours, but without what we or others preload, and without GPUs: they are being measured.
std::vector<std::string> child_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("LD_PRELOAD=") && !text.starts_with("CUDA_VISIBLE_DEVICES="))
      entries.emplace_back(text);
  }
  entries.emplace_back("CUDA_VISIBLE_DEVICES=");
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// One child and the pipe that it writes into.
class Child {
 public:
  Child(std::vector<std::string> command, unsigned long file_limit) {
    std::vector<std::string> environment = child_environment();
    const std::vector<char*> arguments = pointers_to(command), entries = pointers_to(environment);
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) < 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    pid_ = ::fork();
    if (pid_ == 0) become(arguments, entries, pipe[1], file_limit);
    const int error = errno;
    ::close(pipe[1]);
    fd_ = pipe[0];
    if (pid_ > 0) return;
    ::close(fd_);
    throw std::system_error(error, std::generic_category(), "fork");
  }
  ~Child() {
    if (pid_ > 0) (void)end();
    ::close(fd_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Takes what it writes until it closes the pipe. False if that lasts beyond the deadline.
  bool read(std::string& output, Clock::time_point deadline) const {
    std::array<char, 4096> piece{};
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      pollfd wait{fd_, POLLIN, 0};
      if (::poll(&wait, 1, static_cast<int>(std::min<long>(left, 100))) <= 0) {
        if (has_ended()) return true;  // though something that it started holds the pipe
        continue;
      }
      const ssize_t n = ::read(fd_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return wait_until(deadline);
      output.append(piece.data(), static_cast<std::size_t>(n));
      if (output.size() > 2 * kKeptOutput) output.erase(0, output.size() - kKeptOutput);
    }
  }
  /// Ends all that is left of it; its exit code.
  int end() {
    const bool killed = !has_ended();
    ::kill(-pid_, SIGKILL);
    if (killed) ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  [[noreturn]] static void become(const std::vector<char*>& arguments,
                                  const std::vector<char*>& environment, int output,
                                  unsigned long file_limit) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    const rlimit files{file_limit, file_limit};
    ::setrlimit(RLIMIT_FSIZE, &files);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvpe(arguments[0], arguments.data(), environment.data());
    ::dprintf(STDERR_FILENO, "%s", ::strerror(errno));
    ::_exit(kNotStarted);
  }

  [[nodiscard]] bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }
  [[nodiscard]] bool wait_until(Clock::time_point deadline) const {
    while (!has_ended()) {
      if (Clock::now() >= deadline) return false;
      ::usleep(1000);
    }
    return true;
  }

  pid_t pid_ = -1;
  int fd_ = -1;
};

}  // namespace

std::string python_command() {
  const char* const chosen = std::getenv("FIB_PYTHON");
  return chosen != nullptr && *chosen != '\0' ? chosen : "python3";
}

PythonEnd run_python(const std::vector<std::string>& command, double timeout_seconds,
                     unsigned long file_limit) {
  const auto limit = std::chrono::duration<double>(timeout_seconds);
  PythonEnd end;
  Child child(command, file_limit);
  end.timed_out =
      !child.read(end.output, Clock::now() + std::chrono::duration_cast<Clock::duration>(limit));
  end.exit_code = child.end();
  end.started = end.exit_code != kNotStarted;
  if (end.output.size() > kKeptOutput) end.output.erase(0, end.output.size() - kKeptOutput);
  return end;
}

}  // namespace fib::judge
