// SPDX-License-Identifier: Apache-2.0
#include "cli/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "cli/exit_codes.h"

namespace fib::cli {
namespace {

constexpr std::array kForwarded = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

std::atomic<pid_t> forward_to{0};
static_assert(std::atomic<pid_t>::is_always_lock_free, "used in a signal handler");

// The kernel itself sends what was typed on the terminal, to every process of the foreground group.
void forward(int signal, siginfo_t* info, void*) {
  const int saved = errno;
  const pid_t child = forward_to.load();
  if (child > 0 && info->si_code != SI_KERNEL) kill(child, signal);
  errno = saved;
}

/// While it lives, forwards signals to the child named by started(), and holds back those that come
/// before.
class Forwarding {
 public:
  Forwarding() {
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal : kForwarded) sigaddset(&blocked, signal);
    pthread_sigmask(SIG_BLOCK, &blocked, &mask_);
    struct sigaction action {};
    action.sa_sigaction = forward;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    for (std::size_t i = 0; i < kForwarded.size(); ++i) {
      sigaction(kForwarded[i], nullptr, &before_[i]);
      // What our caller had ignored (nohup) stays ignored, by the command too.
      if (before_[i].sa_handler != SIG_IGN) sigaction(kForwarded[i], &action, nullptr);
    }
  }
  ~Forwarding() {
    for (std::size_t i = 0; i < kForwarded.size(); ++i) {
      sigaction(kForwarded[i], &before_[i], nullptr);
    }
    forward_to = 0;
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

  [[nodiscard]] const sigset_t& mask() const { return mask_; }
  void started(pid_t child) {
    forward_to = child;
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  sigset_t mask_{};
  std::array<struct sigaction, kForwarded.size()> before_{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& command) {
  std::vector<char*> pointers;
  for (const std::string& argument : command) {
    pointers.push_back(const_cast<char*>(argument.c_str()));  // exec's signature predates const
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// What posix_spawn wants to know, and gives back what it holds.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void mask(const sigset_t& mask) {
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes_, &mask);
  }
  void redirect(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, to, from); }
  void no_input() {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  /// Returns an errno.
  [[nodiscard]] int start(const std::vector<std::string>& command, Environment& environment,
                          pid_t& child) const {
    const std::vector<char*> arguments = pointers_to(command);
    return posix_spawnp(&child, arguments[0], &actions_, &attributes_, arguments.data(),
                        environment.pointers().data());
  }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

void wait_for(pid_t child, ChildResult& result) {
  result.pid = child;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.exit_code = result.signal != 0 ? 128 + result.signal : WEXITSTATUS(status);
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = read(file, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, Environment environment,
                      StdoutTo stdout_to) {
  ChildResult result;
  Forwarding forwarding;
  SpawnPlan plan;
  plan.mask(forwarding.mask());  // the command starts with the mask that we were started with
  if (stdout_to == StdoutTo::Stderr) plan.redirect(STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  result.start_error = plan.start(command, environment, child);
  if (result.start_error != 0) {
    result.exit_code = kExitCantStart;
    return result;
  }
  forwarding.started(child);
  wait_for(child, result);
  return result;
}

ChildResult run_captured(const std::vector<std::string>& command, Environment environment,
                         std::string& output) {
  ChildResult result;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    result.start_error = errno;
    return result;
  }
  SpawnPlan plan;
  plan.no_input();
  plan.redirect(STDOUT_FILENO, ends[1]);
  plan.redirect(STDERR_FILENO, ends[1]);
  pid_t child = 0;
  result.start_error = plan.start(command, environment, child);
  close(ends[1]);
  if (result.start_error == 0) {
    output = read_all(ends[0]);
    wait_for(child, result);
  } else {
    result.exit_code = kExitCantStart;
  }
  close(ends[0]);
  return result;
}

std::string describe(const ChildResult& result) {
  if (result.start_error != 0) {
    return std::string("could not be started: ") + std::strerror(result.start_error);
  }
  if (result.signal != 0) {
    return "signal " + std::to_string(result.signal) + " (" + strsignal(result.signal) + ')';
  }
  return "exit code " + std::to_string(result.exit_code);
}

}  // namespace fib::cli
