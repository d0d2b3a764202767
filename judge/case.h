// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace fib::judge {

/// One launch of an engine, brought out of a capture together with all memory that it can reach.
/// Lies in a directory of its own: `case.json`, and `capture/` with the extract.
struct Case {
  std::string id;  ///< name of the directory: "rmsnorm_h4096-3f2a9c01"
  std::string definition;
  std::string binding;                       ///< name of the binding that matched
  std::string kernel;                        ///< the incumbent's, mangled
  std::map<std::string, std::int64_t> axes;  ///< variable axes that the launch shows
  std::uint64_t count = 0;   ///< how often launches of this class ran in the whole capture
  std::string role;          ///< why it was chosen: "hottest, largest"
  std::string gpu;           ///< model that it was recorded on, as CUDA names it
  std::string capture;       ///< name of the capture that it is from, and
  std::string process;       ///< ... process,
  std::uint32_t window = 0;  ///< ... window,
  std::uint64_t launch = 0;  ///< ... number in that window
  double replayed_ns =
      -1;  ///< median GPU time of the class within the replayed window; -1: unknown
  std::uint64_t extract_bytes = 0;  ///< of memory that the extract holds
  std::uint64_t tensor_bytes = 0;   ///< as far as the launch tells them; not in case.json
  std::filesystem::path directory;  ///< where it lies; not in case.json

  [[nodiscard]] std::filesystem::path extract() const { return directory / "capture"; }
};

}  // namespace fib::judge
