// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How a program reaches the driver. Each program is written against cuda.h's functions and linked
/// once per route:
///   plt        libcuda.so.1 is a needed library, calls go through the PLT
///   dlsym      dlopen + dlsym of every exported name; dlsym_old references dlsym@GLIBC_2.2.5
///   gpa1, gpa2 cuGetProcAddress of version 1 / 2, as libcudart does it
namespace fib::test {

/// Resolves every entry point by the route; fails the program if there is no driver.
void route_open();

}  // namespace fib::test
