// SPDX-License-Identifier: Apache-2.0
//
// Named like the driver, but none: it lacks cuInit.
extern "C" __attribute__((visibility("default"))) int cuNothing() { return 0; }
