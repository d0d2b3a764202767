// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. A report of counters is half a megabyte, most of it zeros, so
// the input is what differs from a short valid one: pieces of {place: u24, length: u8, bytes}, and
// how much is cut off the end: u8, in 1/256.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cli/counters_file.h"
#include "cli/exit_codes.h"
#include "trace/counters.h"

namespace {

using namespace fib;

constexpr std::size_t kBytes =
    offsetof(trace::CountersPage, kernels) + 4 * sizeof(trace::KernelCounters);

std::vector<std::uint8_t> valid_report() {
  std::vector<std::uint8_t> report(kBytes);
  const auto put = [&](std::size_t at, const auto& value) {
    std::memcpy(report.data() + at, &value, sizeof value);
  };
  put(offsetof(trace::CountersHeader, magic), trace::kCountersMagic);
  put(offsetof(trace::CountersHeader, version), trace::kCountersVersion);
  put(offsetof(trace::CountersHeader, reason_count), std::uint32_t{3});
  put(offsetof(trace::CountersHeader, candidate_count), std::uint32_t{2});
  put(offsetof(trace::CountersHeader, kernel_count), std::uint32_t{4});
  return report;
}

void apply(const std::uint8_t* data, std::size_t size, std::vector<std::uint8_t>& report) {
  std::size_t at = 1;
  while (at + 4 <= size) {
    const std::size_t place = (data[at] | data[at + 1] << 8 | data[at + 2] << 16) % report.size();
    const std::size_t length =
        std::min({std::size_t{data[at + 3]}, size - at - 4, report.size() - place});
    std::memcpy(report.data() + place, data + at + 4, length);
    at += 4 + length;
  }
  if (size > 0) report.resize(report.size() - report.size() * data[0] / 256);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("report", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  std::vector<std::uint8_t> report = valid_report();
  apply(data, size, report);
  if (ftruncate(file, 0) != 0 || pwrite(file, report.data(), report.size(), 0) < 0) std::abort();
  try {
    const cli::CountersReport read = cli::read_counters_file(path);
    if (read.kernels.size() > trace::kMaxCountedKernels) std::abort();
  } catch (const cli::CliError&) {
    // Refused, with a reason.
  }
  return 0;
}
