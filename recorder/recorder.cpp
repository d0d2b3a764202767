// SPDX-License-Identifier: Apache-2.0
#include "recorder/recorder.h"

namespace fib::recorder {

Recorder::Recorder(const Options& options, const driver::DriverApi& driver) noexcept
    : api(driver),
      session(options, driver),
      captures(driver),
      live(session, driver, captures),
      loads(session, driver),
      symbols(session, loads, live, driver),
      kernels(session, loads, driver, options.kernel_filter, options.effect_pattern),
      graphs(session, kernels, driver),
      launches(session, kernels, graphs, captures, driver),
      calls(session, driver),
      gate(session),
      windows(options, {api, session, control, gate, captures, live, symbols, kernels, graphs}) {
  session.listen({[](void* self) noexcept { static_cast<Windows*>(self)->started(); },
                  [](void* self) noexcept { static_cast<Windows*>(self)->tick(); }, &windows});
  live.on_context_end(
      [](void* self, std::uint64_t context) noexcept {
        static_cast<Loads*>(self)->context_ended(context);
      },
      &loads);
}

}  // namespace fib::recorder
