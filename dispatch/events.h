// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>

#include "dispatch/dispatcher.h"

/// Which driver calls make and end what the dispatcher knows: contexts, code, streams, captures. A
/// call that is not named here passes. Launches and graphs have hooks of their own.
namespace fib::dispatch {
namespace detail {

using driver::Api;

template <Api A, Api... Any>
inline constexpr bool kIsAny = ((A == Any) || ...);

/// Argument `I`.
template <std::size_t I, class... Args>
const auto& argument(const Args&... args) noexcept {
  return std::get<I>(std::tie(args...));
}

template <Api A>
inline constexpr bool kMakesContext =
    kIsAny<A, Api::cuCtxCreate, Api::cuCtxCreate_v2, Api::cuCtxCreate_v3, Api::cuCtxCreate_v4,
           Api::cuCtxFromGreenCtx>;
template <Api A>
inline constexpr bool kEndsContext = kIsAny<A, Api::cuCtxDestroy, Api::cuCtxDestroy_v2>;
template <Api A>
inline constexpr bool kReleasesPrimary =
    kIsAny<A, Api::cuDevicePrimaryCtxRelease, Api::cuDevicePrimaryCtxRelease_v2,
           Api::cuDevicePrimaryCtxReset, Api::cuDevicePrimaryCtxReset_v2>;
template <Api A>
inline constexpr bool kEndsCode = kIsAny<A, Api::cuModuleUnload, Api::cuLibraryUnload>;
template <Api A>
inline constexpr bool kLoadsCode = kIsAny<A, Api::cuModuleLoadData, Api::cuModuleLoadDataEx,
                                          Api::cuModuleLoadFatBinary, Api::cuLibraryLoadData>;
template <Api A>
inline constexpr bool kLoadsFile = kIsAny<A, Api::cuModuleLoad, Api::cuLibraryLoadFromFile>;
template <Api A>
inline constexpr bool kEndsStream = kIsAny<A, Api::cuStreamDestroy, Api::cuStreamDestroy_v2>;
template <Api A>
inline constexpr bool kEndsCaptureOwn = A == Api::cuStreamEndCapture_ptsz;
template <Api A>
inline constexpr bool kEndsCapture = kIsAny<A, Api::cuStreamEndCapture> || kEndsCaptureOwn<A>;
template <Api A>
inline constexpr bool kBeginsCaptureOwn =
    kIsAny<A, Api::cuStreamBeginCapture_ptsz, Api::cuStreamBeginCapture_v2_ptsz,
           Api::cuStreamBeginCaptureToGraph_ptsz>;
template <Api A>
inline constexpr bool kBeginsCapture =
    kIsAny<A, Api::cuStreamBeginCapture, Api::cuStreamBeginCapture_v2,
           Api::cuStreamBeginCaptureToGraph> ||
    kBeginsCaptureOwn<A>;

/// Stream 0 of a _ptsz entry point is the thread's own.
template <Api A>
CUstream effective(CUstream stream) noexcept {
  constexpr bool kOwn = kBeginsCaptureOwn<A> || kEndsCaptureOwn<A>;
  return kOwn && stream == nullptr ? CU_STREAM_PER_THREAD : stream;
}

}  // namespace detail

/// Whether before() or after() do anything.
template <driver::Api A>
inline constexpr bool kIsEvent =
    detail::kMakesContext<A> || detail::kEndsContext<A> || detail::kReleasesPrimary<A> ||
    detail::kEndsCode<A> || detail::kLoadsCode<A> || detail::kLoadsFile<A> ||
    detail::kEndsStream<A> || detail::kBeginsCapture<A> || detail::kEndsCapture<A> ||
    detail::kIsAny<A, driver::Api::cuDevicePrimaryCtxRetain, driver::Api::cuGreenCtxDestroy>;

/// Before the driver's call.
template <driver::Api A, class... Args>
void before_call(Dispatcher& dispatcher, const Args&... args) noexcept {
  using namespace detail;
  if constexpr (kEndsContext<A>)
    dispatcher.context_ending(argument<0>(args...));
  else if constexpr (kReleasesPrimary<A>)
    dispatcher.primary_ending(argument<0>(args...));
  else if constexpr (A == Api::cuGreenCtxDestroy)
    dispatcher.context_ending(nullptr);
  else if constexpr (kEndsCode<A>)
    dispatcher.code_ending(argument<0>(args...));
  else if constexpr (kEndsStream<A>)
    dispatcher.stream_ending(argument<0>(args...));
}

/// After the driver's call.
template <driver::Api A, class... Args>
void after_call(Dispatcher& dispatcher, CUresult result, const Args&... args) noexcept {
  using namespace detail;
  // Also after a failure: an invalidated capture ends, one that another thread owns does not.
  if constexpr (kEndsCapture<A>)
    dispatcher.captures().maybe_ended(effective<A>(argument<0>(args...)));
  if constexpr (kReleasesPrimary<A>) dispatcher.primary_released(argument<0>(args...));
  if (result != CUDA_SUCCESS) return;
  if constexpr (kMakesContext<A>)
    dispatcher.context_appeared(*argument<0>(args...));
  else if constexpr (A == Api::cuDevicePrimaryCtxRetain)
    dispatcher.primary_appeared(argument<1>(args...), *argument<0>(args...));
  else if constexpr (kLoadsCode<A>)
    dispatcher.code_loaded(*argument<0>(args...), A == Api::cuLibraryLoadData,
                           argument<1>(args...));
  else if constexpr (kLoadsFile<A>)
    dispatcher.code_file_loaded(*argument<0>(args...), A == Api::cuLibraryLoadFromFile,
                                argument<1>(args...));
  else if constexpr (kEndsStream<A>)
    dispatcher.captures().gone(argument<0>(args...));
  else if constexpr (kBeginsCapture<A>)
    dispatcher.captures().begun(effective<A>(argument<0>(args...)));
}

}  // namespace fib::dispatch
