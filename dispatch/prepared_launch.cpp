// SPDX-License-Identifier: Apache-2.0
#include "dispatch/prepared_launch.h"

#include <algorithm>
#include <memory>

#include "dispatch/kernel_entries.h"

namespace fib::dispatch {
namespace {

using match::Geometry;

/// CU_LAUNCH_PARAM_BUFFER_POINTER, _SIZE, in either order, until _END.
void find_buffer(void** extra, match::LaunchView& view) noexcept {
  for (int i = 0; i < 4 && extra[i] != CU_LAUNCH_PARAM_END; i += 2) {
    if (extra[i] == CU_LAUNCH_PARAM_BUFFER_POINTER)
      view.buffer = static_cast<const std::byte*>(extra[i + 1]);
    if (extra[i] == CU_LAUNCH_PARAM_BUFFER_SIZE && extra[i + 1] != nullptr)
      view.buffer_bytes = *static_cast<const std::size_t*>(extra[i + 1]);
  }
}

void read_cluster(const driver::LaunchCall& call, match::LaunchView& view) noexcept {
  for (unsigned int i = 0; i < call.attribute_count; ++i) {
    if (call.attributes[i].id != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) continue;
    const auto& cluster = call.attributes[i].value.clusterDim;
    view.geometry[static_cast<std::size_t>(Geometry::ClusterX)] = cluster.x;
    view.geometry[static_cast<std::size_t>(Geometry::ClusterY)] = cluster.y;
    view.geometry[static_cast<std::size_t>(Geometry::ClusterZ)] = cluster.z;
  }
}

enum class Carry { Yes, No, Drop, Dependent };

/// What to do with one of the engine's attributes. What shapes the engine's kernel is not for
/// another kernel; what is not known, or would be an event of the engine's, leaves the launch
/// alone.
Carry how_to_carry(const CUlaunchAttribute& attribute) noexcept {
  switch (attribute.id) {
    case CU_LAUNCH_ATTRIBUTE_IGNORE:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE: return Carry::Drop;
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN: return Carry::Yes;
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:
      return attribute.value.programmaticStreamSerializationAllowed == 0 ? Carry::Drop
                                                                         : Carry::Dependent;
    default: return Carry::No;
  }
}

/// The launch waits for the one before it by itself, which a kernel of ours must know how to do.
bool may_depend(const match::LaunchProgram& launch) noexcept {
  return launch.kernels.front().attributes.dependent_launch == match::DependentLaunch::Carry;
}

/// The driver's attributes of one kernel of ours.
struct AttributeList {
  std::array<CUlaunchAttribute, 12> list;
  unsigned int count = 0;

