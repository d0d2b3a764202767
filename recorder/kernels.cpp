// SPDX-License-Identifier: Apache-2.0
#include "recorder/kernels.h"

#include <algorithm>
#include <cstdio>

#include "recorder/captures.h"
#include "recorder/clock.h"
#include "recorder/process_info.h"
#include "recorder/rt_log.h"
#include "trace/encoder.h"

namespace fib::recorder {
namespace {

using trace::Deviation;

/// CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK .. NON_PORTABLE_CLUSTER_SIZE_ALLOWED and one to spare.
constexpr int kAttributeCount = 16;
/// More parameters than 32,764 bytes can hold: the driver's answers make no sense.
constexpr std::size_t kMaxParams = 8192;
constexpr std::size_t kMaxParamBytes = 64 * 1024;

CUkernel as_kernel(CUfunction handle) noexcept { return reinterpret_cast<CUkernel>(handle); }

}  // namespace

Kernels::Kernels(Session& session, Loads& loads, const driver::DriverApi& api, const char* filter,
                 const char* effect_pattern) noexcept
    : session_(session), loads_(loads), api_(api), effects_(effect_pattern) {
  if (filter[0] == '\0') return;
  if (const int error = regcomp(&filter_, filter, REG_EXTENDED | REG_NOSUB); error != 0) {
    char text[200];
    regerror(error, &filter_, text, sizeof text);
    say("the kernel filter '%s' is not a POSIX extended regular expression (%s); recording all "
        "kernels",
        filter, text);
    return;
  }
  has_filter_ = true;
}

void Kernels::end_epoch() noexcept {
  epoch_.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  contexts_.clear();
  functions_.clear();
}

void Kernels::named(const void* handle, const char* name, const void* container) noexcept try {
  // Where the driver answers for itself there is nothing to remember.
  if (api_.cuFuncGetName != nullptr && api_.cuKernelGetLibrary != nullptr) return;
  const std::lock_guard lock(mutex_);
  lookups_.insert_or_assign(handle, Lookup{name, container});
} catch (...) {
  say("out of memory: the name of a kernel is not recorded");
}

void Kernels::function_of(CUfunction function, CUkernel kernel) noexcept try {
  const std::lock_guard lock(mutex_);
  functions_[function] = kernel;
} catch (...) {
  say("out of memory: the library of a kernel is not recorded");
}

Kernels::Seen Kernels::seen(CUfunction handle) {
  const std::lock_guard lock(mutex_);
  Seen seen;
  if (const auto origin = functions_.find(handle); origin != functions_.end())
    seen.origin = origin->second;
  auto lookup = lookups_.find(handle);
  if (lookup == lookups_.end()) lookup = lookups_.find(seen.origin);
  if (lookup != lookups_.end()) seen.lookup = lookup->second;
  return seen;
}

bool Kernels::ask_driver(CUfunction handle, CUkernel origin, Identity& identity) {
  const char* name = nullptr;
  if (api_.cuFuncGetName != nullptr && api_.cuFuncGetName(&name, handle) == CUDA_SUCCESS) {
    CUmodule module = nullptr;
    if (api_.cuFuncGetModule(&module, handle) == CUDA_SUCCESS) identity.load = loads_.use(module);
    if (identity.load == 0 && module != nullptr && origin == nullptr)
      identity.load = loads_.use_library_of(module, name);
  } else if (api_.cuKernelGetName != nullptr &&
             api_.cuKernelGetName(&name, as_kernel(handle)) == CUDA_SUCCESS) {
    identity.is_library_kernel = true;
    origin = as_kernel(handle);
  }
  CUlibrary library = nullptr;
  if (identity.load == 0 && origin != nullptr && api_.cuKernelGetLibrary != nullptr &&
      api_.cuKernelGetLibrary(&library, origin) == CUDA_SUCCESS)
    identity.load = loads_.use(library);
  if (name != nullptr) identity.name = name;
  return name != nullptr;
}

Kernels::Identity Kernels::identity_of(CUfunction handle, const Seen& seen) {
  Identity identity;
  // What lookups said counts on drivers before 12.3, and for CUkernels before 12.5.
  if (!ask_driver(handle, seen.origin, identity)) identity.name = seen.lookup.name;
  if (identity.load == 0 && seen.lookup.container != nullptr)
    identity.load = loads_.use(seen.lookup.container);
  if (identity.name.empty()) {
    char name[40];
    std::snprintf(name, sizeof name, "(unnamed %p)", static_cast<const void*>(handle));
    identity.name = name;
  }
  if (identity.load == 0)
    session_.deviation(Deviation::ImageUnknown, "kernel %.200s was loaded out of sight",
                       identity.name.c_str());
  return identity;
}

void Kernels::read_layout(CUfunction handle, Description& description) {
  const bool library = description.identity.is_library_kernel;
  const bool can_ask =
      library ? api_.cuKernelGetParamInfo != nullptr : api_.cuFuncGetParamInfo != nullptr;
  CUresult rc = can_ask ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED;
  std::size_t end = 0;
  for (std::size_t i = 0; rc == CUDA_SUCCESS && i < kMaxParams; ++i) {
    std::size_t offset = 0, bytes = 0;
    rc = library ? api_.cuKernelGetParamInfo(as_kernel(handle), i, &offset, &bytes)
                 : api_.cuFuncGetParamInfo(handle, i, &offset, &bytes);
    if (rc != CUDA_SUCCESS) break;
    description.params.push_back(
        {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(bytes)});
    end = std::max(end, offset + bytes);
  }
  // The driver ends the list by INVALID_VALUE.
  description.layout_known = rc == CUDA_ERROR_INVALID_VALUE && end <= kMaxParamBytes;
  if (!description.layout_known)
    description.params.clear();
  else
    description.param_bytes = static_cast<std::uint32_t>(end);
}

void Kernels::read_attributes(CUfunction handle, Description& description) {
  const bool library = description.identity.is_library_kernel;
  CUdevice device = 0;
  if (library && api_.cuCtxGetDevice(&device) != CUDA_SUCCESS) return;
  for (int i = 0; i < kAttributeCount; ++i) {
    const auto attribute = static_cast<CUfunction_attribute>(i);
    int value = 0;
    const CUresult rc =
        library ? api_.cuKernelGetAttribute(&value, attribute, as_kernel(handle), device)
                : api_.cuFuncGetAttribute(&value, attribute, handle);
    if (rc == CUDA_SUCCESS) description.attributes.push_back({i, value});
  }
}

Kernels::Description Kernels::describe(CUfunction handle, const Seen& seen) {
  Description description;
  description.identity = identity_of(handle, seen);
  read_layout(handle, description);
  read_attributes(handle, description);
  return description;
}

void Kernels::define(CUfunction handle, const Description& description, const KernelInfo& info) {
  trace::KernelRecord record{};
  record.kernel = info.id;
  record.load = description.identity.load;
  record.handle = reinterpret_cast<std::uintptr_t>(handle);
  record.param_bytes = info.param_bytes;
  const int flags = (description.identity.is_library_kernel ? trace::kKernelIsLibraryKernel : 0) |
                    (info.layout_known ? 0 : trace::kKernelLayoutUnknown) |
                    (info.filtered ? trace::kKernelFiltered : 0);
  const bool kept = session_.definitions().add([&](trace::RecordBuffer& to) {
    return trace::encode_kernel(to, ticks(), static_cast<std::uint16_t>(flags), record, info.params,
                                description.attributes, description.identity.name);
  });
  if (!kept) session_.deviation(Deviation::DefinitionDropped, "no memory for a kernel record");
  if (!info.layout_known)
    session_.deviation(Deviation::ParameterLayout,
                       "the driver does not tell the parameters of kernel %.200s (needs CUDA 12.4)",
                       description.identity.name.c_str());
}

KernelInfo* Kernels::publish(CUfunction handle, Description description, std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  const Identity& identity = description.identity;
  const auto [entry, fresh] = ids_.try_emplace({identity.load, identity.name}, next_id_);
  if (fresh) ++next_id_;
  KernelInfo* known = table_.find(handle);
  if (known != nullptr && known->id == entry->second) {
    known->epoch.store(epoch, std::memory_order_relaxed);
    return known;
  }
  auto info = std::make_unique<KernelInfo>();
  info->id = entry->second;
  info->filtered = has_filter_ && regexec(&filter_, identity.name.c_str(), 0, nullptr, 0) != 0;
  info->is_library_kernel = identity.is_library_kernel;
  info->load = identity.load;
  info->effect = effects_.of(identity.name);
  info->name = identity.name;
  info->layout_known = description.layout_known;
  info->param_bytes = description.param_bytes;
  info->params = std::move(description.params);
  info->epoch.store(epoch, std::memory_order_relaxed);
  define(handle, description, *info);
  table_.set(handle, info.get());
  return info.release();  // for ever: see HandleTable
}

void Kernels::note_context() {
  CUcontext context = nullptr;
  if (api_.cuCtxGetCurrent(&context) != CUDA_SUCCESS || context == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    if (!contexts_.insert(context).second) return;
  }
  if (!describe_context(session_.definitions(), api_, context))
    session_.deviation(Deviation::DefinitionDropped, "no memory for a context record");
}

void Kernels::restate() noexcept try {
  std::vector<std::pair<CUfunction, const KernelInfo*>> kernels;
  {
    const std::lock_guard lock(mutex_);
    table_.for_each([&](const void* handle, const KernelInfo* info) {
      if (info->epoch.load(std::memory_order_relaxed) == epoch_.load(std::memory_order_relaxed))
        kernels.emplace_back(static_cast<CUfunction>(const_cast<void*>(handle)), info);
    });
  }
  for (const auto& [handle, info] : kernels) {
    Description description;
    description.identity = {info->name, info->load, info->is_library_kernel};
    read_attributes(handle, description);
    define(handle, description, *info);
  }
} catch (...) {
  session_.deviation(Deviation::DefinitionDropped, "no memory to describe kernels again");
}

const KernelInfo* Kernels::identify(CUfunction handle) noexcept try {
  session_.start();
  // Read before the driver is asked: an unload in between makes the answer stale at once. The
  // driver is asked without our mutex, because it has locks of its own.
  const std::uint64_t epoch = epoch_.load(std::memory_order_relaxed);
  note_context();
  return publish(handle, describe(handle, seen(handle)), epoch);
} catch (...) {
  session_.deviation(Deviation::ParameterLayout, "out of memory while identifying a kernel");
  return nullptr;
}

}  // namespace fib::recorder
