// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dispatch/dispatcher.h"
#include "dispatch/source/registry_source.h"
#include "recorder/control.h"

namespace fib::dispatch {

/// Serves `fib ctl` (trace/control.h) and ticks the Dispatcher, on a thread of its own that takes
/// no signals and waits in between. Reloads run on another one, so that the kill switch never waits
/// for them. As the Dispatcher's source it begins with the first deployment, when the process has a
/// context: threads and memory files that nobody needs are not made.
class ControlThread final : public DeploymentSource {
 public:
  /// Both live longer.
  ControlThread(Dispatcher& dispatcher, RegistrySource& source) noexcept;
  ~ControlThread() override { stop(); }
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  /// Starts the thread, if it is not there; then what the registry has.
  [[nodiscard]] std::unique_ptr<Deployment> read(std::span<const Gpu> gpus) noexcept override;
  /// Waits for both threads, a second at most: before the process ends, and never in a forked
  /// child.
  void stop() noexcept;
  /// What `fib ctl` sees.
  [[nodiscard]] trace::ControlPage& page() noexcept { return control_.page(); }
  /// For a forked child: its parent's page, which would pass for its own. -1: none.
  [[nodiscard]] int descriptor() const noexcept { return control_.descriptor(); }

 private:
  enum class Reload : std::uint32_t { None, Running, Done };

  void start() noexcept;
  static void run(void* self) noexcept;
  static void run_reload(void* self) noexcept;
  void serve() noexcept;
  void wait() noexcept;
  void take_request() noexcept;
  void handle(trace::ControlCommand command, std::string_view argument);
  void begin_reload();
  void end_reload() noexcept;
  void reload() noexcept;
  [[nodiscard]] std::string unchanged() const;
  void demote(std::string_view name);
  void answer(trace::ControlResult result, std::string_view text) noexcept;
  void refresh() noexcept;

  Dispatcher& dispatcher_;
  RegistrySource& source_;
  recorder::Control control_;
  std::atomic<bool> started_{false}, stopping_{false};
  std::atomic<int> threads_{0};
  // Of the control thread.
  std::uint32_t request_ = 0;         ///< the one that is being answered
  std::uint32_t reload_request_ = 0;  ///< the one that the reload is to answer
  unsigned turns_ = 0;
  // Of the thread that reloads, while it runs.
  std::atomic<Reload> reload_{Reload::None};
  bool reloaded_ = false;
  std::string reload_text_;
};

}  // namespace fib::dispatch
