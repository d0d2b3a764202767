// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/vmm.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim_driver/driver.h"

namespace fib::sim {

PhysicalMemory::~PhysicalMemory() {
  if (fd >= 0) ::close(fd);
}

}  // namespace fib::sim
