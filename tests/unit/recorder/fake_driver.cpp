// SPDX-License-Identifier: Apache-2.0
#include "fake_driver.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace fib::recorder::test {
namespace {

const FakeDriver::Function* find_function(const void* handle, bool is_kernel) {
  ++FakeDriver::function_questions;
  const auto found = fake().functions.find(handle);
  return found != fake().functions.end() && found->second.is_kernel == is_kernel ? &found->second
                                                                                 : nullptr;
}

FakeDriver::Capture capture_of(CUstream stream) {
  ++FakeDriver::capture_questions;
  const auto found = fake().captures.find(stream);
  return found != fake().captures.end() ? found->second : FakeDriver::Capture{};
}

const FakeDriver::Node* find_node(CUgraphNode node) {
  const auto found = fake().nodes.find(node);
  return found != fake().nodes.end() ? &found->second : nullptr;
}

CUresult name_of(const char** name, const void* handle, bool is_kernel) {
  const auto* function = find_function(handle, is_kernel);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *name = function->name.c_str();
  return CUDA_SUCCESS;
}

CUresult param_of(const void* handle, bool is_kernel, std::size_t i, std::size_t* offset,
                  std::size_t* bytes) {
  const auto* function = find_function(handle, is_kernel);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (i >= function->params.size()) return CUDA_ERROR_INVALID_VALUE;
  *offset = function->params[i].offset;
  *bytes = function->params[i].bytes;
  return CUDA_SUCCESS;
}

CUresult attribute_of(int* value, CUfunction_attribute which, const void* handle, bool is_kernel) {
  const auto* function = find_function(handle, is_kernel);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const auto found = function->attributes.find(which);
  if (found == function->attributes.end()) return CUDA_ERROR_INVALID_VALUE;
  *value = found->second;
  return CUDA_SUCCESS;
}

template <auto Member, class Params>
CUresult params_of(CUgraphNode handle, Params* params) {
  const FakeDriver::Node* node = find_node(handle);
  if (node == nullptr || !node->readable) return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(params, &(node->*Member), sizeof *params);
  return CUDA_SUCCESS;
}

CUresult edges_of(CUgraph graph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data,
                  std::size_t* count) {
  const std::vector<FakeDriver::Edge>& edges = fake().graphs.at(graph).edges;
  for (std::size_t i = 0; from != nullptr && i < std::min(*count, edges.size()); ++i) {
    from[i] = edges[i].from;
    to[i] = edges[i].to;
    if (data != nullptr) data[i] = edges[i].data;
  }
  *count = edges.size();
  return CUDA_SUCCESS;
}

void add_device_calls(driver::DriverApi& api) {
  api.cuDriverGetVersion = [](int* version) {
    *version = 13000;
    return CUDA_SUCCESS;
  };
  api.cuDeviceGetCount = [](int* count) {
    *count = fake().devices;
    return CUDA_SUCCESS;
  };
  api.cuDeviceGet = [](CUdevice* device, int ordinal) {
    *device = ordinal;
    return CUDA_SUCCESS;
  };
  api.cuDeviceGetAttribute = [](int* value, CUdevice_attribute, CUdevice) {
    *value = 9;
    return CUDA_SUCCESS;
  };
  api.cuDeviceGetUuid_v2 = [](CUuuid* uuid, CUdevice) {
    std::memset(uuid, 0x5a, sizeof *uuid);
    return CUDA_SUCCESS;
  };
  api.cuDeviceTotalMem_v2 = [](std::size_t* bytes, CUdevice) {
    *bytes = std::size_t{141} << 30;
    return CUDA_SUCCESS;
  };
  api.cuDeviceGetName = [](char* name, int size, CUdevice device) {
    std::snprintf(name, static_cast<std::size_t>(size), "Fictional GPU %d", device);
    return CUDA_SUCCESS;
  };
}

void add_context_calls(driver::DriverApi& api) {
  api.cuCtxGetCurrent = [](CUcontext* context) {
    *context = fake().context;
    return fake().context_result;
  };
  api.cuCtxGetDevice = [](CUdevice* device) {
    *device = 0;
    return CUDA_SUCCESS;
  };
  api.cuCtxGetLimit = [](std::size_t* value, CUlimit limit) {
    *value = 1024;
    return limit == CU_LIMIT_STACK_SIZE ? CUDA_SUCCESS : CUDA_ERROR_UNSUPPORTED_LIMIT;
  };
}

void add_function_calls(driver::DriverApi& api) {
  api.cuFuncGetName = [](const char** name, CUfunction f) { return name_of(name, f, false); };
  api.cuFuncGetModule = [](CUmodule* module, CUfunction f) {
    const auto* function = find_function(f, false);
    if (function == nullptr || function->module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *module = function->module;
    return CUDA_SUCCESS;
  };
  api.cuFuncGetParamInfo = [](CUfunction f, std::size_t i, std::size_t* offset,
                              std::size_t* bytes) { return param_of(f, false, i, offset, bytes); };
  api.cuFuncGetAttribute = [](int* value, CUfunction_attribute which, CUfunction f) {
    return attribute_of(value, which, f, false);
  };
}

void add_kernel_calls(driver::DriverApi& api) {
  api.cuKernelGetName = [](const char** name, CUkernel k) { return name_of(name, k, true); };
  api.cuKernelGetLibrary = [](CUlibrary* library, CUkernel k) {
    const auto* function = find_function(k, true);
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *library = function->library;
    return CUDA_SUCCESS;
  };
  api.cuKernelGetParamInfo = [](CUkernel k, std::size_t i, std::size_t* offset,
                                std::size_t* bytes) { return param_of(k, true, i, offset, bytes); };
  api.cuKernelGetAttribute = [](int* value, CUfunction_attribute which, CUkernel k, CUdevice) {
    return attribute_of(value, which, k, true);
  };
}

void add_library_calls(driver::DriverApi& api) {
  api.cuLibraryGetKernel = [](CUkernel* kernel, CUlibrary library, const char* name) {
    for (const auto& [handle, f] : fake().functions)
      if (f.is_kernel && f.library == library && f.name == name) {
        *kernel = static_cast<CUkernel>(const_cast<void*>(handle));
        return CUDA_SUCCESS;
      }
    return CUDA_ERROR_NOT_FOUND;
  };
  api.cuLibraryGetModule = [](CUmodule* module, CUlibrary library) {
    const auto found = fake().library_modules.find(library);
    if (found == fake().library_modules.end()) return CUDA_ERROR_INVALID_HANDLE;
    *module = found->second;
    return CUDA_SUCCESS;
  };
}

void add_capture_calls(driver::DriverApi& api) {
  api.cuStreamIsCapturing = [](CUstream stream, CUstreamCaptureStatus* status) {
    *status = capture_of(stream).status;
    return CUDA_SUCCESS;
  };
  api.cuStreamGetCaptureInfo_v2 = [](CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id,
                                     CUgraph*, const CUgraphNode**, std::size_t*) {
    const FakeDriver::Capture capture = capture_of(stream);
    *status = capture.status;
    *id = capture.id;
    return CUDA_SUCCESS;
  };
}

void add_graph_calls(driver::DriverApi& api) {
  api.cuGraphGetNodes = [](CUgraph graph, CUgraphNode* nodes, std::size_t* count) {
    const auto found = fake().graphs.find(graph);
    if (found == fake().graphs.end()) return CUDA_ERROR_INVALID_VALUE;
    const std::vector<CUgraphNode>& all = found->second.nodes;
    if (nodes != nullptr) std::copy_n(all.begin(), std::min(*count, all.size()), nodes);
    *count = all.size();
    return CUDA_SUCCESS;
  };
  api.cuGraphGetEdges_v2 = edges_of;
  api.cuGraphGetEdges = [](CUgraph graph, CUgraphNode* from, CUgraphNode* to, std::size_t* count) {
    return edges_of(graph, from, to, nullptr, count);
  };
  api.cuGraphNodeGetType = [](CUgraphNode handle, CUgraphNodeType* type) {
    const FakeDriver::Node* node = find_node(handle);
    if (node == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *type = node->type;
    return CUDA_SUCCESS;
  };
  api.cuGraphChildGraphNodeGetGraph = [](CUgraphNode handle, CUgraph* graph) {
    const FakeDriver::Node* node = find_node(handle);
    if (node == nullptr || !node->readable) return CUDA_ERROR_INVALID_VALUE;
    *graph = node->child;
    return CUDA_SUCCESS;
  };
}

void add_node_calls(driver::DriverApi& api) {
  api.cuGraphKernelNodeGetParams_v2 = params_of<&FakeDriver::Node::kernel>;
  api.cuGraphMemcpyNodeGetParams = params_of<&FakeDriver::Node::copy>;
  api.cuGraphMemsetNodeGetParams = params_of<&FakeDriver::Node::set>;
  api.cuGraphBatchMemOpNodeGetParams = params_of<&FakeDriver::Node::batch>;
  api.cuGraphEventWaitNodeGetEvent = params_of<&FakeDriver::Node::event>;
  api.cuGraphHostNodeGetParams = [](CUgraphNode, CUDA_HOST_NODE_PARAMS* params) {
    params->userData = handle<void*>(0x77);
    return CUDA_SUCCESS;
  };
  api.cuGraphKernelNodeGetAttribute = [](CUgraphNode handle, CUkernelNodeAttrID id,
                                         CUkernelNodeAttrValue* value) {
    const FakeDriver::Node* node = find_node(handle);
    if (node == nullptr || !node->attributes.contains(id)) return CUDA_ERROR_INVALID_VALUE;
    *value = node->attributes.at(id);
    return CUDA_SUCCESS;
  };
}

}  // namespace

FakeDriver& fake() {
  static auto* const driver = new FakeDriver;
  return *driver;
}

void reset_fake() {
  fake() = {};
  FakeDriver::capture_questions = 0;
  FakeDriver::function_questions = 0;
}

driver::DriverApi fake_api() {
  driver::DriverApi api{};
  add_device_calls(api);
  add_context_calls(api);
  add_function_calls(api);
  add_kernel_calls(api);
  add_library_calls(api);
  add_capture_calls(api);
  add_graph_calls(api);
  add_node_calls(api);
  return api;
}

}  // namespace fib::recorder::test
