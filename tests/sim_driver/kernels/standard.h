// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Parameter types of the standard kernels, for the kernels and for those who launch them.

struct Coefficients {
  float factor, offset;
};

/// By value, over 1 KB, with pointers inside.
struct BigStruct {
  int n;
  int inputs;
  const float* in[32];
  char padding[1024];
  float* out;
};

/// By value, over 4 KB.
struct HugeParams {
  int words[1100];
};
