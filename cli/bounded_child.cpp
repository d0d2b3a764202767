// SPDX-License-Identifier: Apache-2.0
#include "cli/bounded_child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>

#include "cli/exit_codes.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kEnding = {SIGINT, SIGTERM, SIGHUP};
std::atomic<pid_t> group{0};

void end_group(int signal) {
  if (const pid_t leader = group.load(); leader > 0) kill(-leader, SIGKILL);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

/// While it lives, signals that end us end the command first.
class EndingTogether {
 public:
  EndingTogether() {
    struct sigaction action {};
    action.sa_handler = end_group;
    for (std::size_t i = 0; i < kEnding.size(); ++i) {
      sigaction(kEnding[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) sigaction(kEnding[i], &action, nullptr);
    }
  }
  ~EndingTogether() {
    group = 0;
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &before_[i], nullptr);
  }
  EndingTogether(const EndingTogether&) = delete;
  EndingTogether& operator=(const EndingTogether&) = delete;

 private:
  std::array<struct sigaction, kEnding.size()> before_{};
};

int open_output(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0)
    throw CliError(kExitOutput, path.string() + " can't be written: " + std::strerror(errno));
  return file;
}

/// Returns an errno.
int start(const std::vector<std::string>& command, Environment& environment, int out, int err,
          pid_t& child) {
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int error = posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(),
                                 environment.pointers().data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

/// False: it still runs when the time is up.
bool ends_within(pid_t child, double seconds) {
  const int file = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  const auto until = Clock::now() + std::chrono::duration<double>(seconds);
  bool ended = false;
  while (!ended && Clock::now() < until) {
    const auto left = std::chrono::duration<double, std::milli>(until - Clock::now()).count();
    // Without pidfds it is asked often instead.
    const int wait = static_cast<int>(std::min(std::ceil(left), file >= 0 ? 1e6 : 5.0));
    struct pollfd watched = {file, POLLIN, 0};
    poll(&watched, file >= 0 ? 1 : 0, wait);
    siginfo_t info{};
    ended = waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == child;
  }
  if (file >= 0) close(file);
  return ended;
}

void reap(pid_t child, ChildResult& result) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  result.pid = child;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.exit_code = result.signal != 0 ? 128 + result.signal : WEXITSTATUS(status);
}

}  // namespace

BoundedResult run_bounded(const std::vector<std::string>& command, Environment environment,
                          const std::filesystem::path& out, const std::filesystem::path& err,
                          double seconds) {
  BoundedResult result;
  const EndingTogether together;
  const auto began = Clock::now();
  const int out_file = open_output(out);
  const int err_file = open_output(err);
  pid_t child = 0;
  result.child.start_error = start(command, environment, out_file, err_file, child);
  close(out_file);
  close(err_file);
  if (result.child.start_error != 0) {
    result.child.exit_code = kExitCantStart;
    return result;
  }
  group = child;
  result.timed_out = !ends_within(child, seconds);
  // Whatever it left running writes to nothing that is looked at later.
  kill(-child, SIGKILL);
  reap(child, result.child);
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

std::string describe(const BoundedResult& result) {
  if (result.timed_out) return "no end within " + format_duration(result.seconds * 1e9);
  return describe(result.child);
}

}  // namespace fib::cli
