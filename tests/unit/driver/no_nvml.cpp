// SPDX-License-Identifier: Apache-2.0
// A library that is none of NVML's.
extern "C" int nothing_of_nvml() { return 0; }
