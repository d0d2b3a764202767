// SPDX-License-Identifier: Apache-2.0
//
// Kernel launches in all their forms, graph launches, and host code in stream order.
#include "shim/hooks/graph_apply.h"
#include "shim/hooks/hooks.h"

namespace fib::shim {
namespace {

using recorder::LaunchCall;

/// The shape of every launch hook; `describe` makes the LaunchCall, if it is needed at all.
template <Api A, class Describe, class... Args>
CUresult launched(const Describe& describe, Args... args) noexcept {
  return around_launch<A>(
      describe, [](Recorder&) noexcept {},
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.launches.launch(describe(), result, begin);
      },
      args...);
}

template <Api A>
CUresult launch_kernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                       unsigned by, unsigned bz, unsigned shared, CUstream stream, void** params,
                       void** extra) {
  const auto describe = [&]() noexcept {
    return LaunchCall{A,
                      f,
                      {gx, gy, gz},
                      {bx, by, bz},
                      shared,
                      stream,
                      params,
                      extra,
                      nullptr,
                      0,
                      A == Api::cuLaunchKernel_ptsz,
                      false};
  };
  return launched<A>(describe, f, gx, gy, gz, bx, by, bz, shared, stream, params, extra);
}

template <Api A>
CUresult launch_kernel_ex(const CUlaunchConfig* config, CUfunction f, void** params, void** extra) {
  const auto describe = [&]() noexcept {
    // The driver rejects a null config; so do we not look into it.
    static constexpr CUlaunchConfig kNone{};
    const CUlaunchConfig& c = config != nullptr ? *config : kNone;
    return LaunchCall{A,
                      f,
                      {c.gridDimX, c.gridDimY, c.gridDimZ},
                      {c.blockDimX, c.blockDimY, c.blockDimZ},
                      c.sharedMemBytes,
                      c.hStream,
                      params,
                      extra,
                      c.attrs,
                      c.numAttrs,
                      A == Api::cuLaunchKernelEx_ptsz,
                      false};
  };
  return launched<A>(describe, config, f, params, extra);
}

template <Api A>
CUresult launch_cooperative(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                            unsigned by, unsigned bz, unsigned shared, CUstream stream,
                            void** params) {
  const auto describe = [&]() noexcept {
    return LaunchCall{A,
                      f,
                      {gx, gy, gz},
                      {bx, by, bz},
                      shared,
                      stream,
                      params,
                      nullptr,
                      nullptr,
                      0,
                      A == Api::cuLaunchCooperativeKernel_ptsz,
                      false};
  };
  return launched<A>(describe, f, gx, gy, gz, bx, by, bz, shared, stream, params);
}

/// Grid from the call; block, shared memory and parameters were set by earlier calls (all
/// recorded).
LaunchCall legacy_call(Api api, CUfunction f, int width, int height, CUstream stream) noexcept {
  return {api,       f,       {static_cast<unsigned>(width), static_cast<unsigned>(height), 1},
          {0, 0, 0}, 0,       stream,
          nullptr,   nullptr, nullptr,
          0,         false,   true};
}

template <Api A, class... Args>
CUresult launch_legacy(const LaunchCall& call, Args... args) noexcept {
  return around_launch<A>([&]() noexcept { return call; }, [](Recorder&) noexcept {},
                          [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
                            recorder.launches.launch(call, result, begin);
                            recorder.session.deviation(
                                trace::Deviation::LegacyLaunch,
                                "%s was used: block and parameters are in earlier calls",
                                driver::info(A).name);
                          },
                          args...);
}

template <Api A>
CUresult launch_graph(CUgraphExec exec, CUstream stream) {
  const bool own = A == Api::cuGraphLaunch_ptsz && stream == nullptr;
  const CUstream effective = own ? CU_STREAM_PER_THREAD : stream;
  if (mode() == Mode::Apply)
    return in_graphs<A>(
        [&](dispatch::Graphs& graphs, auto function) noexcept {
          graphs.launching(exec, effective);
          return function(exec, stream);
        },
        exec, stream);
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.launches.graph_launch(A, exec, effective, result, begin);
      },
      exec, stream);
}

template <Api A, class... Args>
CUresult host_code(Args... args) {
  return observe_call<A>(
      [](Recorder& recorder) noexcept {
        recorder.session.deviation(trace::Deviation::HostFunction,
                                   "%s: host code in stream order can't be replayed",
                                   driver::info(A).name);
      },
      args...);
}

}  // namespace

