// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <ostream>
#include <thread>

#include "cli/local_gpus.h"
#include "cli/registry_commands.h"
#include "cli/table.h"
#include "cli/units.h"
#include "registry/bindings/launch_block.h"
#include "registry/build/builder.h"
#include "registry/build/cache.h"
#include "registry/build/gpus.h"
#include "registry/store/error.h"

namespace fib::cli {
namespace {

using build::Arch;
using build::BuildOutcome;
using build::BuildRequest;
using build::BuildResult;
using registry::Json;
using registry::Level;
using registry::Registry;
using registry::Solution;
using registry::Stored;

std::vector<Arch> local_archs() {
  std::vector<Arch> archs;
  for (const LocalGpu& gpu : local_gpus())
    archs.push_back(build::native_arch({gpu.cc_major, gpu.cc_minor}));
  return archs;
}

std::string text_of(const std::optional<std::uint32_t>& number) {
  return number ? format_count(*number) : "-";
}

std::string spills_of(const build::Entry& entry) {
  if (!entry.spill_stores || !entry.spill_loads) return "-";
  return format_count(*entry.spill_stores) + " / " + format_count(*entry.spill_loads);
}

class BuildVerb : public Verb {
 public:
  std::string name() const override { return "build"; }
  std::string summary() const override {
    return "Compile Solutions that have a launch block, for the GPUs asked for";
  }
  std::string details() const override {
    return "FIBSHIM_MODE=apply and shadow launch what was built; they never compile. CUDA C++ is\n"
           "compiled by NVRTC, PTX by nvJitLink, cubins and fatbins are checked; the launch block\n"
           "is compared with the code. No GPU is needed. What is in the cache already and whole\n"
           "stays. Without --arch each Solution is built for the GPUs of its target_hardware, or\n"
           "if it names none that is known, for those of this machine.\n"
           "\n"
           "One line for each kernel: registers per thread, static shared memory per block, stack\n"
           "and spills (stores / loads) per thread, in bytes. Exit code 1 if something failed.\n"
           "\n"
           "Example:\n"
           "  fib registry build registry/ --arch sm_90a,sm_100a --jobs 8";
  }
  void add_options(CLI::App& app) override {
    app.add_option("DIR", path_, "The registry")->type_name("")->required();
    app.add_option("--arch", archs_, "Build for these: sm_90a, compute_90 (PTX), or native")
        ->type_name("ARCH,...")
        ->delimiter(',');
    app.add_option("--solution", solutions_, "Only these Solutions")
        ->type_name("NAME,...")
        ->delimiter(',');
    app.add_option("--cache", cache_,
                   "Where builds go (default: FIB_CACHE_PATH, else DIR/.fib/build, or below "
                   "~/.cache/fibshim if DIR can't be written)")
        ->type_name("PATH");
    app.add_option("--include", request_.includes, "One more directory with headers")
        ->type_name("PATH");
    app.add_option("--nvrtc", request_.nvrtc, "This libnvrtc.so (default: where CUDA is found)")
        ->type_name("FILE");
    app.add_option("--jobs", jobs_, "Compile so many at once (default: one for each CPU)")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    app.add_option("--timeout", timeout_s_, "Give up a compilation after so long (default: 600)")
        ->type_name("SECONDS")
        ->check(CLI::Range(1u, 86400u));
    app.add_flag("--again", request_.again, "Build what is in the cache again");
    app.add_flag("--json", json_, "Print one JSON object");
  }
  int run(const Context& context) override {
    const Registry registry = open_registry(path_);
    const auto chosen = choose(registry);
    prepare(registry, chosen);
    const auto results = build::build_solutions(chosen, request_);
    if (json_) {
      print_json(context, results);
    } else {
      print(context, registry, results);
    }
    const bool failed = std::any_of(results.begin(), results.end(), [](const BuildResult& result) {
      return result.outcome == BuildOutcome::Failed;
    });
    return failed ? kExitFinding : kExitOk;
  }

 private:
  std::vector<const Stored<Solution>*> choose(const Registry& registry) const {
    std::vector<const Stored<Solution>*> chosen;
    for (const Stored<Solution>& solution : registry.solutions()) {
      if (solutions_.empty()) chosen.push_back(&solution);
    }
    for (const std::string& name : solutions_) {
      const auto* const solution = registry.solution(name);
      if (solution == nullptr) {
        throw CliError(kExitUsage, '"' + name + "\" is no Solution of " + path_ +
                                       "; fib registry list --solutions shows the names");
      }
      chosen.push_back(solution);
    }
    return chosen;
  }

