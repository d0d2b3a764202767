// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/driver.h"

#include <pthread.h>

#include "tests/sim_driver/address_zone.h"
#include "tests/sim_driver/config.h"

namespace fib::sim {
namespace {

std::atomic<Phase> g_phase{Phase::cold};

// A child of an initialised process inherits dead worker threads and locks in any state: as with
// the real driver, nothing works there.
void after_fork_in_child() {
  if (g_phase.load() != Phase::ready) return;
  g_null_launch.store(false);
  g_phase.store(Phase::forked);
}

void create_devices(Driver& driver) {
  for (int i = 0; i < config().devices; ++i) {
    Device device;
    device.ordinal = i;
    device.total = config().memory_bytes;
    driver.devices.push_back(device);
    driver.devices.back().default_pool = create_pool(driver, i, {});
    driver.devices.back().current_pool = driver.devices.back().default_pool;
  }
}

}  // namespace

std::atomic<bool> g_null_launch{false};

Phase phase() { return g_phase.load(std::memory_order_acquire); }
void set_phase(Phase next) { g_phase.store(next, std::memory_order_release); }

Driver& Driver::get() {
  static Driver* const instance = new Driver;
  return *instance;
}

Device& Driver::device(CUdevice ordinal) {
  require(ordinal >= 0 && static_cast<size_t>(ordinal) < devices.size(), CUDA_ERROR_INVALID_DEVICE);
  return devices[static_cast<size_t>(ordinal)];
}

StreamPtr Driver::stream(CUstream handle, const Call& c) {
  if (handle == CU_STREAM_LEGACY) return c.context()->legacy;
  if (handle == CU_STREAM_PER_THREAD) return per_thread_stream(*c.context());
  StreamPtr found = streams.find(handle);
  require(found != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return found;
}

extern "C" CUresult CUDAAPI cuInit(unsigned flags) {
  return call(
      Api::cuInit, false,
      [&](Call& c) {
        require(flags == 0);
        if (phase() == Phase::ready) return;
        require(config().devices > 0, CUDA_ERROR_NO_DEVICE);
        take_addresses();
        create_devices(c.driver);
        ::pthread_atfork(nullptr, nullptr, after_fork_in_child);
        g_null_launch.store(config().null_launch);
        set_phase(Phase::ready);
      },
      Needs::nothing);
}

extern "C" CUresult CUDAAPI cuDriverGetVersion(int* version) {
  return call(
      Api::cuDriverGetVersion, false, [&](Call&) { store(version, config().driver_version); },
      Needs::nothing);
}

}  // namespace fib::sim
