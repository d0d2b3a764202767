// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cupti.h>

#include <string>

namespace fib::driver {

/// CUPTI, opened at run time: the library builds where only headers are, and a process that the
/// audit does not reach never maps CUPTI.
struct CuptiApi {
#define FIB_CUPTI(name) decltype(&::name) name = nullptr;
#include "driver/cupti_api.def"
};

/// Fills `api`; on failure returns false and `error` says what to do. Prefers the CUPTI that the
/// process already has (PyTorch brings its own), then $FIB_CUPTI_LIBRARY, then the loader's search
/// path.
[[nodiscard]] bool load_cupti(CuptiApi& api, std::string& error);

/// "CUPTI_ERROR_..." for messages; never null.
[[nodiscard]] const char* result_name(const CuptiApi& api, CUptiResult result);

}  // namespace fib::driver
