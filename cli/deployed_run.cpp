// SPDX-License-Identifier: Apache-2.0
#include "cli/deployed_run.h"

#include <algorithm>
#include <iostream>

#include "cli/exit_codes.h"
#include "cli/locate.h"

namespace fib::cli {

namespace fs = std::filesystem;

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (name.find(',') != std::string::npos) {
      throw CliError(kExitUsage, "the Solution '" + name +
                                     "' has a comma in its name, which FIBSHIM_DEMOTE can't hold: "
                                     "rename it");
    }
    text += (text.empty() ? "" : ",") + name;
  }
  return text;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

fs::path deployed_registry(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    throw CliError(kExitUsage, "--registry '" + path + "' is no directory: give a registry's root");
  }
  return fs::canonical(path);
}

void deploy(const Deployment& deployment, Environment& environment) {
  if (const auto off = environment.get("FIBSHIM_DISABLE"); off && !off->empty() && *off != "0") {
    throw CliError(kExitUsage, "FIBSHIM_DISABLE=" + *off + " turns the shim off: unset it");
  }
  environment.preload({find_shim().string()});
  environment.set("FIBSHIM_MODE", deployment.shadow ? "shadow" : "apply");
  environment.set("FIB_DATASET_PATH", deployment.registry.string());
  environment.set("FIBSHIM_REPORT", deployment.report);
  if (!deployment.process.empty()) environment.set("FIBSHIM_PROCESS", deployment.process);
  if (!deployment.config.empty()) environment.set("FIBSHIM_CONFIG", deployment.config);
  std::vector<std::string> demoted = deployment.demoted;
  if (const auto before = environment.get("FIBSHIM_DEMOTE"); before && !before->empty()) {
    const std::string more = listed(demoted);
    environment.set("FIBSHIM_DEMOTE", *before + (more.empty() ? "" : "," + more));
  } else if (!demoted.empty()) {
    environment.set("FIBSHIM_DEMOTE", listed(demoted));
  }
}

std::vector<CountersReport> read_reports(const std::string& name) {
  const std::size_t at = name.rfind("%p");
  const fs::path directory = fs::path(name).parent_path();
  std::vector<CountersReport> reports;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    const std::string before = name.substr(0, at), behind = name.substr(at + 2);
    if (path.size() <= before.size() + behind.size() || !path.starts_with(before) ||
        !path.ends_with(behind) ||
        !is_number(path.substr(before.size(), path.size() - before.size() - behind.size()))) {
      continue;
    }
    try {
      reports.push_back(read_counters_file(path));
    } catch (const CliError& unreadable) {
      std::cerr << "fib: " << unreadable.what() << '\n';
    }
  }
  std::sort(reports.begin(), reports.end(),
            [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return reports;
}

}  // namespace fib::cli
