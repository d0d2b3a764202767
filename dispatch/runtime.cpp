// SPDX-License-Identifier: Apache-2.0
#include "dispatch/runtime.h"

#include <unistd.h>

namespace fib::dispatch {

Runtime::Runtime(const Options& given, const driver::DriverApi& api) noexcept
    : pid(getpid()),
      options(given),
      source(options.registry, options.cache),
      dispatcher(options, api),
      graphs(dispatcher),
      shadow(options, api, dispatcher),
      control(dispatcher, source) {
  dispatcher.set_source(&control);
  if (options.shadow_every != 0) dispatcher.set_verifier(&shadow);
}

void Runtime::finish() noexcept {
  control.stop();
  shadow.finish();
  if (options.report[0] != '\0' && dispatcher.counters().is_valid())
    dispatcher.counters().write_report(options.report);
}

void Runtime::close_shared() const noexcept {
  if (const int fd = dispatcher.counters().descriptor(); fd >= 0) close(fd);
  if (const int fd = control.descriptor(); fd >= 0) close(fd);
}

}  // namespace fib::dispatch
