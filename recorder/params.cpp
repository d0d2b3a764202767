// SPDX-License-Identifier: Apache-2.0
#include "recorder/params.h"

#include <cstring>

namespace fib::recorder {
namespace {

/// CU_LAUNCH_PARAM_BUFFER_POINTER, _SIZE, in either order, until _END.
void find_buffer(void** extra, const void*& buffer, std::size_t& bytes) noexcept {
  for (int i = 0; i < 4 && extra[i] != CU_LAUNCH_PARAM_END; i += 2) {
    if (extra[i] == CU_LAUNCH_PARAM_BUFFER_POINTER) buffer = extra[i + 1];
    if (extra[i] == CU_LAUNCH_PARAM_BUFFER_SIZE) bytes = *static_cast<std::size_t*>(extra[i + 1]);
  }
}

/// Exactly `bytes`: the value may stand at the end of a page. Pointers and 32-bit scalars, nearly
/// all of them, without a call.
void copy_value(std::byte* to, const void* from, std::size_t bytes) noexcept {
  if (bytes == 8)
    std::memcpy(to, from, 8);
  else if (bytes == 4)
    std::memcpy(to, from, 4);
  else
    std::memcpy(to, from, bytes);
}

}  // namespace

void copy_params(std::byte* to, const KernelInfo& kernel, void** params, void** extra) noexcept {
  const std::size_t room = trace::padded(kernel.param_bytes);
  if (params != nullptr && extra == nullptr) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < kernel.params.size(); ++i) {
      const auto [offset, bytes] = kernel.params[i];
      if (offset > done) std::memset(to + done, 0, offset - done);
      copy_value(to + offset, params[i], bytes);
      done = offset + bytes;
    }
    if (done < room) std::memset(to + done, 0, room - done);
    return;
  }
  const void* buffer = nullptr;
  std::size_t bytes = 0;
  if (extra != nullptr) find_buffer(extra, buffer, bytes);
  if (buffer == nullptr) bytes = 0;
  if (bytes > kernel.param_bytes) bytes = kernel.param_bytes;
  if (bytes > 0) std::memcpy(to, buffer, bytes);
  std::memset(to + bytes, 0, room - bytes);
}

void copy_attributes(std::byte* to, const CUlaunchAttribute* attributes,
                     std::size_t count) noexcept {
  static_assert(sizeof(CUlaunchAttribute) == trace::kLaunchAttributeBytes);
  if (count > 0) std::memcpy(to, attributes, count * sizeof(CUlaunchAttribute));
}

}  // namespace fib::recorder
