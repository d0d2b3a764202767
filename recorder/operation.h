// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "recorder/launch_log.h"

namespace fib::recorder {

/// What a driver call is to a window.
enum class OperationKind : std::uint8_t {
  Other,
  Launch,
  GraphLaunch,
  HostCode,  ///< host functions and callbacks in stream order
  Copy,
};

/// One driver call on its way through a hook, for the rare case that something is to be done about
/// it. Words and pointers are the caller's and live for the call.
struct Operation {
  driver::Api api;
  std::span<const std::uint64_t> words;  ///< the arguments; structures passed by value: 0
  const LaunchCall* launch = nullptr;    ///< for most launches
};

namespace detail {

constexpr OperationKind classify(std::string_view name) {
  if (name.starts_with("cuLaunchHostFunc") || name.starts_with("cuStreamAddCallback"))
    return OperationKind::HostCode;
  if (name.starts_with("cuLaunch")) return OperationKind::Launch;
  if (name.starts_with("cuGraphLaunch")) return OperationKind::GraphLaunch;
  return name.starts_with("cuMemcpy") ? OperationKind::Copy : OperationKind::Other;
}

inline constexpr auto kOperationKinds = [] {
  std::array<OperationKind, driver::kApiCount> kinds{};
  for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] = classify(driver::kApiInfo[i].name);
  return kinds;
}();

}  // namespace detail

constexpr OperationKind kind_of(driver::Api api) noexcept {
  return detail::kOperationKinds[static_cast<std::size_t>(api)];
}

/// Calls that do nothing but wait for the GPU, perhaps for long, perhaps for what another thread
/// has yet to do: a window may begin or end meanwhile.
constexpr bool only_waits(driver::Api api) noexcept {
  const std::string_view name = driver::info(api).name;
  return name.starts_with("cuStreamSynchronize") || name.starts_with("cuCtxSynchronize") ||
         name.starts_with("cuEventSynchronize");
}

/// The stream that a launch, a graph launch or host code goes to.
[[nodiscard]] CUstream stream_of(const Operation& operation) noexcept;

}  // namespace fib::recorder
