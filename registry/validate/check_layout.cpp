// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "registry/store/layout.h"
#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

constexpr const char* kLayoutRule = "layout.path";

template <typename Record>
void check_path(const Stored<Record>& stored, const std::string& expected, Findings& findings) {
  if (stored.file == expected) return;
  Reporter(findings, stored)
      .error(kLayoutRule, "", "what it says belongs into " + expected,
             "move it there, or correct its names");
}

// JSONL files: once for each, however many of its lines are misplaced.
void check_lines(const std::vector<const Stored<Trace>*>& traces, const std::string& expected,
                 std::set<std::string>& seen, Findings& findings) {
  for (const Stored<Trace>* trace : traces) {
    if (trace->file != expected && seen.insert(trace->file).second) {
      check_path(*trace, expected, findings);
    }
  }
}

void check_blob(const Subject& subject, const Stored<Trace>& workload, const std::string& input,
                const std::string& path, Findings& findings) {
  const Registry& registry = subject.registry;
  const Resolved blob = resolve(registry.root(), path, registry.options().follow_links);
  if (blob.ok()) return;
  const std::string pointer = child(child("/workload/inputs", input), "path");
  Reporter reporter(findings, workload);
  if (blob.problem == Resolved::Problem::Missing) {
    reporter.error("layout.blob-missing", pointer, "blob " + normal(path) + " is missing",
                   "fetch it (git lfs pull, or download it with the dataset), or make the input "
                   "random");
  } else {
    reporter.error("layout.blob-outside", pointer, "blob " + path + ' ' + blob.error,
                   "put the file below blob/ and name it by a path relative to the registry");
  }
}

void check_named_blobs(const Subject& subject, Findings& findings) {
  std::set<std::string> seen;
  for (const Stored<Trace>* workload : subject.workloads) {
    for (const auto& [name, input] : workload->record.workload.inputs) {
      const SafetensorsInput* const tensor = input.tensor();
      if (tensor == nullptr || !seen.insert(tensor->path).second) continue;
      check_blob(subject, *workload, name, tensor->path, findings);
    }
  }
}

}  // namespace

void check_layout(const Subject& subject, Findings& findings) {
  const Definition& definition = subject.definition();
  check_path(subject.stored, definition_file(definition), findings);
  for (const Stored<Solution>* solution : subject.solutions) {
    check_path(*solution, solution_file(solution->record, definition.op_type), findings);
  }
  std::set<std::string> seen;
  check_lines(subject.workloads, workload_file(definition), seen, findings);
  for (const Stored<Trace>* trace : subject.traces) {
    const Stored<Solution>* const solution = subject.registry.solution(*trace->record.solution);
    if (solution == nullptr) continue;  // check_traces says so
    check_lines({trace}, trace_file(definition, solution->record.author), seen, findings);
  }
  check_named_blobs(subject, findings);
}

}  // namespace fib::registry
