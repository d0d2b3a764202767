// SPDX-License-Identifier: Apache-2.0
// NVTX ranges in all their forms. NVTX_INJECTION64_PATH names the shim: NVTX counts their depth
// only if a tool takes part, and the shim does only where it records.
#include <nvtx3/nvToolsExt.h>

#include <cstdlib>
#include <cstring>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

bool is_recorded() {
  const char* mode = std::getenv("FIBSHIM_MODE");
  return mode != nullptr && std::strcmp(mode, "record") == 0;
}

/// What NVTX returns for a range at this depth.
int at(int depth) { return is_recorded() ? depth : NVTX_NO_PUSH_POP_TRACKING; }

nvtxEventAttributes_t event(nvtxMessageType_t type, nvtxMessageValue_t message) {
  nvtxEventAttributes_t attributes{};
  attributes.version = NVTX_VERSION;
  attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  attributes.messageType = type;
  attributes.message = message;
  return attributes;
}

void plain_ranges() {
  FIB_CHECK(nvtxRangePushA("outer") == at(0));
  FIB_CHECK(nvtxRangePushW(L"inner") == at(1));
  nvtxMarkA("mark");
  FIB_CHECK(nvtxRangePop() == at(1));
  FIB_CHECK(nvtxRangePop() == at(0));
  FIB_CHECK(nvtxRangePop() == (is_recorded() ? -1 : NVTX_NO_PUSH_POP_TRACKING));
  const nvtxRangeId_t first = nvtxRangeStartA("first"), second = nvtxRangeStartA("second");
  FIB_CHECK((first != second) == is_recorded());
  nvtxRangeEnd(first);
  nvtxRangeEnd(second);
}

void ranges_of_a_domain() {
  const nvtxDomainHandle_t domain = nvtxDomainCreateA("library");
  const nvtxStringHandle_t name = nvtxDomainRegisterStringA(domain, "registered");
  nvtxMessageValue_t message{};
  message.registered = name;
  const nvtxEventAttributes_t attributes = event(NVTX_MESSAGE_TYPE_REGISTERED, message);
  FIB_CHECK(nvtxRangePushA("outer") == at(0));
  FIB_CHECK(nvtxDomainRangePushEx(domain, &attributes) == at(0));
  FIB_CHECK(nvtxRangePop() == at(0));
  FIB_CHECK(nvtxDomainRangePop(domain) == at(0));
  nvtxDomainDestroy(domain);
}

}  // namespace

int main() {
  plain_ranges();  // also before the first driver call
  start();
  Module module("it_basic");
  {
    Guarded<int> data(32);
    nvtxRangePushA("launch");
    launch(module.function(kTwice), kTwice, Shape{{1, 1, 1}, {32, 1, 1}, 0}, nullptr, data.data(),
           32);
    nvtxRangePop();
    CU(cuCtxSynchronize());
  }
  ranges_of_a_domain();
  module.unload();
  return finish();
}
