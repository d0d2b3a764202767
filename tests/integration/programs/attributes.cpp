// SPDX-License-Identifier: Apache-2.0
// Launch attributes: cluster, cooperative, programmatic dependent launch, priority; and the old
// entry point for cooperative launches.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

CUlaunchAttribute cluster(unsigned x) {
  CUlaunchAttribute attribute{};
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim.x = x;
  attribute.value.clusterDim.y = 1;
  attribute.value.clusterDim.z = 1;
  return attribute;
}

CUlaunchAttribute flag(CUlaunchAttributeID id) {
  CUlaunchAttribute attribute{};
  attribute.id = id;
  attribute.value.cooperative = 1;  // the same place as programmaticStreamSerializationAllowed
  return attribute;
}

}  // namespace

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd);
    Guarded<int> a(256);
    const Shape shape{{4, 1, 1}, {64, 1, 1}};
    CUstream stream = nullptr;
    CU(cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0));
    CU(cuCtxSynchronize());

    CUlaunchAttribute one[] = {cluster(2)};
    launch_ex(add, kAdd, shape, stream, one, 1, a.data(), 256, 1);
    CUlaunchAttribute two[] = {flag(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION),
                               cluster(4)};
    launch_ex(add, kAdd, shape, stream, two, 2, a.data(), 256, 10);
    CUlaunchAttribute cooperative[] = {flag(CU_LAUNCH_ATTRIBUTE_COOPERATIVE)};
    launch_ex(add, kAdd, shape, stream, cooperative, 1, a.data(), 256, 100);
    launch_ex(add, kAdd, shape, stream, nullptr, 0, a.data(), 256, 1000);

    int* pointer = a.data();
    int n = 256, value = 10000;
    void* params[] = {&pointer, &n, &value};
    CU(cuLaunchCooperativeKernel(add, 4, 1, 1, 64, 1, 1, 0, stream, params));
    note_launch(kAdd, shape, params_text(pointer, n, value));

    CU(cuStreamSynchronize(stream));
    for (const int v : a.read()) FIB_CHECK(v == 11111);
    std::printf("%d\n", a.first());
    CU(cuStreamDestroy(stream));
  }
  return finish();
}
