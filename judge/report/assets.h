// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// judge/report/assets, compiled in. Hashes are as a Content-Security-Policy names them.
namespace fib::judge {

extern const std::string_view kReportCss, kReportCssHash;
extern const std::string_view kReportJs, kReportJsHash;

}  // namespace fib::judge
