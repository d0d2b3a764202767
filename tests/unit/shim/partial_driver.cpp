// SPDX-License-Identifier: Apache-2.0
//
// A driver that is older than most of our list, and in which two names are one function.
#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int cuInit(unsigned) { return 0; }
EXPORT int cuDriverGetVersion(int*) { return 1; }
EXPORT int cuStreamSynchronize(void*) { return 2; }
EXPORT int cuStreamSynchronize_ptsz(void*) __attribute__((alias("cuStreamSynchronize")));
EXPORT int cuNotOnOurList() { return 3; }
