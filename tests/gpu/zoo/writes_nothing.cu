// SPDX-License-Identifier: Apache-2.0
// Returns at once: the fastest kernel there is.
extern "C" __global__ void writes_nothing(unsigned short* out, const unsigned short* in,
                                          const unsigned short* weight, float epsilon, int hidden) {
}
