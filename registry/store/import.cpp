// SPDX-License-Identifier: Apache-2.0
#include "registry/store/import.h"

#include <algorithm>
#include <set>

#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::registry {
namespace {

/// Adds records one by one, and says which were left out.
class Import {
 public:
  Import(const Registry& target, const EditOptions& options) : editor_(target, options) {}

  template <typename Record>
  void add(const Stored<Record>& stored, ImportCounts& counts) {
    attempt(stored, counts, [&] { return editor_.add(stored.record); });
  }
  void add_workload(const Stored<Trace>& stored) {
    attempt(stored, report_.workloads, [&] { return editor_.add_workload(stored.record); });
  }
  void add_trace(const Stored<Trace>& stored) {
    attempt(stored, report_.traces, [&] { return editor_.add_trace(stored.record); });
  }
  void add_blobs(const Stored<Trace>& stored, const Registry& source) {
    for (const auto& [name, input] : stored.record.workload.inputs) {
      if (const SafetensorsInput* tensor = input.tensor()) add_blob(stored, *tensor, source);
    }
  }

  ImportReport& report() { return report_; }
  ImportReport finish() {
    editor_.commit();
    return std::move(report_);
  }

 private:
  template <typename Record>
  void say(Level level, const char* rule, const Stored<Record>& stored, const std::string& message,
           const std::string& remedy) {
    report_.findings.add({level, rule, stored.file, stored.line, "", message, remedy});
  }

  template <typename Record, typename Add>
  void attempt(const Stored<Record>& stored, ImportCounts& counts, Add add_record) {
    try {
      const Outcome outcome = add_record();
      counts.count(outcome);
      if (outcome != Outcome::Conflict) return;
      say(Level::Error, "import.conflict", stored, "the registry has another record of this name",
          "rename it, remove the other one, or give --replace (not for workloads)");
    } catch (const RegistryError& error) {
      ++counts.conflicts;
      say(Level::Error, "import.refused", stored, error.what(), "correct the record");
    }
  }

  void add_blob(const Stored<Trace>& stored, const SafetensorsInput& tensor,
                const Registry& source) {
    if (!blobs_seen_.insert(normal(tensor.path)).second) return;
    const Resolved blob = resolve(source.root(), tensor.path, source.options().follow_links);
    if (!blob.ok()) {
      say(Level::Warning, "import.blob", stored, "blob " + normal(tensor.path) + ' ' + blob.error,
          "fetch it into the source and import again");
      return;
    }
    attempt(stored, report_.blobs, [&] { return editor_.add_blob(blob.path, tensor.path); });
  }

  Editor editor_;
  ImportReport report_;
  std::set<std::string> blobs_seen_;  ///< each is copied, or said to be missing, once
};

Json parse_or_throw(std::string_view text, const std::string& file, std::size_t line) {
  ParsedJson parsed = parse_json(text);
  if (parsed.ok()) return std::move(parsed.value);
  throw RegistryError(file + (line > 0 ? ':' + std::to_string(line) : "") +
                      " is not accepted as JSON: " + parsed.error);
}

// The first error of a record, as one line.
[[noreturn]] void refuse(const std::string& file, std::size_t line, const Findings& findings) {
  for (const Finding& finding : findings.list()) {
    if (finding.level != Level::Error) continue;
    throw RegistryError(file + (line > 0 ? ':' + std::to_string(line) : "") +
                        (finding.pointer.empty() ? "" : ' ' + finding.pointer) + ": " +
                        finding.message + "; " + finding.remedy);
  }
  throw RegistryError(file + ": the record is refused");
}

template <typename Record>
Stored<Record> checked(std::optional<Record> record, const std::string& file, std::size_t line,
                       const Findings& findings) {
  if (!record) refuse(file, line, findings);
  return {std::move(*record), file, line};
}

void add_json(const std::string& file, const std::string& text, Import& import) {
  const Json value = parse_or_throw(text, file, 0);
  Findings findings;
  if (find_member(value, "reference") != nullptr) {
    auto record = read_definition(value, findings);
    import.add(checked(std::move(record), file, 0, findings), import.report().definitions);
  } else if (find_member(value, "sources") != nullptr) {
    auto record = read_solution(value, findings);
    import.add(checked(std::move(record), file, 0, findings), import.report().solutions);
  } else {
    throw RegistryError(file +
                        " is neither a Definition (it has no \"reference\") nor a Solution "
                        "(no \"sources\"); Traces go into a .jsonl file");
  }
}

void add_jsonl(const std::string& file, std::string_view text, Import& import) {
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view record = text.substr(at, end - at);
    at = end + 1;
    ++line;
    if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Findings findings;
    auto trace = read_trace(parse_or_throw(record, file, line), findings);
    const Stored<Trace> stored = checked(std::move(trace), file, line, findings);
    if (stored.record.is_workload()) {
      import.add_workload(stored);
    } else if (stored.record.solution && stored.record.evaluation) {
      import.add_trace(stored);
    } else {
      throw RegistryError(file + ':' + std::to_string(line) +
                          " has only one of \"solution\" and \"evaluation\"; give both or none");
    }
  }
}

}  // namespace

void ImportCounts::count(Outcome outcome) {
  switch (outcome) {
    case Outcome::Added: ++added; break;
    case Outcome::Replaced: ++replaced; break;
    case Outcome::Same: ++same; break;
    case Outcome::Conflict: ++conflicts; break;
  }
}

ImportReport import_all(const Registry& source, const Registry& target,
                        const EditOptions& options) {
  Import import(target, options);
  for (const auto& stored : source.definitions()) import.add(stored, import.report().definitions);
  for (const auto& stored : source.solutions()) import.add(stored, import.report().solutions);
  for (const auto& stored : source.workloads()) {
    import.add_workload(stored);
    import.add_blobs(stored, source);
  }
  for (const auto& stored : source.traces()) import.add_trace(stored);
  return import.finish();
}

ImportReport add_files(const std::vector<std::string>& files, const Registry& target,
                       const EditOptions& options) {
  Import import(target, options);
  for (const std::string& file : files) {
    const FileText text = read_file(file, kLargestLines);
    if (!text.error.empty()) throw RegistryError(file + ": " + text.error);
    if (file.ends_with(".jsonl")) {
      add_jsonl(file, text.text, import);
    } else {
      add_json(file, text.text, import);
    }
  }
  return import.finish();
}

}  // namespace fib::registry
