// SPDX-License-Identifier: Apache-2.0
#include "recorder/operation.h"

namespace fib::recorder {
namespace {

CUstream as_stream(std::uint64_t word) noexcept {
  return reinterpret_cast<CUstream>(static_cast<std::uintptr_t>(word));
}

/// Which argument is the stream, by its name in driver_api.def; -1: none.
int stream_argument(std::string_view args) noexcept {
  int index = 0;
  while (!args.empty()) {
    const std::size_t end = args.find(' ');
    const std::string_view word = args.substr(0, end);
    if (word == "hStream" || word == "stream") return index;
    if (end == std::string_view::npos) return -1;
    args.remove_prefix(end + 1);
    ++index;
  }
  return -1;
}

}  // namespace

CUstream stream_of(const Operation& operation) noexcept {
  CUstream stream = nullptr;
  if (operation.launch != nullptr) {
    stream = operation.launch->stream;
  } else {
    const int index = stream_argument(driver::info(operation.api).args);
    if (index >= 0 && static_cast<std::size_t>(index) < operation.words.size())
      stream = as_stream(operation.words[static_cast<std::size_t>(index)]);
  }
  const std::string_view name = driver::info(operation.api).name;
  const bool own = name.ends_with("_ptsz") || name.ends_with("_ptds");
  return own && stream == nullptr ? CU_STREAM_PER_THREAD : stream;
}

}  // namespace fib::recorder
