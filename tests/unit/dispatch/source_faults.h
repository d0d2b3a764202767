// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "dispatch/source/registry_source.h"
#include "tests/unit/dispatch/disk_registry.h"

/// Broken registries: what breaks them, and what must be left.
namespace fib::dispatch::testing {

/// What is left to use.
enum class Left { Refused, Nothing, Candidate };

struct Fault {
  const char* name;
  std::function<void(DiskRegistry&)> make;
  Left left;
  std::string file, what;  ///< that the line names
  bool needs_root = false;
};
inline std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

inline std::function<void(DiskRegistry&)> writes(const char* file, std::string text) {
  return [=](DiskRegistry& disk) { disk.write(file, text); };
}
/// The last bytes of the file are missing.
inline std::function<void(DiskRegistry&)> cuts(const char* file) {
  return [=](DiskRegistry& disk) { fs::resize_file(disk.path(file), 40); };
}
inline std::function<void(DiskRegistry&)> allows(const char* file, int mode) {
  return [=](DiskRegistry& disk) { fs::permissions(disk.path(file), fs::perms(mode)); };
}
/// The file lies elsewhere, and a link leads there.
inline std::function<void(DiskRegistry&)> links(const char* file) {
  return [=](DiskRegistry& disk) {
    const fs::path outside = disk.above() / "outside";
    fs::rename(disk.path(file), outside);
    fs::create_symlink(outside, disk.path(file));
  };
}
inline void replace(DiskRegistry& disk, const std::string& file, const std::string& from,
                    const std::string& to) {
  std::string text = disk.read(file);
  text.replace(text.find(from), from.size(), to);
  disk.write(file, text);
}
inline std::function<void(DiskRegistry&)> replaces(const char* file, const char* from,
                                                   const char* to) {
  return [=](DiskRegistry& disk) { replace(disk, file, from, to); };
}

class SourceFaults : public ::testing::TestWithParam<Fault> {
 protected:
  /// The fault leaves what it should, and exactly one line.
  void run(const Fault& fault) {
    if (fault.needs_root && ::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    fault.make(disk_);
    RegistrySource source(disk_.root().string(), "");
    const Gpu gpu = {kGpuName, 90};
    const auto deployment = source.read({&gpu, 1});
    ASSERT_EQ(deployment == nullptr, fault.left == Left::Refused) << source.refusal();
    if (deployment != nullptr) {
      ASSERT_EQ(deployment->candidates.size(), deployment->table->candidates());
      EXPECT_EQ(is_usable(*deployment), fault.left == Left::Candidate);
    }
    const auto said = lines(source, deployment.get());
    for (const std::string& line : said) {
      EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos) << line;
      EXPECT_NE(line.find(fault.file), std::string::npos) << line;
      EXPECT_NE(line.find(fault.what), std::string::npos) << line;
      EXPECT_NE(line.find("; "), std::string::npos) << "no word on what to do: " << line;
    }
    EXPECT_EQ(said.size(), 1u) << ::testing::PrintToString(said);
  }

  /// All that is said: the source's own lines, and why a candidate that is wanted can't be used,
  /// which whoever loads it says.
  std::vector<std::string> lines(const RegistrySource& source, const Deployment* deployment) {
    std::vector<std::string> all = source.said();
    if (deployment == nullptr) return all;
    for (const CandidateCode& code : deployment->candidates) {
      if (!code.unusable.empty() && code.is_needed) all.push_back(code.unusable);
    }
    return all;
  }

  /// Whether any launch could be given to the candidate.
  static bool is_usable(const Deployment& deployment) {
    if (deployment.table->rules() == 0 || deployment.table->candidates() == 0) return false;
    return deployment.table->rule(0).enabled && deployment.candidates[0].unusable.empty();
  }

  DiskRegistry disk_;
};

inline std::string fault_name(const ::testing::TestParamInfo<Fault>& info) {
  return info.param.name;
}

}  // namespace fib::dispatch::testing
