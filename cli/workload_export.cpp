// SPDX-License-Identifier: Apache-2.0
#include "cli/workload_export.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <ostream>
#include <system_error>

#include "cli/exit_codes.h"
#include "cli/judged_registry.h"
#include "cli/open_capture.h"
#include "cli/registry_commands.h"
#include "cli/temporary_directory.h"
#include "cli/units.h"
#include "judge/cases/export_policy.h"
#include "judge/cases/export_workloads.h"
#include "judge/cases/make_cases.h"
#include "registry/store/error.h"

namespace fib::cli {
namespace {

judge::CaseSet make_cases(const trace::Capture& capture, const JudgedRegistry& judged,
                          const WorkloadExport& request, const std::filesystem::path& root) {
  const auto policy = judge::export_policy(request.policy);
  if (!policy) throw CliError(kExitUsage, "--policy " + request.policy + " is none; see --help");
  const std::uint64_t budget = parse_size("--budget", request.budget);
  const std::vector<judge::Gpu> gpus = judging_gpus(request.devices);
  judge::CaseOptions options;
  options.root = root;
  options.wanted = name_pattern("--definition", request.definition);
  options.choose = [&](const std::vector<judge::LaunchClass>& classes) {
    auto chosen = judge::choose_for_export(classes, *policy, request.k);
    if (const std::size_t out = judge::keep_within(budget, classes, chosen); out > 0)
      spdlog::warn("{} launches are left out: their tensors exceed --budget {}", out,
                   request.budget);
    return chosen;
  };
  options.lease = [&] { return lock_gpus(gpus); };
  options.say = [](const std::string& text) { spdlog::info("{}", printable(text)); };
  options.replay = replay_choice(request.timeout_seconds, request.force, request.devices);
  return judge::make_cases(capture, *judged.table, options);
}

}  // namespace

std::uint64_t parse_size(const std::string& option, const std::string& text) {
  std::uint64_t bytes = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, bytes);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const std::size_t power = unit.empty() ? 0 : std::string_view("KMGT").find(unit) + 1;
  const bool known = error == std::errc() && (unit.empty() || (unit.size() == 1 && power != 0));
  if (!known || bytes > (UINT64_MAX >> 10 * power))
    throw CliError(kExitUsage, option + " '" + text + "' is no size; write 500M or 2G, say");
  return bytes << 10 * power;
}

int export_captured(const Context& context, const std::string& path,
                    const WorkloadExport& request) try {
  const JudgedRegistry judged(request.registry);
  const trace::Capture capture = open_capture(path);
  std::optional<TemporaryDirectory> own;
  if (request.cases.empty()) own.emplace("fib-export");
  const judge::CaseSet set = make_cases(capture, judged, request,
                                        own ? own->path() : std::filesystem::path(request.cases));
  for (const std::string& note : set.notes) spdlog::warn("{}", printable(note));
  const auto exported = judge::export_workloads(set.cases, judged.registry, *judged.table);
  for (const std::string& note : exported.notes) spdlog::warn("{}", printable(note));
  context.out << format_count(exported.written, "Workload") << " written, "
              << format_count(exported.same) << " were there already; "
              << format_bytes(exported.bytes) << " of tensors\n";
  return exported.written + exported.same > 0 ? kExitOk : kExitFinding;
} catch (const registry::RegistryError& error) {
  throw CliError(kExitOutput, error.what());
} catch (const trace::CaptureError& error) {
  throw CliError(kExitUnreadable, error.what());
} catch (const CliError&) {
  throw;
} catch (const std::runtime_error& error) {
  throw CliError(kExitOutput, error.what());
}

}  // namespace fib::cli
