// SPDX-License-Identifier: Apache-2.0
#include "dispatch/graphs/node_launch.h"

#include <algorithm>
#include <cstring>

namespace fib::dispatch {
namespace {

using match::Geometry;

/// Numbers up to this one are asked for, also those that this CUDA version does not name: what a
/// newer one adds must not be overlooked. The driver refuses those that no node can have.
constexpr int kLastAttribute = 31;

/// What the driver answers for a node on which nothing was set.
bool is_default(CUlaunchAttributeID id, const CUlaunchAttributeValue& value) noexcept {
  static constexpr CUlaunchAttributeValue kZero{};
  if (id == CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
    return value.sharedMemCarveout == 0 ||
           static_cast<int>(value.sharedMemCarveout) == CU_SHAREDMEM_CARVEOUT_DEFAULT;
  return std::memcmp(&value, &kZero, sizeof value) == 0;
}

CUresult get(const driver::DriverApi& api, CUgraphNode node, CUlaunchAttributeID id,
             CUlaunchAttributeValue& value) noexcept {
  std::memset(&value, 0, sizeof value);
  return api.cuGraphKernelNodeGetAttribute(node, id, &value);
}

}  // namespace

bool NodeAttributes::add(CUlaunchAttributeID id, const CUlaunchAttributeValue& value) noexcept {
  if (count_ == list_.size()) return false;
  list_[count_].id = id;
  list_[count_++].value = value;
  return true;
}

bool NodeAttributes::read(const driver::DriverApi& api, CUgraphNode node,
                          bool is_dependent) noexcept {
  count_ = 0;
  CUlaunchAttributeValue value;
  if (is_dependent) {
    std::memset(&value, 0, sizeof value);
    value.programmaticStreamSerializationAllowed = 1;
    if (!add(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION, value)) return false;
  }
  for (int number = 1; number <= kLastAttribute; ++number) {
    const auto id = static_cast<CUlaunchAttributeID>(number);
    if (get(api, node, id, value) != CUDA_SUCCESS || is_default(id, value)) continue;
    if (!add(id, value)) return false;
  }
  return true;
}

const CUlaunchAttributeValue* NodeAttributes::find(CUlaunchAttributeID id) const noexcept {
  for (const CUlaunchAttribute& attribute : list())
    if (attribute.id == id) return &attribute.value;
  return nullptr;
}

bool is_device_updatable(const driver::DriverApi& api, CUgraphNode node) noexcept {
  CUlaunchAttributeValue value;
  return get(api, node, CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE, value) == CUDA_SUCCESS &&
         value.deviceUpdatableKernelNode.deviceUpdatable != 0;
}

Cooperation cooperation_of(const NodeAttributes& attributes) noexcept {
  Cooperation result;
  if (const auto* value = attributes.find(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION))
    result.cluster = {value->clusterDim.x, value->clusterDim.y, value->clusterDim.z};
  if (const auto* value = attributes.find(CU_LAUNCH_ATTRIBUTE_COOPERATIVE))
    result.cooperative = value->cooperative != 0;
  return result;
}

Cooperation cooperation_of(const PreparedKernel& kernel) noexcept {
  const match::LaunchNumbers& n = kernel.numbers;
  return {{n[Geometry::ClusterX], n[Geometry::ClusterY], n[Geometry::ClusterZ]},
          kernel.attributes->cooperative};
}

CUresult set_cooperation(const driver::DriverApi& api, CUgraphNode node, const Cooperation& from,
                         const Cooperation& to) noexcept {
  CUresult rc = CUDA_SUCCESS;
  CUlaunchAttributeValue value;
  if (from.cluster != to.cluster) {
    std::memset(&value, 0, sizeof value);
    value.clusterDim = {to.cluster[0], to.cluster[1], to.cluster[2]};
    rc = api.cuGraphKernelNodeSetAttribute(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, &value);
  }
  if (rc == CUDA_SUCCESS && from.cooperative != to.cooperative) {
    std::memset(&value, 0, sizeof value);
    value.cooperative = to.cooperative ? 1 : 0;
    rc = api.cuGraphKernelNodeSetAttribute(node, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &value);
  }
  return rc;
}

NodeParams::NodeParams(const CUDA_KERNEL_NODE_PARAMS& params, const match::LaunchView& view)
    : params_(params), pointers_(view.param_count + std::size_t{1}) {
  std::size_t end = 0;
  for (std::uint32_t i = 0; i < view.param_count; ++i)
    end = std::max(end, std::size_t{view.layout[i].offset} + view.layout[i].size);
  bytes_.resize(end);
  for (std::uint32_t i = 0; i < view.param_count; ++i) {
    const match::ParamSlot& slot = view.layout[i];
    std::byte* const to = bytes_.data() + slot.offset;
    if (const std::byte* from = match::param_bytes(view, i, 0, slot.size); from != nullptr)
      std::memcpy(to, from, slot.size);
    pointers_[i] = to;
  }
  params_.kernelParams = pointers_.data();
  params_.extra = nullptr;
}

driver::LaunchCall call_of(const CUDA_KERNEL_NODE_PARAMS& params,
                           const NodeAttributes& attributes) noexcept {
  const auto list = attributes.list();
  return {driver::Api::cuLaunchKernelEx,
          handle_of(params),
          {params.gridDimX, params.gridDimY, params.gridDimZ},
          {params.blockDimX, params.blockDimY, params.blockDimZ},
          params.sharedMemBytes,
          nullptr,
          params.kernelParams,
          params.extra,
          list.data(),
          static_cast<unsigned int>(list.size()),
          false,
          false};
}

CUDA_KERNEL_NODE_PARAMS params_of(const PreparedKernel& kernel, CUfunction function) noexcept {
  const match::LaunchNumbers& n = kernel.numbers;
  CUDA_KERNEL_NODE_PARAMS params{};
  params.func = function;
  params.gridDimX = n[Geometry::GridX];
  params.gridDimY = n[Geometry::GridY];
  params.gridDimZ = n[Geometry::GridZ];
  params.blockDimX = n[Geometry::BlockX];
  params.blockDimY = n[Geometry::BlockY];
  params.blockDimZ = n[Geometry::BlockZ];
  params.sharedMemBytes = n[Geometry::Shared];
  params.kernelParams = kernel.params;
  return params;
}

ContextScope::ContextScope(const driver::DriverApi& api, CUcontext context) noexcept : api_(api) {
  CUcontext current = nullptr;
  if (context == nullptr || (api.cuCtxGetCurrent(&current) == CUDA_SUCCESS && current == context))
    return;
  ok_ = pushed_ = api.cuCtxPushCurrent_v2(context) == CUDA_SUCCESS;
}

ContextScope::~ContextScope() {
  CUcontext popped = nullptr;
  if (pushed_) (void)api_.cuCtxPopCurrent_v2(&popped);
}

}  // namespace fib::dispatch
