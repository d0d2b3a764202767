// SPDX-License-Identifier: Apache-2.0
//
// Rules that ask for the engine's code, or for demangled names.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "recorder/image.h"
#include "tests/unit/dispatch/sim_dispatch_test.h"
#include "trace/checksum.h"

namespace fib::dispatch::testing {
namespace {

using match::Reason;

class CodeRulesTest : public SimDispatchTest {
 protected:
  /// Loads the engine from memory, as a hook sees it.
  void load_from_memory() {
    ASSERT_EQ(cuModuleLoadData(&module_, image_.data()), CUDA_SUCCESS);
    dispatcher_->code_loaded(module_, false, image_.data());
    ASSERT_EQ(cuModuleGetFunction(&engine_add_, module_, "engine_add"), CUDA_SUCCESS);
  }
  void install_for(const match::CodeHash& hash) {
    match::TableSpec spec = add_spec("add_100");
    spec.rules[0].image = hash;
    ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  }
  [[nodiscard]] match::CodeHash hash() const {
    const recorder::ImageParts parts = recorder::inspect_image(image_.data());
    EXPECT_EQ(parts.count, 1u);
    return trace::content_hash({parts.parts[0].data, parts.parts[0].size});
  }

  std::string image_ = kernels_image();
};

TEST_F(CodeRulesTest, AnImageIsKnownByItsHash) {
  install_for(hash());
  EXPECT_EQ(added(), 1);  // loaded before anybody asked
  EXPECT_EQ(counted(Reason::CodeMismatch), 1u);
  load_from_memory();
  EXPECT_EQ(added(), 100);
  dispatcher_->code_ending(module_);
  ASSERT_EQ(cuModuleUnload(module_), CUDA_SUCCESS);
}

TEST_F(CodeRulesTest, OtherCodeOfTheSameNameIsLeftAlone) {
  install_for(match::CodeHash{1});
  load_from_memory();
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(counted(Reason::CodeMismatch), 1u);
}

TEST_F(CodeRulesTest, TheEngineMayFreeItsImage) {
  install_for(hash());
  load_from_memory();
  std::fill(image_.begin(), image_.end(), '\0');
  EXPECT_EQ(added(), 100);
}

TEST_F(CodeRulesTest, CodeFromAFileIsKnown) {
  const std::string path = ::testing::TempDir() + "fib_code_rules_" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << image_;
  ASSERT_EQ(cuModuleLoad(&module_, path.c_str()), CUDA_SUCCESS);
  dispatcher_->code_file_loaded(module_, false, path.c_str());
  std::filesystem::remove(path);
  ASSERT_EQ(cuModuleGetFunction(&engine_add_, module_, "engine_add"), CUDA_SUCCESS);
  install_for(hash());  // code is kept in mind before anybody asks
  EXPECT_EQ(added(), 100);
}

TEST_F(CodeRulesTest, NamesCanBeMatchedDemangled) {
  CUfunction narrow = nullptr;
  ASSERT_EQ(cuModuleGetFunction(&narrow, module_, "_Z10add_narrowPKfPfi"), CUDA_SUCCESS);
  match::TableSpec spec = add_spec("add_100");
  spec.rules[0].kind = match::NameMatch::Glob;
  spec.rules[0].pattern = "add_narrow(float const*, *";
  spec.rules[0].demangled = true;
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  EXPECT_EQ(added(narrow), 100);
}

}  // namespace
}  // namespace fib::dispatch::testing
