// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "launches/launch_forms.h"

namespace fib::launches {

/// What launches refer to by number: the first of two readings of a log, since definitions may come
/// after their use.
class LaunchIndex : public trace::Visitor {
 public:
  struct Api {
    std::string name;
    CallForm form;
    bool is_cooperative = false;  ///< launches of this entry point are cooperative
    bool is_get_global = false;   ///< asks for a variable of an image
  };

  explicit LaunchIndex(ProcessLaunches& to) : to_(to) {}

  void on_process(const trace::Process& process) override {
    to_.clock.set_rate(process.fixed.ticks_per_second);
  }
  void on_clock(const trace::Clock& clock) override { to_.clock.add(clock); }
  void on_api(const trace::Api& api) override;
  void on_device(const trace::Device& device) override;
  void on_context(const trace::Context& context) override;
  void on_load(const trace::Load& load) override;
  void on_image(const trace::Image& image) override;
  void on_kernel(const trace::Kernel& kernel) override;

  /// Null where the log does not define it.
  [[nodiscard]] const Api* api(std::uint16_t number) const;
  /// The load whose CUmodule or CUlibrary this is, the last one of that handle; 0: none.
  [[nodiscard]] std::uint32_t load_of(std::uint64_t handle) const;

 private:
  ProcessLaunches& to_;
  std::unordered_map<std::uint16_t, Api> apis_;
  std::unordered_map<std::uint64_t, std::uint32_t> loads_;  ///< by handle
};

}  // namespace fib::launches