  void prepare(const Registry& registry, const std::vector<const Stored<Solution>*>& chosen) try {
    for (const std::string& name : archs_) add_arch(name);
    if (archs_.empty()) request_.local = local_archs;
    request_.jobs = jobs_ != 0 ? jobs_ : std::max(1u, std::thread::hardware_concurrency());
    request_.limit = std::chrono::seconds(timeout_s_);
    const char* const variable = std::getenv("FIB_CACHE_PATH");
    const std::filesystem::path set = variable != nullptr ? variable : "";
    const std::filesystem::path& wanted = cache_.empty() ? set : cache_;
    const bool builds = std::any_of(chosen.begin(), chosen.end(), [](const auto* solution) {
      return registry::launch_of(solution->record) != nullptr;
    });
    // Where nothing is built, nothing is created.
    request_.cache = builds ? build::writable_cache(registry.root(), wanted)
                            : build::cache_roots(registry.root(), wanted).front();
    request_.cache = std::filesystem::absolute(request_.cache);
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitOutput, error.what());
  }

  void add_arch(const std::string& name) {
    if (name == "native") {
      const auto local = local_archs();
      if (local.empty()) throw CliError(kExitUsage, "--arch native: this machine has no GPU");
      request_.archs.insert(request_.archs.end(), local.begin(), local.end());
    } else if (const auto arch = build::arch_of(name); arch && arch->sm != 0) {
      request_.archs.push_back(*arch);
    } else {
      throw CliError(kExitUsage, "--arch " + name + " is no architecture; write sm_90a, say");
    }
  }

  void print_json(const Context& context, const std::vector<BuildResult>& results) const {
    Json list = Json::array();
    for (const BuildResult& result : results) list.push_back(to_json(result));
    const Json json = {{"cache", request_.cache.string()}, {"results", std::move(list)}};
    context.out << registry::to_text(json, 2) << '\n';
  }

  void print(const Context& context, const Registry& registry,
             const std::vector<BuildResult>& results) const {
    print_kernels(context, results);
    std::array<std::size_t, 4> counts{};
    for (const BuildResult& result : results) {
      ++counts[static_cast<std::size_t>(result.outcome)];
      if (!result.log.empty()) context.out << printable(result.log, true);
      print_findings(context, result.findings.list(), Level::Info, 0);
      if (result.outcome == BuildOutcome::Kept) {
        context.out << printable(result.solution)
                    << ": kept, not launchable here: it has no launch block\n";
      }
    }
    context.out << format_count(counts[0]) << " built, " << format_count(counts[1])
                << " in the cache, " << format_count(counts[2]) << " kept without a build, "
                << format_count(counts[3]) << " failed; " << printable(request_.cache.string())
                << '\n';
    const std::string distrust = build::trust_problem(request_.cache);
    if (!distrust.empty() && registry.solutions().size() > counts[2]) {
      context.out << "fibshim will refuse these builds: " << printable(distrust) << '\n';
    }
  }

  static void print_kernels(const Context& context, const std::vector<BuildResult>& results) {
    using Align = Table::Align;
    Table table({{"arch", Align::Left},
                 {"registers"},
                 {"shared"},
                 {"stack"},
                 {"spills"},
                 {"", Align::Left},
                 {"Solution", Align::Left},
                 {"kernel", Align::Left}});
    for (const BuildResult& result : results) {
      if (!result.manifest) continue;
      for (const build::Module& module : result.manifest->modules) {
        for (const build::Entry& entry : module.entries) {
          table.add({to_string(module.arch), text_of(entry.registers), text_of(entry.shared),
                     text_of(entry.local), spills_of(entry), to_string(result.outcome),
                     printable(result.solution), printable(entry.name)});
        }
      }
    }
    if (!table.empty()) table.print(context.out, context.terminal);
  }

  std::string path_;
  std::vector<std::string> archs_, solutions_;
  std::filesystem::path cache_;
  BuildRequest request_;
  unsigned jobs_ = 0, timeout_s_ = 600;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_registry_build_verb() { return std::make_unique<BuildVerb>(); }

}  // namespace fib::cli
