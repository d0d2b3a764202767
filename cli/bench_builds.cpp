// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_builds.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

#include "cli/exit_codes.h"
#include "cli/local_gpus.h"
#include "judge/trial/reasons.h"
#include "registry/build/builder.h"
#include "registry/build/cache.h"
#include "registry/build/gpus.h"
#include "registry/store/error.h"

namespace fib::cli {
namespace {

std::vector<build::Arch> local_archs() {
  std::vector<build::Arch> archs;
  for (const LocalGpu& gpu : local_gpus())
    archs.push_back(build::native_arch({gpu.cc_major, gpu.cc_minor}));
  return archs;
}

}  // namespace

std::filesystem::path build_cache(const registry::Registry& registry) try {
  const char* const set = std::getenv("FIB_CACHE_PATH");
  return std::filesystem::absolute(
      build::writable_cache(registry.root(), set != nullptr ? set : ""));
} catch (const registry::RegistryError& error) {
  throw CliError(kExitOutput, error.what());
}

BenchBuilds::BenchBuilds(const registry::Registry& registry, const std::vector<judge::Job>& jobs,
                         const std::filesystem::path& cache) {
  std::set<const registry::Stored<registry::Solution>*> needed;
  for (const judge::Job& job : jobs) {
    needed.insert(job.solution);
    if (!job.baseline.empty()) needed.insert(registry.solution(job.baseline));
  }
  std::vector<const registry::Stored<registry::Solution>*> solutions;
  for (const auto& stored : registry.solutions())
    if (needed.contains(&stored)) solutions.push_back(&stored);
  build::BuildRequest request;
  request.cache = cache;
  request.local = local_archs;
  request.jobs = std::max(1u, std::thread::hardware_concurrency());
  std::set<std::string> built;
  for (const build::BuildResult& result : build::build_solutions(solutions, request)) {
    if (result.outcome != build::BuildOutcome::Failed) {
      built.insert(result.solution);
      continue;
    }
    Failure failure{"it is not built", false};
    for (const registry::Finding& finding : result.findings.list()) {
      if (finding.level != registry::Level::Error) continue;
      failure.why = finding.message;
      failure.is_result = finding.rule == "build.compile" || finding.rule == "build.launch";
    }
    failures_[result.solution] = std::move(failure);
  }
  // One that some architecture has may run here.
  std::erase_if(failures_, [&](const auto& entry) { return built.contains(entry.first); });
}

std::vector<std::string> BenchBuilds::lines() const {
  std::vector<std::string> lines;
  for (const auto& [solution, failure] : failures_)
    lines.push_back(solution + " is not built: " + failure.why + "; fib registry build says more");
  return lines;
}

judge::RunTrial BenchBuilds::before(judge::RunTrial trial) const {
  return [this, trial = std::move(trial)](const judge::TrialRequest& request,
                                          const replayer::Supervision& supervision) {
    const auto failed = failures_.find(request.solution);
    if (failed == failures_.end()) return trial(request, supervision);
    judge::TrialOutcome outcome;
    outcome.result.status = registry::Status::CompileError;
    outcome.result.reason = judge::reasons::kNoBuild;
    outcome.result.detail = failed->second.why;
    if (!failed->second.is_result) outcome.problem = "not built: " + failed->second.why;
    return outcome;
  };
}

}  // namespace fib::cli
