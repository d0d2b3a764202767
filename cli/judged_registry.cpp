// SPDX-License-Identifier: Apache-2.0
#include "cli/judged_registry.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "cli/exit_codes.h"
#include "cli/local_gpus.h"
#include "cli/locate.h"
#include "cli/registry_commands.h"
#include "registry/bindings/table_source.h"

namespace fib::cli {

JudgedRegistry::JudgedRegistry(const std::string& path, bool needs_bindings)
    : registry(open_registry(path)) {
  const registry::Bindings bindings = registry::load_bindings(registry);
  for (const registry::Finding& finding : bindings.findings.list()) findings.add(finding);
  table = registry::build_table(registry, bindings, findings);
  if (needs_bindings && bindings.list.empty())
    throw CliError(kExitUsage, path +
                                   " has no bindings: nothing says which launches are which; "
                                   "draft some with fib registry bind");
}

std::function<bool(const std::string&)> name_pattern(const std::string& option,
                                                     const std::string& pattern) try {
  if (pattern.empty()) return {};
  return [regex = std::regex(pattern, std::regex::extended)](const std::string& name) {
    return std::regex_search(name, regex);
  };
} catch (const std::regex_error& error) {
  throw CliError(kExitUsage, option + " '" + pattern + "' is no extended regular expression (" +
                                 error.what() + ")");
}

std::vector<judge::Gpu> judging_gpus(const std::vector<int>& ordinals) {
  std::vector<judge::Gpu> gpus;
  for (LocalGpu& gpu : local_gpus()) {
    const bool wanted = ordinals.empty() || std::ranges::count(ordinals, gpu.ordinal) != 0;
    if (wanted) gpus.push_back({gpu.ordinal, std::move(gpu.name), std::move(gpu.uuid)});
  }
  if (!gpus.empty()) return gpus;
  throw CliError(kExitUsage, ordinals.empty()
                                 ? "there is no GPU here; fib doctor says more"
                                 : "this machine has no GPU of that number; fib doctor lists them");
}

std::shared_ptr<void> lock_gpus(std::vector<judge::Gpu> gpus) {
  // In one order, so that two who want the same ones can't wait for each other.
  std::ranges::sort(gpus, {}, &judge::Gpu::uuid);
  auto locks = std::make_shared<std::vector<std::unique_ptr<judge::GpuLock>>>();
  for (const judge::Gpu& gpu : gpus)
    locks->push_back(std::make_unique<judge::GpuLock>(gpu.uuid, [&] {
      spdlog::info("waiting for GPU {}: another process measures on it", gpu.ordinal);
    }));
  return locks;
}

judge::ReplayChoice replay_choice(double timeout_seconds, bool force,
                                  const std::vector<int>& ordinals) {
  if (const auto cupti = find_cupti(); !cupti.empty())
    ::setenv("FIB_CUPTI_LIBRARY", cupti.c_str(), 0);
  judge::ReplayChoice choice;
  choice.supervision.timeout_seconds = timeout_seconds;
  choice.force = force;
  if (ordinals.size() == 1) choice.device_map[0] = ordinals.front();
  return choice;
}

}  // namespace fib::cli
