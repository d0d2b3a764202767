// SPDX-License-Identifier: Apache-2.0
// Order between streams: events, waits, priorities, timing, copied attributes, the default streams.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd), twice = module.function(kTwice),
                     spin = module.function(kSpin);
    Guarded<int> a(1);
    int least = 0, greatest = 0;
    CU(cuCtxGetStreamPriorityRange(&least, &greatest));
    CUstream first = nullptr, second = nullptr, blocking = nullptr;
    CU(cuStreamCreateWithPriority(&first, CU_STREAM_NON_BLOCKING, greatest));
    CU(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
    CU(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
    CUevent begin = nullptr, middle = nullptr, end = nullptr;
    CU(cuEventCreate(&begin, CU_EVENT_DEFAULT));
    CU(cuEventCreate(&middle, CU_EVENT_DISABLE_TIMING));
    CU(cuEventCreate(&end, CU_EVENT_DEFAULT));

    CU(cuEventRecord(begin, first));
    launch(spin, kSpin, Shape{}, first, 2000);
    launch(add, kAdd, Shape{}, first, a.data(), 1, 3);
    CU(cuEventRecordWithFlags(middle, first, CU_EVENT_RECORD_DEFAULT));
    CU(cuStreamWaitEvent(second, middle, CU_EVENT_WAIT_DEFAULT));
    launch(twice, kTwice, Shape{}, second, a.data(), 1);
    CU(cuEventRecord(end, second));
    CU(cuEventSynchronize(end));
    float milliseconds = 0;
    CU(cuEventElapsedTime(&milliseconds, begin, end));
    FIB_CHECK(milliseconds > 1);

    // A blocking stream and the legacy one wait for each other.
    launch(spin, kSpin, Shape{}, blocking, 1000);
    launch(add, kAdd, Shape{}, blocking, a.data(), 1, 4);
    launch(twice, kTwice, Shape{}, nullptr, a.data(), 1);
    launch(add, kAdd, Shape{}, CU_STREAM_LEGACY, a.data(), 1, 1);
    launch(twice, kTwice, Shape{}, blocking, a.data(), 1);
    CU(cuStreamSynchronize(blocking));
    FIB_CHECK(a.first() == ((3 * 2 + 4) * 2 + 1) * 2);
    std::printf("%d\n", a.first());
    for (CUstream stream : {first, second, blocking}) CU(cuStreamDestroy(stream));
    for (CUevent event : {begin, middle, end}) CU(cuEventDestroy(event));
  }
  return finish();
}
