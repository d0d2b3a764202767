// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// What NVTX version 3 and a tool that it loads agree on (nvtx3/nvtxDetail/nvtxTypes.h), as far as
/// we use it. Fixed for good: programs have their copy of NVTX compiled in.
namespace fib::shim::nvtx {

enum class Module : int { Core = 1, Core2 = 5 };

// Places in a module's function table.
inline constexpr unsigned kRangeStartEx = 4, kRangeStartA = 5, kRangeStartW = 6, kRangeEnd = 7,
                          kRangePushEx = 8, kRangePushA = 9, kRangePushW = 10, kRangePop = 11;
inline constexpr unsigned kDomainRangeStartEx = 2, kDomainRangeEnd = 3, kDomainRangePushEx = 4,
                          kDomainRangePop = 5, kDomainRegisterStringA = 10,
                          kDomainRegisterStringW = 11, kDomainCreateA = 12, kDomainCreateW = 13;

inline constexpr std::uint32_t kCallbacksTable = 1;  ///< NVTX_ETID_CALLBACKS

using FunctionPointer = void (*)();

struct Callbacks {
  std::size_t bytes;
  /// `table` becomes an array of `size` places, each of which holds a function pointer.
  int (*get_module_function_table)(Module module, FunctionPointer*** table, unsigned* size);
};

/// 0 if there is no such table.
using GetExportTable = const void* (*)(std::uint32_t table);

enum class MessageType : std::int32_t { Ascii = 1, Unicode = 2, Registered = 3 };

/// nvtxEventAttributes_t.
struct EventAttributes {
  std::uint16_t version, size;
  std::uint32_t category;
  std::int32_t color_type;
  std::uint32_t color;
  std::int32_t payload_type, reserved;
  std::uint64_t payload;
  MessageType message_type;
  union {
    const char* ascii;
    const wchar_t* unicode;
    const void* registered;  ///< as the tool's RegisterString returned it
  } message;
};
static_assert(sizeof(EventAttributes) == 48);

}  // namespace fib::shim::nvtx

/// What NVTX looks up in the library that NVTX_INJECTION64_PATH names. 1: it may call us from now
/// on, 0: it shall not.
extern "C" int InitializeInjectionNvtx2(fib::shim::nvtx::GetExportTable get_export_table);
