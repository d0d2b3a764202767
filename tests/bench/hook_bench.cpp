// SPDX-License-Identifier: Apache-2.0
// launch_bench on the simulated driver, whose launches do nothing (FIBSIM_LAUNCH=null): without the
// shim, with it off, and with the launch log on. No GPU needed; what the hook adds is nearly all
// that is left.
//
// usage: hook_bench LAUNCH_BENCH SHIM SIM_DIR IMAGE [BURSTS]
// Prints what launch_bench prints, one JSON object per line, with "mode" as the first member.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

struct Setup {
  std::string launch_bench, shim, sim_dir, image, bursts = "50";
};

using Environment = std::vector<std::string>;

Environment environment(const Setup& setup, const std::string& mode, const std::string& capture) {
  Environment env{"PATH=/usr/bin:/bin", "LD_LIBRARY_PATH=" + setup.sim_dir, "FIBSIM_LAUNCH=null"};
  if (mode != "bare") {
    env.push_back("LD_PRELOAD=" + setup.shim);
    env.push_back("FIBSHIM_MODE=" + mode);
    env.push_back("FIBSHIM_CAPTURE_DIR=" + capture);
  }
  return env;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

/// Starts the benchmark with its output going to `output`; -1 if it can't be started.
pid_t start(const Setup& setup, Environment env, int output) {
  // The pause lets the writer catch up: launches that do nothing come faster than any GPU takes
  // them, and records that are dropped cost less than records that are written.
  std::vector<std::string> command{setup.launch_bench, "--pause", "3000",     "--bursts",
                                   setup.bursts,       "--image", setup.image};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t child = -1;
  const int error = posix_spawn(&child, setup.launch_bench.c_str(), &actions, nullptr,
                                pointers(command).data(), pointers(env).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) std::fprintf(stderr, "hook_bench: cannot start %s\n", setup.launch_bench.c_str());
  return error == 0 ? child : -1;
}

/// Prints what launch_bench prints, with the mode as first member; the number of lines.
int copy_lines(int input, const std::string& mode) {
  std::FILE* stream = fdopen(input, "r");
  char line[4096];
  int lines = 0;
  while (stream && std::fgets(line, sizeof line, stream)) {
    if (line[0] != '{') continue;
    std::printf("{\"mode\":\"%s\",%s", mode.c_str(), line + 1);
    ++lines;
  }
  if (stream) std::fclose(stream);
  return lines;
}

bool run(const Setup& setup, const std::string& mode, const std::string& capture) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const pid_t child = start(setup, environment(setup, mode, capture), ends[1]);
  close(ends[1]);
  const int lines = copy_lines(ends[0], mode);
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  if (status == 0 && lines == 3) return true;
  std::fprintf(stderr, "hook_bench: %s: wait status %d, %d of 3 results\n", mode.c_str(), status,
               lines);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 6) {
    std::fprintf(stderr, "usage: hook_bench LAUNCH_BENCH SHIM SIM_DIR IMAGE [BURSTS]\n");
    return 2;
  }
  Setup setup{argv[1], argv[2], argv[3], argv[4]};
  if (argc == 6) setup.bursts = argv[5];
  char capture[] = "/tmp/hook_bench.XXXXXX";
  if (!mkdtemp(capture)) return 1;
  bool good = true;
  for (const char* mode : {"bare", "off", "record"}) good = run(setup, mode, capture) && good;
  std::filesystem::remove_all(capture);
  return good ? 0 : 1;
}
