// SPDX-License-Identifier: Apache-2.0
#include "support/work_form.h"

#include <memory>
#include <vector>

namespace fib::test {
namespace {

CUDA_MEMSET_NODE_PARAMS memset_params(CUdeviceptr at, unsigned value, std::size_t words) {
  CUDA_MEMSET_NODE_PARAMS params{};
  params.dst = at;
  params.elementSize = 4;
  params.value = value;
  params.width = words;
  params.height = 1;
  return params;
}

CUDA_MEMCPY3D copy_params(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  CUDA_MEMCPY3D params{};
  params.srcMemoryType = params.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  params.srcDevice = from;
  params.dstDevice = to;
  params.WidthInBytes = bytes;
  params.Height = params.Depth = 1;
  return params;
}

}  // namespace

LaunchForm launch_form(const std::string& name) {
  if (name == "eager") return LaunchForm::Eager;
  if (name == "captured") return LaunchForm::Captured;
  if (name == "explicit") return LaunchForm::Explicit;
  fail(__FILE__, __LINE__, name.c_str(), "is no form of launches");
}

WorkForm::WorkForm(LaunchForm form) : form_(form) {
  CU(cuCtxGetCurrent(&context_));
  CU(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
  if (form_ == LaunchForm::Explicit) CU(cuGraphCreate(&graph_, 0));
}

WorkForm::~WorkForm() {
  if (exec_ != nullptr) CU(cuGraphExecDestroy(exec_));
  if (graph_ != nullptr) CU(cuGraphDestroy(graph_));
  CU(cuStreamDestroy(stream_));
}

void WorkForm::begin() {
  next_ = 0;
  if (form_ == LaunchForm::Captured)
    CU(cuStreamBeginCapture(stream_, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
}

void WorkForm::add(CUgraphNode node) { nodes_.push_back(node); }

CUgraphNode WorkForm::next_node() { return nodes_[next_++]; }

std::vector<CUgraphNode> WorkForm::after() const {
  return nodes_.empty() ? nodes_ : std::vector<CUgraphNode>{nodes_.back()};
}

void WorkForm::kernel(std::unique_ptr<KernelArgs> args) {
  CUDA_KERNEL_NODE_PARAMS params = args->params();
  if (adding()) return add(args->node(graph_, after()));
  if (form_ == LaunchForm::Explicit) {
    CU(cuGraphExecKernelNodeSetParams(exec_, next_node(), &params));
    return;
  }
  CU(cuLaunchKernel(params.func, 1, 1, 1, params.blockDimX, 1, 1, 0, stream_, params.kernelParams,
                    nullptr));
}

void WorkForm::set(CUdeviceptr at, unsigned value, std::size_t words) {
  const CUDA_MEMSET_NODE_PARAMS params = memset_params(at, value, words);
  if (adding()) {
    CUgraphNode node = nullptr;
    const std::vector<CUgraphNode> before = after();
    CU(cuGraphAddMemsetNode(&node, graph_, before.data(), before.size(), &params, context_));
    return add(node);
  }
  if (form_ == LaunchForm::Explicit) {
    CU(cuGraphExecMemsetNodeSetParams(exec_, next_node(), &params, context_));
    return;
  }
  CU(cuMemsetD32Async(at, value, words, stream_));
}

void WorkForm::copy(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  const CUDA_MEMCPY3D params = copy_params(to, from, bytes);
  if (adding()) {
    CUgraphNode node = nullptr;
    const std::vector<CUgraphNode> before = after();
    CU(cuGraphAddMemcpyNode(&node, graph_, before.data(), before.size(), &params, context_));
    return add(node);
  }
  if (form_ == LaunchForm::Explicit) {
    CU(cuGraphExecMemcpyNodeSetParams(exec_, next_node(), &params, context_));
    return;
  }
  CU(cuMemcpyDtoDAsync(to, from, bytes, stream_));
}

void WorkForm::end_captured() {
  CUgraph captured = nullptr;
  CU(cuStreamEndCapture(stream_, &captured));
  if (exec_ == nullptr) {
    CU(cuGraphInstantiateWithFlags(&exec_, captured, 0));
  } else {
    CUgraphExecUpdateResultInfo info{};
    CU(cuGraphExecUpdate(exec_, captured, &info));
  }
  CU(cuGraphDestroy(captured));
}

void WorkForm::end() {
  if (form_ == LaunchForm::Eager) return;
  if (form_ == LaunchForm::Captured) end_captured();
  if (adding()) CU(cuGraphInstantiateWithFlags(&exec_, graph_, 0));
  CU(cuGraphLaunch(exec_, stream_));
}

}  // namespace fib::test
