// SPDX-License-Identifier: Apache-2.0
#include "registry/build/jit_link.h"

#include <dlfcn.h>

namespace fib::build {
namespace {

constexpr int kInputPtx = 2;

template <typename Function>
bool find(void* library, const std::string& name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name.c_str()));
  return function != nullptr;
}

template <typename Handle>
std::string text_of(Handle handle, int (*size)(Handle, std::size_t*),
                    int (*content)(Handle, char*)) {
  std::size_t bytes = 0;
  if (size(handle, &bytes) != 0 || bytes == 0) return "";
  std::string text(bytes + 1, '\0');
  if (content(handle, text.data()) != 0) return "";
  text.resize(text.find('\0'));
  return text;
}

}  // namespace

std::unique_ptr<JitLink> JitLink::open(const std::filesystem::path& beside) {
  std::unique_ptr<JitLink> link(new JitLink);
  link->library_ = open_library("nvJitLink", "", beside);
  if (link->library_.handle == nullptr) link->library_ = open_library("nvJitLink", "", "");
  return link->library_.handle != nullptr && link->load() ? std::move(link) : nullptr;
}

// Functions have the version in their names; only the one that tells it has none.
bool JitLink::load() {
  int (*tell)(unsigned*, unsigned*) = nullptr;
  unsigned major = 0, minor = 0;
  void* const handle = library_.handle;
  if (!find(handle, "nvJitLinkVersion", tell) || tell(&major, &minor) != 0) return false;
  version_ = std::to_string(major) + '.' + std::to_string(minor);
  const std::string suffix = '_' + std::to_string(major) + '_' + std::to_string(minor);
  const auto name = [&](const char* function) {
    return std::string("__nvJitLink") + function + suffix;
  };
  return find(handle, name("Create"), create_) && find(handle, name("Destroy"), destroy_) &&
         find(handle, name("AddData"), add_) && find(handle, name("Complete"), complete_) &&
         find(handle, name("GetLinkedCubinSize"), cubin_size_) &&
         find(handle, name("GetLinkedCubin"), cubin_) &&
         find(handle, name("GetErrorLogSize"), error_size_) &&
         find(handle, name("GetErrorLog"), error_) &&
         find(handle, name("GetInfoLogSize"), info_size_) &&
         find(handle, name("GetInfoLog"), info_);
}

Compiled JitLink::compile(const std::string& name, const std::string& ptx, const Arch& arch,
                          const std::vector<std::string>& options) const {
  Compiled compiled;
  const std::string target = "-arch=" + to_string(arch);
  std::vector<const char*> texts = {target.c_str(), "-verbose"};
  for (const std::string& option : options) texts.push_back(option.c_str());
  Handle handle = nullptr;
  if (create_(&handle, static_cast<std::uint32_t>(texts.size()), texts.data()) != 0) {
    compiled.error = "nvJitLink does not know " + target;
    return compiled;
  }
  // The zero byte is part of the text.
  const bool done = add_(handle, kInputPtx, ptx.c_str(), ptx.size() + 1, name.c_str()) == 0 &&
                    complete_(handle) == 0;
  compiled.log = text_of(handle, error_size_, error_) + text_of(handle, info_size_, info_);
  std::size_t bytes = 0;
  if (done && cubin_size_(handle, &bytes) == 0) {
    compiled.code.resize(bytes);
    if (cubin_(handle, compiled.code.data()) != 0) compiled.code.clear();
  }
  (void)destroy_(&handle);
  if (compiled.code.empty()) compiled.error = "ptxas does not take it";
  return compiled;
}

}  // namespace fib::build
