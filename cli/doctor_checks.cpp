// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_checks.h"

#include <gnu/libc-version.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/child_process.h"
#include "cli/executable.h"
#include "cli/exit_codes.h"
#include "cli/gpu_probe.h"
#include "cli/locate.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kOldestGlibcMinor = 34;  // libfibshim.so needs no symbol newer than 2.34
constexpr std::uint64_t kLittleSpace = 1ull << 30;

/// Libraries that also stand between programs and the driver, by a part of their file's name.
struct Interposer {
  std::string_view part, what;
};
constexpr std::array kInterposers = {
    Interposer{"libvgpu", "HAMi-core replaces CUDA calls"},
    Interposer{"torch_memory_saver", "torch_memory_saver replaces allocations"},
    Interposer{"nvbit", "NVBit changes kernels while they load"},
    Interposer{"cuinterpose", "cuInterpose replaces CUDA calls"},
    Interposer{"xsched", "XSched replaces CUDA calls"},
    Interposer{"rocprof", "rocprofiler may overwrite LD_PRELOAD for children"},
    Interposer{"libasan", "AddressSanitizer wants to be first in LD_PRELOAD"},
    Interposer{"libtsan", "ThreadSanitizer wants to be first in LD_PRELOAD"},
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Splits at what the loader splits at.
std::vector<std::string> entries(const std::string& list) {
  std::vector<std::string> result;
  std::string word;
  for (const char c : list + ":") {
    if (c != ':' && c != ' ' && c != '\n' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      result.push_back(std::move(word));
      word.clear();
    }
  }
  return result;
}

Check judge_preloads(const std::string& name, const std::string& source, const std::string& list) {
  std::string found, conflict;
  for (const std::string& entry : entries(list)) {
    found += (found.empty() ? "" : ", ") + entry;
    std::error_code error;
    if (entry.find('/') != std::string::npos && !fs::exists(entry, error)) {
      conflict = entry + " does not exist: remove it from " + source;
    }
    for (const Interposer& other : kInterposers) {
      if (entry.find(other.part) == std::string::npos) continue;
      conflict = std::string(other.what) + ": try without it if results differ";
    }
  }
  if (found.empty()) return {name, Health::Ok, "nothing else", ""};
  return {name, conflict.empty() ? Health::Ok : Health::Warn, found, conflict};
}

Check describe_gpu(const DeviceFacts& device) {
  return {"GPU " + std::to_string(device.ordinal), Health::Ok,
          device.name + ", compute capability " + std::to_string(device.cc_major) + '.' +
              std::to_string(device.cc_minor) + ", " + format_bytes(device.memory_bytes),
          ""};
}

std::string status_field(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":"))
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

}  // namespace

const char* to_string(Health health) {
  switch (health) {
    case Health::Ok: return "ok";
    case Health::Warn: return "warn";
    case Health::Fail: return "fail";
  }
  return "unknown";
}

Check check_driver(std::vector<Check>& gpus) {
  const GpuProbe probe = probe_gpus();
  if (probe.library.empty()) {
    return {
        "driver", Health::Fail, "no libcuda.so.1 (" + probe.error + ')',
        "install NVIDIA's driver; in a container, start it with access to the GPU (--gpus all)"};
  }
  std::string text = probe.library;
  if (probe.driver_version > 0) text += ", CUDA " + format_cuda_version(probe.driver_version);
  if (!probe.error.empty()) {
    const bool node = fs::exists("/dev/nvidiactl");
    return {"driver", Health::Fail, text + ": " + probe.error,
            node ? "see what nvidia-smi says; the kernel module and libcuda must be of one version"
                 : "there is no /dev/nvidiactl: give this container or machine a GPU"};
  }
  for (const DeviceFacts& device : probe.devices) gpus.push_back(describe_gpu(device));
  if (gpus.empty()) {
    gpus.push_back({"GPU", Health::Fail, "the driver sees none",
                    "check CUDA_VISIBLE_DEVICES ('" + variable("CUDA_VISIBLE_DEVICES") + "')"});
  }
  return {"driver", Health::Ok, text, ""};
}

Check check_glibc() {
  const std::string version = gnu_get_libc_version();
  int major = 0, minor = 0;
  char dot = 0;
  std::istringstream(version) >> major >> dot >> minor;
  const bool enough = major > 2 || (major == 2 && minor >= kOldestGlibcMinor);
  return {"glibc", enough ? Health::Ok : Health::Fail, version,
          enough ? "" : "the shim needs 2.34 or newer: use a newer image"};
}

