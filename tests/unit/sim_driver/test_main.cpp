// SPDX-License-Identifier: Apache-2.0
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

constexpr char kChildFlag[] = "--child=";

std::map<std::string, int (*)()>& children() {
  static std::map<std::string, int (*)()> registered;
  return registered;
}

std::vector<std::string> environment_with(const Environment& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    if (!text.starts_with("FIBSIM_")) result.push_back(text);
  }
  for (const auto& [name, value] : changes) result.push_back(name + "=" + value);
  return result;
}

}  // namespace

bool register_child(const char* name, int (*body)()) {
  return children().emplace(name, body).second;
}

int run_child(const char* name, const Environment& environment) {
  std::vector<std::string> variables = environment_with(environment);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string program = "/proc/self/exe", flag = kChildFlag + std::string(name);
  char* argv[] = {program.data(), flag.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, envp.data()) != 0) return -1;
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string kernels_path() { return FIBSIM_DIR "/sim_kernels.simcubin"; }

std::vector<char> read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void Gate::open() {
  open_ = 1;
  open_.notify_all();
  passed_.wait(0);  // the host function must not outlive the gate
}

void CUDA_CB Gate::wait(void* gate) {
  auto* self = static_cast<Gate*>(gate);
  self->open_.wait(0);
  self->passed_ = 1;
  self->passed_.notify_all();
}

void SimTest::SetUp() {
  ASSERT_OK(cuInit(0));
  ASSERT_OK(cuDevicePrimaryCtxRetain(&context, 0));
  ASSERT_OK(cuCtxSetCurrent(context));
  ASSERT_OK(cuModuleLoad(&module, kernels_path().c_str()));
}

void SimTest::TearDown() {
  EXPECT_OK(cuCtxSetCurrent(nullptr));
  EXPECT_OK(cuDevicePrimaryCtxRelease_v2(0));
}

CUfunction SimTest::function(const char* mangled) {
  CUfunction f = nullptr;
  EXPECT_OK(cuModuleGetFunction(&f, module, mangled)) << mangled;
  return f;
}

CUstream SimTest::non_blocking_stream() {
  CUstream stream = nullptr;
  EXPECT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  return stream;
}

CUdeviceptr SimTest::device_memory(std::size_t bytes) {
  CUdeviceptr address = 0;
  EXPECT_OK(cuMemAlloc_v2(&address, bytes));
  return address;
}

CUdeviceptr SimTest::floats(int n, float value) {
  const CUdeviceptr address = device_memory(static_cast<std::size_t>(n) * sizeof(float));
  const std::vector<float> values(static_cast<std::size_t>(n), value);
  EXPECT_OK(cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(float)));
  return address;
}

std::vector<float> SimTest::read_floats(CUdeviceptr address, int n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  EXPECT_OK(cuMemcpyDtoH_v2(values.data(), address, values.size() * sizeof(float)));
  return values;
}

}  // namespace fib::sim::test

int main(int argc, char** argv) {
  namespace test = fib::sim::test;
  const std::size_t flag = std::strlen(test::kChildFlag);
  if (argc > 1 && std::strncmp(argv[1], test::kChildFlag, flag) == 0)
    return test::children().at(argv[1] + flag)();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
