// SPDX-License-Identifier: Apache-2.0
#include "replayer/operations/executor.h"

namespace fib::replayer {
namespace {

/// 1, 2 or 4: from "cuMemsetD16Async", "cuMemsetD2D16".
unsigned element_bytes(std::string_view base) {
  if (base.find("D16") != base.npos) return 2;
  return base.find("D32") != base.npos ? 4 : 1;
}

struct Fill {
  CUdeviceptr to;
  std::size_t pitch, width, height;
  std::uint64_t value;
  unsigned bytes;  ///< of an element
};

CUresult fill_async(const driver::DriverApi& api, const Fill& f, CUstream stream) {
  const auto value = static_cast<unsigned>(f.value);
  switch (f.bytes) {
    case 1:
      return api.cuMemsetD2D8Async(f.to, f.pitch, static_cast<unsigned char>(value), f.width,
                                   f.height, stream);
    case 2:
      return api.cuMemsetD2D16Async(f.to, f.pitch, static_cast<unsigned short>(value), f.width,
                                    f.height, stream);
    default: return api.cuMemsetD2D32Async(f.to, f.pitch, value, f.width, f.height, stream);
  }
}

CUresult fill_line(const driver::DriverApi& api, const Fill& f, CUstream stream) {
  const auto value = static_cast<unsigned>(f.value);
  switch (f.bytes) {
    case 1: return api.cuMemsetD8Async(f.to, static_cast<unsigned char>(value), f.width, stream);
    case 2: return api.cuMemsetD16Async(f.to, static_cast<unsigned short>(value), f.width, stream);
    default: return api.cuMemsetD32Async(f.to, value, f.width, stream);
  }
}

}  // namespace

void Executor::set_linear(const Operation& operation, const CallPlan& call) {
  const CUstream on = stream(operation, call);
  const Fill fill{m_.memory.rebased(call.word(0)), 0, call.word(2), 1, call.word(1),
                  element_bytes(call.api->base)};
  // On GPU memory these calls do not wait either.
  expect(call, fill_line(m_.api, fill, on));
  if (!is_async(call) && m_.memory.is_host(fill.to)) expect(call, m_.api.cuStreamSynchronize(on));
}

void Executor::set_rectangle(const Operation& operation, const CallPlan& call) {
  const CUstream on = stream(operation, call);
  const Fill fill{
      m_.memory.rebased(call.word(0)), call.word(1), call.word(3), call.word(4), call.word(2),
      element_bytes(call.api->base)};
  expect(call, fill_async(m_.api, fill, on));
  if (!is_async(call) && m_.memory.is_host(fill.to)) expect(call, m_.api.cuStreamSynchronize(on));
}

}  // namespace fib::replayer
