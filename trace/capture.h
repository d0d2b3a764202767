// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// The directory that a recording leaves behind. Reading side only.
namespace fib::trace {

/// One line that names the path, what is wrong and what to do.
class CaptureError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One recorded process.
struct ProcessLog {
  std::string name;  ///< "rank<R>-pid<P>-<unix ms>" or "pid<P>-<unix ms>", without ".partial"
  bool closed;       ///< false: ".partial", so the process was killed or still runs
  std::filesystem::path directory;
  std::filesystem::path log;
};

struct Capture {
  std::filesystem::path directory;    ///< holds images/ and the processes
  std::vector<ProcessLog> processes;  ///< never empty; by name, numbers within names by value
};

/// Finds the processes of a capture. `path` is the capture's directory, or the directory or log of
/// one process in it: then that process alone is listed. Reads no log. Throws CaptureError.
[[nodiscard]] Capture open_capture(const std::filesystem::path& path);

/// 32 lower-case hex digits.
[[nodiscard]] std::string hash_hex(std::span<const std::uint8_t, 16> hash);

/// Where the image with this hash is stored; nothing is said about whether it is there.
[[nodiscard]] std::filesystem::path image_path(const Capture& capture,
                                               std::span<const std::uint8_t, 16> hash);

}  // namespace fib::trace
