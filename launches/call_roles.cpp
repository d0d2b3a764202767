// SPDX-License-Identifier: Apache-2.0
#include "launches/call_roles.h"

#include <algorithm>
#include <vector>

#include "trace/api_args.h"

namespace fib::launches {
namespace {

struct Row {
  std::string_view api;  ///< base name
  CallRole role;
  MemoryKind kind;
  std::array<std::string_view, 3> arguments;
};

constexpr MemoryKind kNone = MemoryKind::Device;  // of rows where no kind matters
constexpr std::array kRows = {
    Row{"cuGraphNodeSetEnabled",
        CallRole::SetNodeEnabled,
        kNone,
        {"hGraphExec", "hNode", "isEnabled"}},
    Row{"cuLaunchHostFunc", CallRole::HostFunction, kNone, {}},
    Row{"cuStreamAddCallback", CallRole::HostFunction, kNone, {}},
    Row{"cuMemAlloc", CallRole::Allocate, MemoryKind::Device, {"dptr", "bytesize"}},
    Row{"cuMemAllocAsync", CallRole::Allocate, MemoryKind::StreamOrdered, {"dptr", "bytesize"}},
    Row{"cuMemAllocFromPoolAsync",
        CallRole::Allocate,
        MemoryKind::StreamOrdered,
        {"dptr", "bytesize"}},
    Row{"cuMemAllocManaged", CallRole::Allocate, MemoryKind::Managed, {"dptr", "bytesize"}},
    Row{"cuMemAllocHost", CallRole::Allocate, MemoryKind::PinnedHost, {"pp", "bytesize"}},
    Row{"cuMemHostAlloc", CallRole::Allocate, MemoryKind::PinnedHost, {"pp", "bytesize"}},
    Row{"cuMemHostRegister", CallRole::Allocate, MemoryKind::RegisteredHost, {"p", "bytesize"}},
    Row{"cuMemAllocPitch",
        CallRole::AllocatePitched,
        MemoryKind::Device,
        {"dptr", "pPitch", "Height"}},
    Row{"cuMemFree", CallRole::Free, kNone, {"dptr"}},
    Row{"cuMemFreeAsync", CallRole::Free, kNone, {"dptr"}},
    Row{"cuMemFreeHost", CallRole::Free, kNone, {"p"}},
    Row{"cuMemHostUnregister", CallRole::Free, kNone, {"p"}},
    Row{"cuMemCreate", CallRole::CreatePhysical, kNone, {"handle", "size"}},
    Row{"cuMemRetainAllocationHandle", CallRole::RetainPhysical, kNone, {"handle"}},
    Row{"cuMemRelease", CallRole::ReleasePhysical, kNone, {"handle"}},
    Row{"cuMemMap", CallRole::Map, kNone, {"ptr", "size", "handle"}},
    Row{"cuMemUnmap", CallRole::Unmap, kNone, {"ptr", "size"}},
};

bool strip(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::string_view base_name(std::string_view api) {
  if (!strip(api, "_ptsz")) strip(api, "_ptds");
  for (const std::string_view version : {"_v2", "_v3", "_v4"}) {
    if (strip(api, version)) break;
  }
  return api;
}

CallForm classify_call(std::string_view api, std::string_view args) {
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [name = base_name(api)](const Row& r) { return r.api == name; });
  if (row == kRows.end()) return {};
  CallForm form{row->role, row->kind, {}};
  const std::vector<trace::ArgSpec> specs = trace::parse_api_args(args);
  for (std::size_t i = 0; i < row->arguments.size() && !row->arguments[i].empty(); ++i) {
    const auto at = std::find_if(
        specs.begin(), specs.end(),
        [wanted = row->arguments[i]](const trace::ArgSpec& spec) { return spec.name == wanted; });
    if (at == specs.end()) return {};
    form.words[i] = static_cast<std::uint16_t>(at - specs.begin());
  }
  return form;
}

}  // namespace fib::launches
