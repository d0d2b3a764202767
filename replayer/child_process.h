// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "replayer/progress.h"

/// Work on a GPU in a child process, which is this program again: an address that is taken asks for
/// another layout of the process, a kernel that never ends must be ended from outside, and a GPU
/// error spoils the whole process.
namespace fib::replayer {

struct Supervision {
  double timeout_seconds = 60;  ///< without progress
  unsigned layouts = 8;         ///< to try for the recorded addresses
  /// Called every now and then with what the child is doing; may be empty.
  std::function<void(const std::string&)> watch;
};

/// What a child is to do.
struct ChildJob {
  /// Environment variable by which the child knows that it is one: of one kind of job each.
  const char* variable;
  const char* name;     ///< of the process
  std::string request;  ///< what the child's ChildSide::request() gives
};

/// How a child ended.
struct ChildEnd {
  std::string result;     ///< what it left; empty if nothing
  bool finished = false;  ///< by ChildSide::finish()
  bool another_layout = false;
  bool hung = false;          ///< no progress: it was ended
  std::string where, ending;  ///< "comparing"; "signal 11 (Segmentation fault)", "exit code 3"
  std::uint64_t launch = 0;   ///< Progress::launch() at its end
};

/// Runs the job in children until one does not ask for another layout of the process. Without
/// address randomisation the layout is another one, too, but always the same. Throws
/// std::system_error when no child can be started.
[[nodiscard]] ChildEnd run_in_child(const ChildJob& job, const Supervision& supervision);

/// The child's end of a job.
class ChildSide {
 public:
  /// Null in a process that is no child for this variable.
  [[nodiscard]] static std::unique_ptr<ChildSide> open(const char* variable);

  [[nodiscard]] std::string request() const;
  [[nodiscard]] Progress& progress() { return progress_; }
  /// Leaves something in place of what was left before, for the case that the process ends.
  void leave(const std::string& result);
  /// Leaves the result and ends the process at once: without the driver's cleaning up, which may
  /// hang after an error, and takes its time else.
  [[noreturn]] void finish(const std::string& result, bool another_layout);

 private:
  ChildSide(int request, ProgressPage* page, int result)
      : request_(request), result_(result), progress_(page) {}

  int request_, result_;
  Progress progress_;
};

}  // namespace fib::replayer
