// SPDX-License-Identifier: Apache-2.0
#include "registry/build/builder.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "registry/bindings/launch_block.h"
#include "registry/build/cache.h"
#include "registry/build/include_tree.h"
#include "registry/build/launch_check.h"
#include "registry/build/module_builder.h"
#include "registry/build/sources.h"
#include "registry/store/error.h"

namespace fib::build {
namespace {

using registry::Solution;
using registry::Stored;

constexpr const char* kFileEndings[] = {".cubin", ".ptx", ".simcubin"};  ///< by BinaryKind

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, length};
}

/// Modules that the launch block names, each once, in its order.
std::vector<std::string> modules_of(const match::LaunchSpec& launch, const Solution& solution) {
  std::vector<std::string> names;
  for (const match::KernelLaunchSpec& kernel : launch.kernels) {
    std::string name = module_of(kernel, solution);
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
  return names;
}

bool has_kind(const std::vector<std::string>& modules, std::initializer_list<SourceKind> kinds) {
  return std::any_of(modules.begin(), modules.end(), [&](const std::string& name) {
    return std::find(kinds.begin(), kinds.end(), kind_of(name)) != kinds.end();
  });
}

bool names_standard(const std::vector<std::string>& options) {
  return std::any_of(options.begin(), options.end(), [](const std::string& option) {
    return option.starts_with("-std=") || option.starts_with("--std=");
  });
}

/// One Solution, one architecture.
class SolutionBuilder {
 public:
  SolutionBuilder(const Stored<Solution>& stored, const Arch& arch, const BuildRequest& request)
      : solution_(stored.record), request_(request), compilers_(request.nvrtc) {
    result_.solution = solution_.name;
    result_.file = stored.file;
    result_.arch = arch;
  }

  BuildResult run() try {
    if (read_blocks()) make();
    return std::move(result_);
  } catch (const registry::RegistryError& error) {
    fail("build.cache", "", error.what(), "see to it and build again");
    return std::move(result_);
  }

 private:
  void fail(const char* rule, const std::string& pointer, const std::string& message,
            const std::string& remedy) {
    result_.outcome = BuildOutcome::Failed;
    result_.findings.add({registry::Level::Error, rule, result_.file, 0, pointer, message, remedy});
  }

  bool read_blocks() {
    registry::Findings own;
    auto block = registry::read_launch(*registry::launch_of(solution_), own);
    auto options = read_build_options(solution_, own);
    result_.findings.take(std::move(own), result_.file, 0);
    if (!block || !options) return false;
    launch_ = std::move(block->launch);
    block_ = std::move(*options);
    modules_ = modules_of(launch_, solution_);
    if (modules_.empty() || modules_.size() > kMostModules) {
      fail("build.launch", registry::kLaunchPointer, "names no kernels, or too many modules",
           "name 1 to 64 modules");
      return false;
    }
    return true;
  }

  void make() {
    if (!identify()) return;
    result_.directory = builds_of(request_.cache, identity_.source_key) / key_;
    if (take_cached()) return;
    BuildLock lock(request_.cache, identity_.source_key, key_);
    // Somebody else may have built it while we waited.
    if (take_cached()) return;
    auto [manifest, files] = compile();
    if (result_.findings.has_errors() || !fits(manifest)) return;
    lock.store(manifest, files);
    result_.outcome = BuildOutcome::Built;
    result_.manifest = std::move(manifest);
  }

  /// Compilers, options and with them the key.
  bool identify() {
    identity_.source_key = source_key(solution_);
    identity_.arch = has_kind(modules_, {SourceKind::Cuda, SourceKind::Ptx, SourceKind::Cubin,
                                         SourceKind::Fatbin})
                         ? *result_.arch
                         : Arch{};
    result_.arch = identity_.arch;
    if (has_kind(modules_, {SourceKind::Cuda}) && !identify_cuda()) return false;
    if (has_kind(modules_, {SourceKind::Ptx, SourceKind::Fatbin})) identify_ptx();
    if (identity_.compiler.empty()) identity_.compiler = "none";
    key_ = build_key(identity_);
    return true;
  }

  bool identify_cuda() {
    std::string error;
    const Nvrtc* const nvrtc = compilers_.nvrtc(error);
    if (nvrtc == nullptr) {
      fail("build.compiler", "", "there is no compiler for CUDA C++ here: " + error,
           "then build again");
      return false;
    }
    identity_.compiler = "nvrtc";
    identity_.version = nvrtc->version();
    if (!names_standard(block_.options)) options_.emplace_back("--std=c++17");
    options_.insert(options_.end(), block_.options.begin(), block_.options.end());
    identity_.options = options_;
    return identify_headers();
  }

  // Paths differ from machine to machine; what is in the files counts.
  bool identify_headers() {
    for (const auto& directory : request_.includes) {
      const TreeHash tree = hash_of_tree(directory);
      if (!tree.error.empty()) {
        fail("build.compiler", "", tree.error, "give another directory with --include");
        return false;
      }
      identity_.options.push_back("include=" + tree.digits);
      options_.push_back("--include-path=" + directory.string());
    }
    identity_.options.push_back("headers=" + header_version(compilers_.headers()));
    for (const auto& directory : compilers_.headers()) {
      options_.push_back("--include-path=" + directory.string());
    }
    return true;
  }

  void identify_ptx() {
    const JitLink* const link = compilers_.jit_link();
    if (link == nullptr) return;
    identity_.compiler += identity_.compiler.empty() ? "nvjitlink" : "+nvjitlink";
    identity_.version += (identity_.version.empty() ? "" : "+") + link->version();
    if (identity_.options.empty()) identity_.options = options_ = block_.options;
  }

  bool take_cached() {
    if (request_.again) return false;
    CachedBuild cached = find_build(request_.cache, identity_.source_key, key_);
    if (!cached.damage.empty() && !said_damage_) {
      said_damage_ = true;
      result_.findings.add({registry::Level::Warning, "build.damaged", result_.file, 0, "",
                            "the build in the cache is damaged: " + cached.damage,
                            "nothing: it is built again"});
    }
    if (!cached.manifest) return false;
    if (!fits(*cached.manifest)) return true;
    result_.outcome = BuildOutcome::Cached;
    result_.manifest = std::move(cached.manifest);
    return true;
  }

  std::pair<Manifest, std::map<std::string, std::string>> compile() {
    Manifest manifest;
    std::map<std::string, std::string> files;
    const ModuleBuilder builder(solution_, identity_.arch, options_, block_.instantiate,
                                compilers_);
    for (const std::string& name : modules_) {
      BuiltModule built = builder.build(name);
      result_.log += built.log;
      if (!built.error.empty()) {
        const bool lacks_file = built.error.find("open source file") != std::string::npos;
        fail("build.compile", "/sources", built.error,
             lacks_file ? "add it to the sources, or give its directory with --include"
                        : "correct the Solution");
        continue;
      }
      if (!built.note.empty()) add_note(built.note);
      built.module.file = "module" + std::to_string(files.size()) +
                          kFileEndings[static_cast<std::size_t>(built.module.kind)];
      files[built.module.file] = std::move(built.content);
      manifest.modules.push_back(std::move(built.module));
    }
    describe(manifest);
    return {std::move(manifest), std::move(files)};
  }

  void add_note(const std::string& note) {
    result_.findings.add({registry::Level::Info, "build.unchecked", result_.file, 0, "/sources",
                          note, "install the CUDA toolkit to have it checked"});
  }

  void describe(Manifest& manifest) const {
    manifest.key = key_;
    manifest.source_key = identity_.source_key;
    manifest.solution = solution_.name;
    manifest.content_hash = solution_.content_hash();
    manifest.arch = identity_.arch;
    manifest.compiler = identity_.compiler;
    manifest.version = identity_.version;
    manifest.options = identity_.options;
    manifest.built = now();
  }

  bool fits(const Manifest& manifest) {
    const auto problems = launch_problems(launch_, solution_, manifest);
    for (const std::string& problem : problems) {
      fail("build.launch", registry::kLaunchPointer, problem, "correct the launch block");
    }
    return problems.empty();
  }

  const Solution& solution_;
  const BuildRequest& request_;
  Compilers compilers_;
  BuildResult result_;
  match::LaunchSpec launch_;
  BuildOptions block_;
  std::vector<std::string> modules_;
  BuildIdentity identity_;
  std::string key_;
  std::vector<std::string> options_;  ///< that the compiler is given
  bool said_damage_ = false;
};

}  // namespace

const char* to_string(BuildOutcome outcome) {
  constexpr const char* kNames[] = {"built", "cached", "kept", "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

BuildResult build_solution(const Stored<Solution>& stored, const Arch& arch,
                           const BuildRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  BuildResult result = SolutionBuilder(stored, arch, request).run();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  result.seconds = seconds.count();
  return result;
}

}  // namespace fib::build
