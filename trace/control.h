// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// The control page: one page of shared memory through which `fib ctl` talks to a process under the
/// shim. The process makes it (memfd_create) and keeps the descriptor open; a thread of ours looks
/// at it every few milliseconds. The tool finds it as a descriptor of that process in /proc. No
/// port, no file. Both sides take what they read in it for hostile.
namespace fib::trace {

inline constexpr char kControlName[] = "fibshim-control";  ///< of the memfd
inline constexpr char kControlMagic[8] = {'F', 'I', 'B', 'C', 'T', 'R', 'L', '\0'};
/// Later versions only add: fields of an older page that it does not have are zero.
inline constexpr std::uint32_t kControlVersion = 2;
inline constexpr std::size_t kControlBytes = 4096;

enum class ControlCommand : std::uint32_t {
  None = 0,
  // Of ControlMode::Record.
  Start = 1,
  Stop = 2,
  // Of Apply and Shadow, since version 2.
  Reload = 3,  ///< reads the registry again
  Demote = 4,  ///< the candidate that the argument names
  Off = 5,     ///< the kill switch; the only one that may overtake another request
  On = 6
};
enum class ControlResult : std::uint32_t { None = 0, Done = 1, Refused = 2 };
enum class ControlMode : std::uint32_t { Record = 0, Apply = 1, Shadow = 2 };
enum class ControlState : std::uint32_t {
  Idle = 0,    ///< no window, and none is going to start by itself
  Armed = 1,   ///< waits for a trigger
  Asked = 2,   ///< triggered; waits until it can start
  Open = 3,    ///< in a window
  Closing = 4  ///< waits until the window can end
};

/// A request: `request` = (number << 8) | command, the number one more than the last one's. The
/// answer is there when `answered` equals it. Whoever makes one wakes the futex `request` (shared),
/// so that it is seen at once.
struct ControlPage {
  char magic[8];
  std::uint32_t version;
  std::uint32_t pid;
  std::atomic<std::uint32_t> request;
  std::atomic<std::uint32_t> answered;
  std::atomic<std::uint32_t> result;        ///< ControlResult of the answered request
  std::atomic<std::uint32_t> state;         ///< ControlState
  std::atomic<std::uint32_t> windows;       ///< begun so far
  std::atomic<std::uint64_t> launches;      ///< in the open window, or the last one
  std::atomic<std::uint64_t> stored_bytes;  ///< by all windows, before compression
  std::atomic<std::uint64_t> pause_ns;      ///< of the last begin or end
  char argument[512];  ///< of the request: a window spec, or empty; NUL-terminated
  char text[512];      ///< of the answer, and why the last attempt failed; NUL-terminated

  // Since version 2; of Apply and Shadow, but for `mode`.
  std::uint32_t mode;                       ///< ControlMode
  std::atomic<std::uint32_t> is_off;        ///< 1: switched off
  std::atomic<std::uint32_t> generation;    ///< of the registry; 0: none was read yet
  std::atomic<std::uint32_t> candidates;    ///< of the generation
  std::atomic<std::uint32_t> ready;         ///< of these: can be launched
  std::atomic<std::uint32_t> report_turns;  ///< odd: `report` is being written
  char report[2048];  ///< candidates that were demoted or not loaded, one a line; NUL-terminated
};
static_assert(sizeof(ControlPage) <= kControlBytes);
static_assert(std::is_standard_layout_v<ControlPage>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace fib::trace
