// SPDX-License-Identifier: Apache-2.0
#include "replayer/address_space.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "replayer/error.h"

namespace fib::replayer {
namespace {

std::string text_of(const Range& range) {
  char text[64];
  std::snprintf(text, sizeof text, "0x%llx-0x%llx", static_cast<unsigned long long>(range.begin),
                static_cast<unsigned long long>(range.end));
  return text;
}

[[noreturn]] void taken(const char* what, const Range& range) {
  const std::string holders = holders_of(range);
  throw AddressTaken(std::string("the recorded ") + what + " addresses " + text_of(range) +
                     " can't be had" +
                     (holders.empty() ? ": the driver keeps them for itself"
                                      : ": in this process they hold " + holders));
}

bool reserve_exactly(const driver::DriverApi& api, const Range& range) {
  CUdeviceptr got = 0;
  if (api.cuMemAddressReserve(&got, range.bytes(), 0, range.begin, 0) != CUDA_SUCCESS) return false;
  if (got == range.begin) return true;
  api.cuMemAddressFree(got, range.bytes());
  return false;
}

/// End of what must be mapped below `end`.
std::uint64_t needed_until(const MemoryLayout& layout, std::uint64_t end) {
  std::uint64_t until = 0;
  for (const Range& device : layout.device)
    if (device.begin < end) until = std::min(device.end, end);
  return until;
}

void map_host(const Range& range, int how) {
  void* const wanted = reinterpret_cast<void*>(range.begin);
  void* const got = ::mmap(wanted, range.bytes(), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how, -1, 0);
  if (got == wanted) return;
  if (got != MAP_FAILED) ::munmap(got, range.bytes());  // a kernel before 4.17 moves it
  taken("host", range);
}

/// What was reserved of it.
Range reserve_cell(const driver::DriverApi& api, const MemoryLayout& layout, const Range& cell) {
  const Range needed{cell.begin, needed_until(layout, cell.end)};
  if (reserve_exactly(api, cell)) return cell;
  if (!reserve_exactly(api, needed)) taken("device", needed);
  return needed;
}

}  // namespace

void reserve_host(const MemoryLayout& layout) {
  for (const Range& range : cut(layout.host, layout.reservations, false))
    map_host(range, MAP_FIXED_NOREPLACE);
}

void reserve_device(const driver::DriverApi& api, const MemoryLayout& layout) {
  std::vector<Range> own;
  for (const Range& range : layout.reservations) {
    if (reserve_exactly(api, range)) {
      own.push_back(range);
      continue;
    }
    for (std::uint64_t cell = range.begin; cell < range.end; cell += kCell)
      own.push_back(reserve_cell(api, layout, {cell, cell + kCell}));
  }
  // Over our own reservations, and nothing else.
  const std::vector<Range> late = cut(layout.host, layout.reservations, true);
  for (const Range& range : cut(late, own, true)) map_host(range, MAP_FIXED);
  for (const Range& range : cut(late, own, false)) map_host(range, MAP_FIXED_NOREPLACE);
}

std::string holders_of(const Range& range) {
  std::ifstream maps("/proc/self/maps");
  std::string line, found;
  for (int shown = 0; shown < 3 && std::getline(maps, line);) {
    unsigned long long begin = 0, end = 0;
    int path = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %*s %*s %*s %*s %n", &begin, &end, &path) < 2)
      continue;
    if (begin >= range.end || end <= range.begin) continue;
    const std::string name = path > 0 && static_cast<std::size_t>(path) < line.size()
                                 ? line.substr(static_cast<std::size_t>(path))
                                 : "memory without a name";
    found += (shown++ > 0 ? ", " : "") + name + " at " + text_of({begin, end});
  }
  return found;
}

}  // namespace fib::replayer