  void add(CUlaunchAttributeID id, CUlaunchAttributeValue value) noexcept {
    list[count].id = id;
    list[count++].value = value;
  }
};

void collect(const PreparedLaunch& prepared, std::size_t index,
             AttributeList& attributes) noexcept {
  const PreparedKernel& kernel = prepared.kernels[index];
  for (std::size_t i = 0; i < prepared.carried_count; ++i)
    attributes.list[attributes.count++] = prepared.carried[i];
  CUlaunchAttributeValue value{};
  if (kernel.attributes->cooperative) {
    value.cooperative = 1;
    attributes.add(CU_LAUNCH_ATTRIBUTE_COOPERATIVE, value);
  }
  if (prepared.is_dependent && index == 0) {
    value = {};
    value.programmaticStreamSerializationAllowed = 1;
    attributes.add(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION, value);
  }
  const match::LaunchNumbers& numbers = kernel.numbers;
  if (numbers[Geometry::ClusterX] != 0) {
    value = {};
    value.clusterDim.x = numbers[Geometry::ClusterX];
    value.clusterDim.y = numbers[Geometry::ClusterY];
    value.clusterDim.z = numbers[Geometry::ClusterZ];
    attributes.add(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, value);
  }
}

CUresult issue_one(const driver::DriverApi& api, const PreparedLaunch& prepared, std::size_t index,
                   CUstream stream) noexcept {
  AttributeList attributes;
  collect(prepared, index, attributes);
  const PreparedKernel& kernel = prepared.kernels[index];
  const match::LaunchNumbers& n = kernel.numbers;
  if (attributes.count == 0)
    return api.cuLaunchKernel(kernel.function, n[Geometry::GridX], n[Geometry::GridY],
                              n[Geometry::GridZ], n[Geometry::BlockX], n[Geometry::BlockY],
                              n[Geometry::BlockZ], n[Geometry::Shared], stream, kernel.params,
                              nullptr);
  CUlaunchConfig config{};
  config.gridDimX = n[Geometry::GridX];
  config.gridDimY = n[Geometry::GridY];
  config.gridDimZ = n[Geometry::GridZ];
  config.blockDimX = n[Geometry::BlockX];
  config.blockDimY = n[Geometry::BlockY];
  config.blockDimZ = n[Geometry::BlockZ];
  config.sharedMemBytes = n[Geometry::Shared];
  config.hStream = stream;
  config.attrs = attributes.list.data();
  config.numAttrs = attributes.count;
  return api.cuLaunchKernelEx(&config, kernel.function, kernel.params, nullptr);
}

}  // namespace

void make_view(const driver::LaunchCall& call, const KernelEntry& entry,
               match::LaunchView& view) noexcept {
  for (std::size_t i = 0; i < 3; ++i) {
    view.geometry[i] = call.grid[i];
    view.geometry[3 + i] = call.block[i];
    view.geometry[6 + i] = 1;  // cluster
  }
  view.geometry[static_cast<std::size_t>(Geometry::Shared)] = call.shared_bytes;
  if (call.attribute_count != 0) read_cluster(call, view);
  view.params = call.extra == nullptr ? call.params : nullptr;
  view.buffer = nullptr;
  view.buffer_bytes = 0;
  if (call.extra != nullptr) find_buffer(call.extra, view);
  view.layout = entry.layout.data();
  view.param_count = static_cast<std::uint32_t>(entry.layout.size());
}

bool carry_attributes(const driver::LaunchCall& call, PreparedLaunch& prepared) noexcept {
  prepared.carried_count = 0;
  prepared.is_dependent = false;
  for (unsigned int i = 0; i < call.attribute_count; ++i) {
    switch (how_to_carry(call.attributes[i])) {
      case Carry::Drop: break;
      case Carry::Dependent: prepared.is_dependent = true; break;
      case Carry::Yes:
        if (prepared.carried_count == prepared.carried.size()) return false;
        prepared.carried[prepared.carried_count++] = call.attributes[i];
        break;
      case Carry::No: return false;
    }
  }
  if (!prepared.is_dependent) return true;
  return may_depend(prepared.generation->table().candidate(prepared.decision.candidate).launch);
}

match::LaunchFailure prepare(PreparedLaunch& prepared) noexcept {
  const Generation& generation = *prepared.generation;
  const std::int32_t candidate = prepared.decision.candidate;
  const match::LaunchProgram& launch = generation.table().candidate(candidate).launch;
  match::ArgumentBuffers room{prepared.storage, prepared.pointers};
  for (std::size_t i = 0; i < launch.kernels.size(); ++i) {
    PreparedKernel& kernel = *std::construct_at(&prepared.kernels[i]);
    const match::LaunchFailure failure = generation.table().prepare(
        candidate, i, prepared.view, prepared.bound, prepared.workspace, room, kernel.numbers);
    if (failure != match::LaunchFailure::None) return failure;
    kernel.function = generation.function(candidate, i, prepared.gpu);
    kernel.params = room.pointers.data();
    kernel.attributes = &launch.kernels[i].attributes;
    // Room was checked when the candidate was loaded.
    const std::size_t bytes = (std::size_t{launch.kernels[i].argument_bytes} + 15) / 16 * 16;
    room.storage = room.storage.subspan(std::min(bytes, room.storage.size()));
    room.pointers = room.pointers.subspan(kernel.numbers.argument_count);
  }
  prepared.kernel_count = launch.kernels.size();
  return match::LaunchFailure::None;
}

CUresult issue(const driver::DriverApi& api, const PreparedLaunch& prepared, CUstream stream,
               std::size_t& launched) noexcept {
  launched = 0;
  for (; launched < prepared.kernel_count; ++launched)
    if (const CUresult rc = issue_one(api, prepared, launched, stream); rc != CUDA_SUCCESS)
      return rc;
  return CUDA_SUCCESS;
}

}  // namespace fib::dispatch
