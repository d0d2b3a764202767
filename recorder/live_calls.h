// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <tuple>
#include <type_traits>

#include "recorder/live.h"

/// Which driver calls make, change and end what Live knows, and by which of their arguments. A call
/// that is not named here leaves it as it is.
namespace fib::recorder {
namespace detail {

using driver::Api;

template <Api A, Api... Any>
inline constexpr bool kIs = ((A == Any) || ...);

/// Addresses and handles as numbers, of whatever type (32 bits wide in the oldest entry points).
template <class T>
std::uint64_t number(const T& value) noexcept {
  static_assert(sizeof value <= sizeof(std::uint64_t));
  std::uint64_t result = 0;
  std::memcpy(&result, &value, sizeof value);
  return result;
}

/// Argument `I`.
template <std::size_t I, class... Args>
const auto& arg(const Args&... args) noexcept {
  return std::get<I>(std::tie(args...));
}

/// What argument `I`, an output, points to.
template <std::size_t I, class... Args>
auto out(const Args&... args) noexcept {
  return *arg<I>(args...);
}

/// The stream that a 0 means in this entry point.
template <Api A>
CUstream effective_stream(CUstream stream) noexcept {
  constexpr bool kOwn = kIs<A, Api::cuMemAllocAsync_ptsz, Api::cuMemAllocFromPoolAsync_ptsz,
                            Api::cuMemFreeAsync_ptsz>;
  return kOwn && stream == nullptr ? CU_STREAM_PER_THREAD : stream;
}

template <Api A>
inline constexpr bool kFrees =
    kIs<A, Api::cuMemFree, Api::cuMemFree_v2, Api::cuMemFreeHost, Api::cuMemHostUnregister>;
template <Api A>
inline constexpr bool kFreesAsync = kIs<A, Api::cuMemFreeAsync, Api::cuMemFreeAsync_ptsz>;
template <Api A>
inline constexpr bool kFindsVariable = kIs<A, Api::cuModuleGetGlobal, Api::cuModuleGetGlobal_v2,
                                           Api::cuLibraryGetGlobal, Api::cuLibraryGetManaged>;
template <Api A>
inline constexpr bool kUnmapsGraphics =
    kIs<A, Api::cuGraphicsUnmapResources, Api::cuGraphicsUnmapResources_ptsz>;
template <Api A>
inline constexpr bool kDestroysStream = kIs<A, Api::cuStreamDestroy, Api::cuStreamDestroy_v2>;
template <Api A>
inline constexpr bool kDestroysContext = kIs<A, Api::cuCtxDestroy, Api::cuCtxDestroy_v2>;
template <Api A>
inline constexpr bool kResetsContext =
    kIs<A, Api::cuDevicePrimaryCtxReset, Api::cuDevicePrimaryCtxReset_v2>;
template <Api A>
inline constexpr bool kTakes =
    kFrees<A> || kFreesAsync<A> || kUnmapsGraphics<A> || kDestroysStream<A> ||
    kDestroysContext<A> || kResetsContext<A> ||
    kIs<A, Api::cuIpcCloseMemHandle, Api::cuMemRelease, Api::cuMemUnmap, Api::cuGreenCtxDestroy>;

template <Api A, class... Args>
void take_graphics(Live& live, const Args&... args) noexcept {
  for (unsigned i = 0; arg<1>(args...) != nullptr && i < arg<0>(args...); ++i)
    live.take_foreign_of(number(arg<1>(args...)[i]));
}

// ---- what a call brought ------------------------------------------------------------------------

template <Api A, class... Args>
void acquired_memory(Live& live, const Args&... args) noexcept {
  using trace::RegionKind;
  if constexpr (kIs<A, Api::cuMemAlloc, Api::cuMemAlloc_v2>)
    live.allocated(RegionKind::Device, number(out<0>(args...)), arg<1>(args...), 0);
  else if constexpr (kIs<A, Api::cuMemAllocPitch, Api::cuMemAllocPitch_v2>)
    live.allocated(RegionKind::Device, number(out<0>(args...)),
                   std::uint64_t{out<1>(args...)} * arg<3>(args...), 0);
  else if constexpr (A == Api::cuMemAllocManaged)
    live.allocated(RegionKind::Managed, out<0>(args...), arg<1>(args...), arg<2>(args...));
  else if constexpr (kIs<A, Api::cuMemAllocHost, Api::cuMemAllocHost_v2>)
    live.allocated(RegionKind::Pinned, number(out<0>(args...)), arg<1>(args...), 0);
  else if constexpr (A == Api::cuMemHostAlloc)
    live.allocated(RegionKind::Pinned, number(out<0>(args...)), arg<1>(args...), arg<2>(args...));
  else if constexpr (kIs<A, Api::cuMemHostRegister, Api::cuMemHostRegister_v2>)
    live.registered(arg<0>(args...), arg<1>(args...), arg<2>(args...));
  else if constexpr (kIs<A, Api::cuMemAllocAsync, Api::cuMemAllocAsync_ptsz>)
    live.allocated_async(out<0>(args...), arg<1>(args...), effective_stream<A>(arg<2>(args...)));
  else if constexpr (kIs<A, Api::cuMemAllocFromPoolAsync, Api::cuMemAllocFromPoolAsync_ptsz>)
    live.allocated_async(out<0>(args...), arg<1>(args...), effective_stream<A>(arg<3>(args...)));
}

template <Api A, class... Args>
void acquired_foreign(Live& live, const Args&... args) noexcept {
  if constexpr (kIs<A, Api::cuIpcOpenMemHandle, Api::cuIpcOpenMemHandle_v2>)
    live.foreign(out<0>(args...), 0, 0, arg<2>(args...));
  else if constexpr (A == Api::cuMemPoolImportPointer)
    live.foreign(out<0>(args...), 0, number(arg<1>(args...)), 0);
  else if constexpr (A == Api::cuExternalMemoryGetMappedBuffer)
    live.foreign(out<0>(args...), arg<2>(args...)->size, number(arg<1>(args...)), 0);
  else if constexpr (kIs<A, Api::cuGraphicsResourceGetMappedPointer,
                         Api::cuGraphicsResourceGetMappedPointer_v2>)
    live.foreign(number(out<0>(args...)), number(out<1>(args...)), number(arg<2>(args...)), 0);
}

template <Api A, class... Args>
void acquired_mapping(Live& live, const Args&... args) noexcept {
  if constexpr (A == Api::cuMemCreate)
    live.handle_made(out<0>(args...), arg<2>(args...)->location);
  else if constexpr (kIs<A, Api::cuMemImportFromShareableHandle, Api::cuMulticastCreate>)
    live.handle_imported(out<0>(args...));
  else if constexpr (A == Api::cuMemRetainAllocationHandle)
    live.handle_retained(out<0>(args...), number(arg<1>(args...)));
  else if constexpr (A == Api::cuMemMap)
    live.mapped(arg<0>(args...), arg<1>(args...), arg<2>(args...), arg<3>(args...),
                static_cast<std::uint32_t>(arg<4>(args...)));
  else if constexpr (A == Api::cuMemSetAccess)
    live.access_set(arg<0>(args...), arg<1>(args...), arg<2>(args...), arg<3>(args...));
}

template <Api A, class... Args>
void acquired_array(Live& live, const Args&...) noexcept {
  if constexpr (kIs<A, Api::cuArrayCreate, Api::cuArrayCreate_v2, Api::cuArray3DCreate,
                    Api::cuArray3DCreate_v2, Api::cuMipmappedArrayCreate,
                    Api::cuExternalMemoryGetMappedMipmappedArray,
                    Api::cuGraphicsResourceGetMappedMipmappedArray,
                    Api::cuGraphicsSubResourceGetMappedArray>)
    live.array_made(driver::info(A).name);
}

template <Api A, class... Args>
void acquired_stream(Live& live, const Args&... args) noexcept {
  if constexpr (A == Api::cuStreamCreate)
    live.stream_made(out<0>(args...), arg<1>(args...), 0);
  else if constexpr (A == Api::cuStreamCreateWithPriority)
    live.stream_made(out<0>(args...), arg<1>(args...), arg<2>(args...));
  else if constexpr (A == Api::cuGreenCtxStreamCreate)
    live.stream_made(out<0>(args...), arg<2>(args...), arg<3>(args...), arg<1>(args...));
}

template <Api A, class... Args>
void acquired_context(Live& live, const Args&... args) noexcept {
  if constexpr (kIs<A, Api::cuCtxCreate, Api::cuCtxCreate_v2>)
    live.context_made(out<0>(args...), arg<2>(args...), false);
  else if constexpr (A == Api::cuCtxCreate_v3)
    live.context_made(out<0>(args...), arg<4>(args...), false);
  else if constexpr (A == Api::cuCtxCreate_v4)
    live.context_made(out<0>(args...), arg<3>(args...), false);
  else if constexpr (A == Api::cuDevicePrimaryCtxRetain)
    live.context_made(out<0>(args...), arg<1>(args...), true);
  else if constexpr (kIs<A, Api::cuDevicePrimaryCtxRelease, Api::cuDevicePrimaryCtxRelease_v2>)
    live.primary_context_released(arg<0>(args...));
  else if constexpr (kIs<A, Api::cuCtxSetCurrent, Api::cuCtxPushCurrent, Api::cuCtxPushCurrent_v2>)
    live.context_seen();
  else if constexpr (A == Api::cuGreenCtxCreate)
    live.green_context_made(out<0>(args...), arg<2>(args...));
  else if constexpr (A == Api::cuCtxFromGreenCtx)
    live.green_context_converted(out<0>(args...), arg<1>(args...));
}

}  // namespace detail

/// Before the driver's call: what a free, unmap or destroy takes away.
template <driver::Api A, class... Args>
void releasing(Live& live, const Args&... args) noexcept {
  using namespace detail;
  if constexpr (kFrees<A>)
    live.take(number(arg<0>(args...)));
  else if constexpr (kFreesAsync<A>)
    live.take_async(arg<0>(args...), effective_stream<A>(arg<1>(args...)));
  else if constexpr (A == Api::cuIpcCloseMemHandle)
    live.take_opened(arg<0>(args...));
  else if constexpr (kUnmapsGraphics<A>)
    take_graphics<A>(live, args...);
  else if constexpr (A == Api::cuMemRelease)
    live.take_handle(arg<0>(args...));
  else if constexpr (A == Api::cuMemUnmap)
    live.take_range(arg<0>(args...), arg<1>(args...));
  else if constexpr (kDestroysStream<A>)
    live.take_stream(arg<0>(args...));
  else if constexpr (kDestroysContext<A>)
    live.take_context(arg<0>(args...));
  else if constexpr (A == Api::cuGreenCtxDestroy)
    live.take_green_context(arg<0>(args...));
  else if constexpr (kResetsContext<A>)
    live.take_primary_context(arg<0>(args...));
}

/// After the driver's call, whatever came of it.
template <driver::Api A>
void settle(Live& live, bool succeeded) noexcept {
  if constexpr (detail::kTakes<A>) live.settle(succeeded);
}

/// After success: what the call brought. The driver has checked the arguments.
template <driver::Api A, class... Args>
void acquired(Live& live, const Args&... args) noexcept {
  detail::acquired_memory<A>(live, args...);
  detail::acquired_foreign<A>(live, args...);
  detail::acquired_mapping<A>(live, args...);
  detail::acquired_array<A>(live, args...);
  detail::acquired_stream<A>(live, args...);
  detail::acquired_context<A>(live, args...);
}

}  // namespace fib::recorder
