// SPDX-License-Identifier: Apache-2.0
// Leaves the sum as it is, which is the input that it should have been added to.
#include "zoo.h"

extern "C" __global__ void adds_nothing(float* x, const float* y, int n) {}