CUresult hook_cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                             unsigned by, unsigned bz, unsigned shared, CUstream stream,
                             void** params, void** extra) {
  return launch_kernel<Api::cuLaunchKernel>(f, gx, gy, gz, bx, by, bz, shared, stream, params,
                                            extra);
}

CUresult hook_cuLaunchKernel_ptsz(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                                  unsigned by, unsigned bz, unsigned shared, CUstream stream,
                                  void** params, void** extra) {
  return launch_kernel<Api::cuLaunchKernel_ptsz>(f, gx, gy, gz, bx, by, bz, shared, stream, params,
                                                 extra);
}

CUresult hook_cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** params,
                               void** extra) {
  return launch_kernel_ex<Api::cuLaunchKernelEx>(config, f, params, extra);
}

CUresult hook_cuLaunchKernelEx_ptsz(const CUlaunchConfig* config, CUfunction f, void** params,
                                    void** extra) {
  return launch_kernel_ex<Api::cuLaunchKernelEx_ptsz>(config, f, params, extra);
}

CUresult hook_cuLaunchCooperativeKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz,
                                        unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                        CUstream stream, void** params) {
  return launch_cooperative<Api::cuLaunchCooperativeKernel>(f, gx, gy, gz, bx, by, bz, shared,
                                                            stream, params);
}

CUresult hook_cuLaunchCooperativeKernel_ptsz(CUfunction f, unsigned gx, unsigned gy, unsigned gz,
                                             unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                             CUstream stream, void** params) {
  return launch_cooperative<Api::cuLaunchCooperativeKernel_ptsz>(f, gx, gy, gz, bx, by, bz, shared,
                                                                 stream, params);
}

CUresult hook_cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS* list, unsigned count,
                                                   unsigned flags) {
  constexpr Api kApi = Api::cuLaunchCooperativeKernelMultiDevice;
  return observe<kApi>(
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        for (unsigned i = 0; list != nullptr && i < count; ++i) {
          const CUDA_LAUNCH_PARAMS& p = list[i];
          recorder.launches.launch({kApi,
                                    p.function,
                                    {p.gridDimX, p.gridDimY, p.gridDimZ},
                                    {p.blockDimX, p.blockDimY, p.blockDimZ},
                                    p.sharedMemBytes,
                                    p.hStream,
                                    p.kernelParams,
                                    nullptr,
                                    nullptr,
                                    0,
                                    false,
                                    false},
                                   result, begin);
        }
      },
      list, count, flags);
}

CUresult hook_cuLaunch(CUfunction f) {
  return launch_legacy<Api::cuLaunch>(legacy_call(Api::cuLaunch, f, 1, 1, nullptr), f);
}

CUresult hook_cuLaunchGrid(CUfunction f, int width, int height) {
  return launch_legacy<Api::cuLaunchGrid>(legacy_call(Api::cuLaunchGrid, f, width, height, nullptr),
                                          f, width, height);
}

CUresult hook_cuLaunchGridAsync(CUfunction f, int width, int height, CUstream stream) {
  return launch_legacy<Api::cuLaunchGridAsync>(
      legacy_call(Api::cuLaunchGridAsync, f, width, height, stream), f, width, height, stream);
}

CUresult hook_cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  return launch_graph<Api::cuGraphLaunch>(exec, stream);
}

CUresult hook_cuGraphLaunch_ptsz(CUgraphExec exec, CUstream stream) {
  return launch_graph<Api::cuGraphLaunch_ptsz>(exec, stream);
}

CUresult hook_cuLaunchHostFunc(CUstream stream, CUhostFn function, void* data) {
  return host_code<Api::cuLaunchHostFunc>(stream, function, data);
}

CUresult hook_cuLaunchHostFunc_ptsz(CUstream stream, CUhostFn function, void* data) {
  return host_code<Api::cuLaunchHostFunc_ptsz>(stream, function, data);
}

CUresult hook_cuStreamAddCallback(CUstream stream, CUstreamCallback callback, void* data,
                                  unsigned flags) {
  return host_code<Api::cuStreamAddCallback>(stream, callback, data, flags);
}

CUresult hook_cuStreamAddCallback_ptsz(CUstream stream, CUstreamCallback callback, void* data,
                                       unsigned flags) {
  return host_code<Api::cuStreamAddCallback_ptsz>(stream, callback, data, flags);
}

}  // namespace fib::shim
