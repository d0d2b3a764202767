// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/cli/run_fib.h"
#include "tests/unit/cli/synthetic_log.h"
#include "tests/unit/trace/temp_directory.h"
#include "trace/capture.h"
#include "trace/checksum.h"
#include "trace/edit/vendor_images.h"

namespace fib::cli {
namespace {

using testing::run_fib;
using testing::SyntheticLog;
using trace::Hash;
using trace::testing::TempDirectory;

TEST(VendorImages, LibrariesByName) {
  for (const char* path :
       {"/usr/local/cuda/lib64/libcublasLt.so.13", "libcudnn_engines_precompiled.so.9",
        "/x/site-packages/nvidia/nccl/lib/libnccl.so.2", "/opt/libcufft.so.12.0.0.61",
        "/v/lib/python3/site-packages/nvidia/cu13/lib/libnew_thing.so"})
    EXPECT_TRUE(trace::is_vendor_library(path)) << path;
  for (const char* path : {"", "/x/site-packages/torch/lib/libtorch_cuda.so", "/opt/nvidia/app",
                           "/home/u/my_kernels.so", "/x/libcublas/libmine.so"})
    EXPECT_FALSE(trace::is_vendor_library(path)) << path;
}

TEST(VendorImages, KernelsByName) {
  for (const char* name :
       {"nvjet_tst_128x64_64x9_2x1_v_bz_TNT", "_ZN8cublasLt19splitKreduce_kernelILi32EEEvv",
        "sm90_xmma_gemm_bf16bf16_bf16f32", "_ZN5cudnn3ops12nchwToNhwcKernelIfEE",
        "_Z21ncclDevKernel_AllReducev", "_Z11regular_fftILj64EEv", "vector_fft_x"})
    EXPECT_EQ(trace::is_vendor_kernel(name), std::string_view(name).find("_Z11") != 0) << name;
  for (const char* name :
       {"_Z4axpyPfS_i", "triton_poi_fused_add_0", "_ZN7cutlass6KernelINS_4gemm6kernelEEEvT_",
        "_ZN2at6native43distribution_elementwise_grid_stride_kernelIfZ24curandStatePhilox4_32_10EE",
        "flash_fwd_kernel"})
    EXPECT_FALSE(trace::is_vendor_kernel(name)) << name;
}

class Strip : public ::testing::Test {
 protected:
  Strip() {
    log_.process(42).load(1, "/usr/lib/libcublas.so.13").load(2, "/home/u/app").load(3, "");
    log_.stored_image(1, store("blas")).stored_image(2, store("mine")).stored_image(3, store("rt"));
    log_.kernel(1, "gemv", 1).kernel(2, "mine", 2).kernel(3, "nvjet_hsh_64", 3).launch(0, 1, 1);
    log_.save(directory_.path() / "in", "pid42-1");
    directory_.write("in/images/00000000000000000000000000000000", "no log knows it");
    directory_.write("in/pages/pid42-1-0.fib", "pages");
  }
  Hash store(const std::string& image) {
    const Hash hash = trace::content_hash(std::as_bytes(std::span(image)));
    names_[image] = trace::hash_hex(hash);
    directory_.write("in/images/" + names_[image], image);
    return hash;
  }
  [[nodiscard]] std::string file(const std::string& name) const {
    return (directory_.path() / name).string();
  }

  TempDirectory directory_;
  SyntheticLog log_;
  std::map<std::string, std::string> names_;
};

TEST_F(Strip, LeavesOutWhatIsNvidias) {
  const auto result = run_fib({"strip", "--vendor-images", file("in"), "-o", file("out")});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, file("out") + ": left out 2 images (6 B) of NVIDIA's libraries, kept 1\n");
  EXPECT_EQ(directory_.read("out/images/" + names_["mine"]), "mine");
  std::size_t images = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(file("out") + "/images"))
    ++images;
  EXPECT_EQ(images, 1u);
  const std::string list = directory_.read("out/stripped.txt");
  EXPECT_NE(list.find(names_["blas"] + " 4 /usr/lib/libcublas.so.13\n"), std::string::npos) << list;
  EXPECT_NE(list.find(names_["rt"] + " 2 kernel nvjet_hsh_64\n"), std::string::npos) << list;
  EXPECT_EQ(directory_.read("in/pid42-1/log.fib"), directory_.read("out/pid42-1/log.fib"));
  EXPECT_EQ(directory_.read("out/pages/pid42-1-0.fib"), "pages");
}

TEST_F(Strip, SaysWhyItCant) {
  EXPECT_EQ(run_fib({"strip", file("in"), "-o", file("out")}).code, 2);
  EXPECT_EQ(run_fib({"strip", "--vendor-images", file("in"), "-o", file("in")}).code, 4);
  directory_.write("in/pid43-1/log.fib", "not a log, whatever it is called");
  EXPECT_EQ(run_fib({"strip", "--vendor-images", file("in"), "-o", file("out")}).code, 4);
}

}  // namespace
}  // namespace fib::cli
