// SPDX-License-Identifier: Apache-2.0
// What pages/page_hash.cu does, for the simulated driver: it runs this for that PTX.
#include <xxhash.h>

#include <cstring>

#include "tests/sim_driver/sim_kernel.h"

using fib::sim::block_index;
using fib::sim::grid_dim;
using fib::sim::thread_index;

SIM_KERNEL_C(fib_page_hash,
             (const unsigned long long* addresses, unsigned char* hashes, unsigned count)) {
  constexpr std::size_t kPageBytes = 65536;
  if (thread_index().x != 0) return;
  for (unsigned page = block_index().x; page < count; page += grid_dim().x) {
    const auto* content = reinterpret_cast<const void*>(addresses[page]);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(content, kPageBytes));
    std::memcpy(hashes + page * sizeof canonical, &canonical, sizeof canonical);
  }
}
