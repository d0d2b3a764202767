// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/workload_file.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "registry/store/error.h"
#include "registry/store/files.h"
#include "registry/store/layout.h"

namespace fib::judge {
namespace {

using registry::RegistryError;

void check(const registry::Trace& workload) {
  registry::Findings findings;
  if (registry::read_trace(registry::to_json(workload), findings)) return;
  throw RegistryError("Workload " + workload.workload.uuid +
                      " is not valid: " + findings.list().front().message);
}

/// Whether the line is a Workload of this uuid.
bool is_workload(std::string_view line, const std::string& uuid) {
  if (line.find(uuid) == std::string_view::npos) return false;
  const registry::ParsedJson parsed = registry::parse_json(line);
  const registry::Json* const workload = registry::find_member(parsed.value, "workload");
  const registry::Json* const found =
      workload != nullptr ? registry::find_member(*workload, "uuid") : nullptr;
  return found != nullptr && *found == uuid;
}

/// The text with the line in it; nothing if it is to stay as it is.
std::optional<std::string> with_workload(std::string_view text, const std::string& uuid,
                                         const std::string& line, bool replace) {
  std::string changed;
  bool found = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view old = text.substr(begin, end - begin);
    begin = end + 1;
    const bool same = !found && is_workload(old, uuid);
    if (same && (!replace || old == line)) return std::nullopt;
    found = found || same;
    changed += same ? std::string_view(line) : old;
    changed += '\n';
  }
  return found ? changed : changed + line + '\n';
}

}  // namespace

bool put_workload(const std::filesystem::path& root, const registry::Definition& definition,
                  const registry::Trace& workload, bool replace) {
  check(workload);
  const std::string line = registry::to_text(registry::to_json(workload));
  const auto file = registry::writable(root, registry::workload_file(definition));
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    registry::append_lines(file, line + '\n');
    return true;
  }
  bool changed = false;
  // Another process may have added the same since the registry was read.
  registry::change_lines(file, [&](std::string_view text) {
    auto with = with_workload(text, workload.workload.uuid, line, replace);
    changed = with.has_value();
    return with;
  });
  return changed;
}

}  // namespace fib::judge
