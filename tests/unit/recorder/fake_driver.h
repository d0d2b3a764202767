// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "driver/driver_api.h"
#include "trace/format.h"

namespace fib::recorder::test {

/// Any driver handle, made up.
template <class Handle>
Handle handle(std::uintptr_t number) {
  return reinterpret_cast<Handle>(number);
}

/// What the driver below answers. Set up before threads that ask start.
struct FakeDriver {
  struct Function {
    std::string name;
    CUmodule module = nullptr;
    CUlibrary library = nullptr;
    bool is_kernel = false;  ///< a CUkernel, about which only cuKernel* answer
    std::vector<trace::KernelParam> params;
    std::map<int, int> attributes;
  };
  struct Edge {
    CUgraphNode from, to;
    CUgraphEdgeData data;
  };
  struct Graph {
    std::vector<CUgraphNode> nodes;
    std::vector<Edge> edges;
  };
  struct Node {
    CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
    CUDA_KERNEL_NODE_PARAMS kernel{};
    CUDA_MEMCPY3D copy{};
    CUDA_MEMSET_NODE_PARAMS set{};
    CUDA_BATCH_MEM_OP_NODE_PARAMS batch{};
    CUevent event = nullptr;
    CUgraph child = nullptr;
    std::map<CUlaunchAttributeID, CUlaunchAttributeValue> attributes;
    bool readable = true;
  };
  struct Capture {
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
    cuuint64_t id = 0;
  };

  CUcontext context = handle<CUcontext>(0xc0de);
  CUresult context_result = CUDA_SUCCESS;
  int devices = 1;
  std::map<const void*, Function> functions;
  std::map<CUlibrary, CUmodule> library_modules;
  std::map<CUgraph, Graph> graphs;
  std::map<CUgraphNode, Node> nodes;
  std::map<CUstream, Capture> captures;

  // How often it was asked.
  static inline std::atomic<int> capture_questions{0}, function_questions{0};
};

/// The one that answers.
[[nodiscard]] FakeDriver& fake();
/// Makes it forget everything.
void reset_fake();

/// Entry points that ask fake(). As complete as a recorder needs; a test may take some away.
[[nodiscard]] driver::DriverApi fake_api();

}  // namespace fib::recorder::test
