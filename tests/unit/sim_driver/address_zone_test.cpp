// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

constexpr size_t kBlock = size_t{32} << 20;

CUdeviceptr wanted() { return std::strtoull(std::getenv("FIBTEST_ADDRESS"), nullptr, 0); }

/// An address of this process, as a replay finds it in a capture.
std::string address_of_another_process() {
  CUdeviceptr address = 0;
  EXPECT_OK(cuInit(0));
  EXPECT_OK(cuMemAddressReserve(&address, kBlock, kBlock, 0, 0));
  EXPECT_OK(cuMemAddressFree(address, kBlock));
  return std::to_string(address);
}

CHILD(reserves_what_it_asks_for) {
  CUdeviceptr address = 0;
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuMemAddressReserve(&address, kBlock, 0, wanted(), 0) == CUDA_SUCCESS);
  CHILD_REQUIRE(address == wanted());
  return 0;
}

CHILD(reserves_another_one) {
  CUdeviceptr address = 0;
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuMemAddressReserve(&address, kBlock, 0, wanted(), 0) == CUDA_SUCCESS);
  CHILD_REQUIRE(address != 0 && address != wanted());
  return 0;
}

TEST(AddressZone, AnotherProcessCanHaveTheAddresses) {
  const std::string address = address_of_another_process();
  EXPECT_EQ(0, run_child("reserves_what_it_asks_for", {{"FIBTEST_ADDRESS", address}}));
}

TEST(AddressZone, AddressesCanBeTaken) {
  const std::string address = address_of_another_process();
  const std::string inside = std::to_string(std::stoull(address) + 12345);
  EXPECT_EQ(0, run_child("reserves_another_one",
                         {{"FIBTEST_ADDRESS", address}, {"FIBSIM_TAKEN", "0x1000," + inside}}));
}

TEST(AddressZone, AddressesCanBeTakenOnce) {
  const std::string address = address_of_another_process();
  const std::string file = ::testing::TempDir() + "taken." + std::to_string(::getpid());
  const Environment environment = {
      {"FIBTEST_ADDRESS", address}, {"FIBSIM_TAKEN", address}, {"FIBSIM_TAKEN_ONCE", file}};
  EXPECT_EQ(0, run_child("reserves_another_one", environment));
  EXPECT_EQ(0, run_child("reserves_what_it_asks_for", environment));
  std::remove(file.c_str());
}

TEST(AddressZone, LargeMemoryIsUsedAgain) {
  CUcontext context = nullptr;
  ASSERT_OK(cuInit(0));
  ASSERT_OK(cuDevicePrimaryCtxRetain(&context, 0));
  ASSERT_OK(cuCtxSetCurrent(context));
  CUdeviceptr first = 0, second = 0;
  ASSERT_OK(cuMemAlloc_v2(&first, kBlock));
  ASSERT_OK(cuMemFree_v2(first));
  ASSERT_OK(cuMemAlloc_v2(&second, kBlock));
  EXPECT_EQ(first, second);
  ASSERT_OK(cuMemFree_v2(second));
  ASSERT_OK(cuDevicePrimaryCtxRelease_v2(0));
}

CHILD(tells_its_name) {
  char name[64] = {};
  CHILD_REQUIRE(cuInit(0) == CUDA_SUCCESS);
  CHILD_REQUIRE(cuDeviceGetName(name, sizeof name, 0) == CUDA_SUCCESS);
  CHILD_REQUIRE(std::string(name) == "some other GPU");
  return 0;
}

TEST(AddressZone, DevicesCanHaveAnotherName) {
  EXPECT_EQ(0, run_child("tells_its_name", {{"FIBSIM_DEVICE_NAME", "some other GPU"}}));
}

}  // namespace
}  // namespace fib::sim::test
