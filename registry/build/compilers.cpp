// SPDX-License-Identifier: Apache-2.0
#include "registry/build/compilers.h"

namespace fib::build {

const Nvrtc* Compilers::nvrtc(std::string& error) {
  if (!looked_for_nvrtc_) {
    looked_for_nvrtc_ = true;
    nvrtc_ = Nvrtc::open(chosen_, nvrtc_error_);
    if (nvrtc_) headers_ = header_directories(nvrtc_->path());
  }
  error = nvrtc_error_;
  return nvrtc_.get();
}

const JitLink* Compilers::jit_link() {
  if (!looked_for_link_) {
    looked_for_link_ = true;
    std::string ignored;
    const Nvrtc* const found = nvrtc(ignored);
    jit_link_ = JitLink::open(found != nullptr ? found->path().parent_path() : "");
  }
  return jit_link_.get();
}

}  // namespace fib::build