Check check_shim() try {
  const fs::path shim = find_shim();
  Environment environment;
  environment.preload({shim.string()});
  environment.set("FIBSHIM_MODE", "off");
  std::string output;
  const ChildResult result = run_captured({"/bin/true"}, std::move(environment), output);
  // The loader only grumbles about a library that it can't load, and goes on without it.
  if (result.exit_code != 0 || output.find("cannot be preloaded") != std::string::npos) {
    return {"shim", Health::Fail,
            shim.string() +
                " can't be loaded: " + first_line(output.empty() ? describe(result) : output),
            "build it on this machine with scripts/build"};
  }
  return {"shim", Health::Ok, shim.string(), ""};
} catch (const CliError& error) {
  return {"shim", Health::Fail, error.what(), ""};
}

Check check_settings() {
  if (const std::string off = variable("FIBSHIM_DISABLE"); !off.empty() && off != "0") {
    return {"settings", Health::Fail, "FIBSHIM_DISABLE=" + off, "unset it: it turns the shim off"};
  }
  std::string found;
  for (const char* name : {"FIBSHIM_FILTER", "FIBSHIM_PROCESS", "FIBSHIM_CONFIG"}) {
    if (variable(name).empty()) continue;
    found += (found.empty() ? "" : ", ") + std::string(name) + '=' + variable(name);
  }
  if (found.empty()) return {"settings", Health::Ok, "no FIBSHIM_ variable in the way", ""};
  return {"settings", Health::Warn, found,
          "these narrow what is recorded; unset what is left over"};
}

Check check_preloads() {
  return judge_preloads("LD_PRELOAD", "LD_PRELOAD", variable("LD_PRELOAD"));
}

Check check_system_preloads() {
  std::ifstream file("/etc/ld.so.preload");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return judge_preloads("ld.so.preload", "/etc/ld.so.preload", text);
}

Check check_audit_modules() {
  const std::string modules = variable("LD_AUDIT");
  if (modules.empty()) return {"LD_AUDIT", Health::Ok, "not set", ""};
  return {"LD_AUDIT", Health::Warn, modules,
          "an audit module can redirect symbols: try without it"};
}

Check check_cupti() {
  const fs::path cupti = find_cupti();
  if (cupti.empty()) {
    return {
        "CUPTI", Health::Warn, "not found in the usual places",
        "fib audit needs it: install cuda-cupti, or set FIB_CUPTI_LIBRARY to libcupti.so's path"};
  }
  return {"CUPTI", Health::Ok, cupti.string(), ""};
}

Check check_injection() {
  const std::string library = variable("CUDA_INJECTION64_PATH");
  if (library.empty()) return {"injection", Health::Ok, "CUDA_INJECTION64_PATH is not set", ""};
  return {"injection", Health::Warn, "CUDA_INJECTION64_PATH=" + library,
          "another tool rides in the driver; fib audit takes its place"};
}

Check check_directory(const std::string& directory) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(directory, error);
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return {"captures", Health::Fail, path.string() + " can't be written",
            "choose another directory with -o"};
  }
  const fs::space_info space = fs::space(path, error);
  const std::string text =
      path.string() + ", " + format_bytes(error ? 0 : space.available) + " free";
  if (error || space.available < kLittleSpace) {
    return {"captures", Health::Warn, text, "a long recording may fill the disk"};
  }
  return {"captures", Health::Ok, text, ""};
}

Check check_container() {
  std::string text;
  for (const char* mark : {"/.dockerenv", "/run/.containerenv"}) {
    std::error_code error;
    if (fs::exists(mark, error)) text = std::string("in a container (") + mark + ')';
  }
  if (!variable("KUBERNETES_SERVICE_HOST").empty()) text = "in a Kubernetes pod";
  if (text.empty()) text = "no sign of one";
  if (status_field("Seccomp") == "2") text += ", with a seccomp filter";
  return {"container", Health::Ok, text, ""};
}

std::vector<Check> check_machine(const std::string& directory) {
  std::vector<Check> gpus;
  std::vector<Check> checks = {check_driver(gpus)};
  checks.insert(checks.end(), gpus.begin(), gpus.end());
  for (Check check : {check_glibc(), check_shim(), check_settings(), check_preloads(),
                      check_system_preloads(), check_audit_modules(), check_cupti(),
                      check_injection(), check_directory(directory), check_container()}) {
    checks.push_back(std::move(check));
  }
  return checks;
}

Check check_program(const std::vector<std::string>& command) {
  const fs::path program = find_in_path(command.front());
  if (program.empty()) {
    return {"program", Health::Fail, "'" + command.front() + "' is no program in PATH",
            "correct the command"};
  }
  const std::string obstacle = preload_obstacle(program);
  if (!obstacle.empty()) {
    return {"program", Health::Fail, obstacle, "start the program proper rather than this wrapper"};
  }
  return {"program", Health::Ok, program.string(), ""};
}

}  // namespace fib::cli
