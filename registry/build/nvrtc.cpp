// SPDX-License-Identifier: Apache-2.0
#include "registry/build/nvrtc.h"

#include <dlfcn.h>

#include <algorithm>

namespace fib::build {
namespace {

template <typename Function>
bool find(void* library, const char* name, Function& function, std::string& error) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) error = std::string("has no ") + name + ": use NVRTC of CUDA 12 or 13";
  return function != nullptr;
}

/// A program, gone at the end of the scope.
class Program {
 public:
  Program(const NvrtcApi& api, const CudaSource& source) : api_(api) {
    std::vector<const char*> texts, names;
    for (const auto& [name, text] : source.headers) {
      names.push_back(name.c_str());
      texts.push_back(text.c_str());
    }
    result_ = api.nvrtcCreateProgram(&program_, source.text.c_str(), source.name.c_str(),
                                     static_cast<int>(names.size()), texts.data(), names.data());
  }
  ~Program() {
    if (program_ != nullptr) api_.nvrtcDestroyProgram(&program_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] int result() const { return result_; }
  [[nodiscard]] NvrtcApi::Program get() const { return program_; }

  /// Log, cubin or PTX; empty if there is none.
  std::string text(int (*size)(NvrtcApi::Program, std::size_t*),
                   int (*content)(NvrtcApi::Program, char*)) const {
    std::size_t bytes = 0;
    if (size(program_, &bytes) != 0) return "";
    std::string result(bytes, '\0');
    return bytes > 0 && content(program_, result.data()) == 0 ? result : "";
  }

 private:
  const NvrtcApi& api_;
  NvrtcApi::Program program_ = nullptr;
  int result_ = 0;
};

void cut_zeros(std::string& text) {
  while (!text.empty() && text.back() == '\0') text.pop_back();
}

}  // namespace

std::unique_ptr<Nvrtc> Nvrtc::open(const std::filesystem::path& chosen, std::string& error) {
  std::unique_ptr<Nvrtc> nvrtc(new Nvrtc);
  nvrtc->library_ = open_library("nvrtc", chosen, "");
  const std::string place = chosen.empty() ? "" : chosen.string() + ": ";
  if (nvrtc->library_.handle == nullptr) {
    error = place + nvrtc->library_.error;
    return nullptr;
  }
  if (!nvrtc->load(error)) {
    error = nvrtc->library_.path.string() + ": " + error;
    return nullptr;
  }
  nvrtc->find_version();
  return nvrtc;
}

bool Nvrtc::load(std::string& error) {
  bool complete = true;
#define FIB_NVRTC(name, ...) complete = complete && find(library_.handle, #name, api_.name, error);
#include "registry/build/nvrtc_api.def"
  complete =
      complete && find(library_.handle, "nvrtcGetErrorString", api_.nvrtcGetErrorString, error);
  int count = 0;
  if (!complete || api_.nvrtcGetNumSupportedArchs(&count) != 0 || count <= 0) return complete;
  archs_.resize(static_cast<std::size_t>(count));
  if (api_.nvrtcGetSupportedArchs(archs_.data()) != 0) archs_.clear();
  return true;
}

// nvrtcVersion() leaves out the number that a fix of the compiler changes; PTX names it.
void Nvrtc::find_version() {
  int major = 0, minor = 0;
  (void)api_.nvrtcVersion(&major, &minor);
  version_ = std::to_string(major) + '.' + std::to_string(minor);
  const Compiled empty = compile({"version.cu", "", {}, {}, {}}, {90, 0, true});
  const std::size_t mark = empty.code.find(", V" + version_ + '.');
  if (mark == std::string::npos) return;
  const std::size_t start = mark + 3;
  version_ = empty.code.substr(start, empty.code.find_first_not_of("0123456789.", start) - start);
}

bool Nvrtc::knows(const Arch& arch) const {
  return archs_.empty() || std::find(archs_.begin(), archs_.end(), arch.sm) != archs_.end();
}

std::string Nvrtc::what(int code) const {
  const char* const text = api_.nvrtcGetErrorString(code);
  return text != nullptr ? text : "error " + std::to_string(code);
}

int Nvrtc::run(NvrtcApi::Program program, const CudaSource& source, const Arch& arch) const {
  for (const std::string& name : source.instantiate) {
    if (const int code = api_.nvrtcAddNameExpression(program, name.c_str()); code != 0) return code;
  }
  std::vector<std::string> options = {"--gpu-architecture=" + to_string(arch)};
  if (!arch.ptx) options.emplace_back("--ptxas-options=-v");
  options.insert(options.end(), source.options.begin(), source.options.end());
  std::vector<const char*> texts;
  for (const std::string& option : options) texts.push_back(option.c_str());
  return api_.nvrtcCompileProgram(program, static_cast<int>(texts.size()), texts.data());
}

Compiled Nvrtc::compile(const CudaSource& source, const Arch& arch) const {
  Compiled compiled;
  const Program program(api_, source);
  if (program.result() != 0) {
    compiled.error = "NVRTC takes no such program: " + what(program.result());
    return compiled;
  }
  const int code = run(program.get(), source, arch);
  compiled.log = program.text(api_.nvrtcGetProgramLogSize, api_.nvrtcGetProgramLog);
  cut_zeros(compiled.log);
  if (code != 0) {
    compiled.error = what(code);
    return compiled;
  }
  compiled.code = arch.ptx ? program.text(api_.nvrtcGetPTXSize, api_.nvrtcGetPTX)
                           : program.text(api_.nvrtcGetCUBINSize, api_.nvrtcGetCUBIN);
  if (arch.ptx) cut_zeros(compiled.code);
  if (compiled.code.empty()) compiled.error = "NVRTC returned no code";
  return compiled;
}

}  // namespace fib::build
