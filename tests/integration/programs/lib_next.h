// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Two libraries, in this order in the program's scope. Each defines fibtest_next_target(): the
/// program's returns 1, the first library's 2, the last one's 3.
extern "C" {
int fibtest_first_asks_next();                ///< calls dlsym(RTLD_NEXT, "fibtest_next_target"): 3
int fibtest_last_asks_next();                 ///< nobody after it has one: -1
void* fibtest_first_finds(const char* name);  ///< dlsym(RTLD_NEXT, name)
}
