// SPDX-License-Identifier: Apache-2.0
#include "judge/run/result_log.h"

#include "judge/cases/workload.h"
#include "judge/cases/workload_file.h"
#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::judge {
namespace {

using registry::RegistryError;

/// Refuses what upstream's own reader would refuse.
void check(const registry::Trace& trace) {
  registry::Findings findings;
  if (registry::read_trace(registry::to_json(trace), findings)) return;
  const std::string why = findings.list().empty() ? "unknown" : findings.list().front().message;
  throw RegistryError("the result of " + *trace.solution + " is no valid Trace: " + why);
}

}  // namespace

void ResultLog::add_workload(const registry::Trace& trace, const registry::Definition& definition) {
  if (!known_.insert(trace.workload.uuid).second) return;
  for (const auto* stored : registry_.workloads_of(definition.name))
    if (stored->record.workload.uuid == trace.workload.uuid) return;
  (void)put_workload(registry_.root(), definition, workload_record(definition.name, trace.workload),
                     false);
}

void ResultLog::add(const registry::Trace& trace, const registry::Definition& definition,
                    const std::string& author, bool workload_is_valid) {
  check(trace);
  const std::lock_guard lock(mutex_);
  if (workload_is_valid) add_workload(trace, definition);
  registry::append_lines(
      registry::writable(registry_.root(), registry::trace_file(definition, author)),
      registry::to_text(registry::to_json(trace)) + '\n');
}

}  // namespace fib::judge
