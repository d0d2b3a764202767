// SPDX-License-Identifier: Apache-2.0
//
// What `fib ctl` asks for, with a registry on disk, and reloads while threads launch.
#include "dispatch/control.h"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "registry/build/manifest.h"
#include "registry/build/sha256.h"
#include "tests/unit/dispatch/sim_dispatch_test.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::dispatch::testing {
namespace {

using std::chrono::milliseconds;
using trace::ControlCommand;
using trace::ControlResult;

constexpr const char* kAddDefinition = R"J({"name": "add", "op_type": "math",
  "axes": {"n": {"type": "var"}}, "inputs": {"x": {"shape": ["n"], "dtype": "float32"}},
  "outputs": {"y": {"shape": ["n"], "dtype": "float32"}},
  "reference": "def run(x):\n    return x\n"})J";
constexpr const char* kAddBinding = R"J({"name": "engine", "definition": "add",
  "match": {"kernel": {"name": "engine_add"}, "parameters": [[0, 8], [8, 8], [16, 4]]},
  "axes": {"n": "param(2, 0, i32)"}, "inputs": {"x": "param(0, 0, ptr)"},
  "outputs": {"y": "param(1, 0, ptr)"}})J";

std::string add_solution(const std::string& name) {
  return R"J({"name": ")J" + name + R"J(", "definition": "add", "author": "me",
  "spec": {"language": "cuda", "target_hardware": ["any"], "entry_point": "k.simcubin::run",
    "launch": {"kernels": [{"entry": ")J" +
         name + R"J(", "grid": ["ceil_div(n, 64)"], "block": [64], "arguments": [
      {"type": "ptr", "value": "x"}, {"type": "ptr", "value": "y"},
      {"type": "i32", "value": "n"}]}]}},
  "sources": [{"path": "k.simcubin", "content": "AA==", "encoding": "base64"}]})J";
}

/// A registry whose policy names one of two candidates.
class AddRegistry {
 public:
  AddRegistry() {
    ::umask(022);
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    directory_.write("definitions/math/add.json", kAddDefinition);
    directory_.write("bindings/math/add/engine.json", kAddBinding);
    for (const char* name : {"add_100", "add_200"})
      directory_.write("solutions/me/math/add/" + std::string(name) + ".json", add_solution(name));
    build();
    pin("add_100");
  }

  /// As a tool would: whoever reads finds the old policies or the new ones.
  void pin(const std::string& name) const {
    directory_.write("next", R"({"per_definition": {"add": {"pin": ")" + name + "\"}}}");
    std::filesystem::rename(root() / "next", root() / "bindings/policies.json");
  }
  [[nodiscard]] std::filesystem::path root() const { return directory_.path(); }

 private:
  void build() const {
    registry::Findings findings;
    const auto parsed = registry::parse_json(add_solution("add_100"));
    const auto solution = registry::read_solution(parsed.value, findings);
    const std::string image = kernels_image();
    build::Manifest manifest;
    manifest.source_key = build::source_key(*solution);
    manifest.compiler = "none";
    manifest.key = build::build_key({manifest.source_key, {}, "none", "", {}});
    manifest.solution = "add_100";
    manifest.content_hash = solution->content_hash();
    manifest.built = "2026-01-01T00:00:00Z";
    manifest.modules = {{"k.simcubin",
                         "k",
                         build::BinaryKind::Simulated,
                         {},
                         image.size(),
                         build::sha256(image),
                         {}}};
    const std::string folder = ".fib/build/" + manifest.source_key + '/' + manifest.key + '/';
    directory_.write(folder + "k", image);
    directory_.write(folder + "build.json", registry::to_text(build::to_json(manifest)));
  }

  trace::testing::TempDirectory directory_;
};

class ControlThreadTest : public SimDispatchTest {
 protected:
  void SetUp() override {
    SimDispatchTest::SetUp();
    source_ = std::make_unique<RegistrySource>(registry_.root().string(), "");
    control_ = std::make_unique<ControlThread>(*dispatcher_, *source_);
    dispatcher_->set_source(control_.get());
    ASSERT_TRUE(dispatcher_->reload());
  }
  void TearDown() override {
    control_.reset();
    SimDispatchTest::TearDown();
  }

  trace::ControlPage& page() { return control_->page(); }

  std::uint32_t send(ControlCommand command, const char* argument = "") {
    // What overtakes another request leaves its argument alone.
    if (command != ControlCommand::Off)
      std::strncpy(page().argument, argument, sizeof page().argument - 1);
    const std::uint32_t request =
        ((page().request.load() >> 8) + 1) << 8 | static_cast<std::uint32_t>(command);
    page().request.store(request);
    ::syscall(SYS_futex, &page().request, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    return request;
  }
  ControlResult result_of(std::uint32_t request) {
    for (int i = 0; i < 10000 && page().answered.load() != request; ++i)
      std::this_thread::sleep_for(milliseconds(1));
    EXPECT_EQ(page().answered.load(), request) << "no answer";
    return static_cast<ControlResult>(page().result.load());
  }
  ControlResult ask(ControlCommand command, const char* argument = "") {
    return result_of(send(command, argument));
  }

  AddRegistry registry_;
  std::unique_ptr<RegistrySource> source_;
  std::unique_ptr<ControlThread> control_;
};

TEST_F(ControlThreadTest, ReadsARegistryAndTellsItsState) {
  for (const std::string& line : source_->said()) ADD_FAILURE() << line;
  EXPECT_EQ(added(), 100);
  EXPECT_EQ(ask(ControlCommand::On), ControlResult::Done);
  EXPECT_EQ(page().mode, static_cast<std::uint32_t>(trace::ControlMode::Apply));
  EXPECT_EQ(page().generation.load(), 1u);
  EXPECT_EQ(page().candidates.load(), 2u);
  EXPECT_EQ(page().ready.load(), 1u);
  EXPECT_NE(std::strstr(page().report, "not loaded add_200"), nullptr) << page().report;
  EXPECT_EQ(page().report_turns.load() % 2, 0u);
}

TEST_F(ControlThreadTest, ReloadsTheRegistry) {
  registry_.pin("add_200");
  EXPECT_EQ(added(), 100);
  EXPECT_EQ(ask(ControlCommand::Reload), ControlResult::Done);
  EXPECT_STREQ(page().text, "generation 2");
  EXPECT_EQ(added(), 200);
}

TEST_F(ControlThreadTest, KeepsTheOldOneIfThereIsNone) {
  std::filesystem::permissions(registry_.root(), std::filesystem::perms(0777));
  EXPECT_EQ(ask(ControlCommand::Reload), ControlResult::Refused);
  EXPECT_NE(std::strstr(page().text, "generation 1 stays: "), nullptr) << page().text;
  EXPECT_NE(std::strstr(page().text, "go-w"), nullptr) << page().text;
  EXPECT_EQ(added(), 100);
}

TEST_F(ControlThreadTest, SwitchesOffAndOn) {
  EXPECT_EQ(ask(ControlCommand::Off), ControlResult::Done);
  EXPECT_EQ(page().is_off.load(), 1u);
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(ask(ControlCommand::Reload), ControlResult::Done);
  EXPECT_EQ(added(), 1);
  EXPECT_EQ(ask(ControlCommand::On), ControlResult::Done);
  EXPECT_EQ(page().is_off.load(), 0u);
  EXPECT_EQ(added(), 100);
}

TEST_F(ControlThreadTest, Demotes) {
  EXPECT_EQ(ask(ControlCommand::Demote, "nobody"), ControlResult::Refused);
  EXPECT_EQ(ask(ControlCommand::Demote, "add_100"), ControlResult::Done);
  EXPECT_EQ(added(), 1);
  EXPECT_NE(std::strstr(page().report, "demoted add_100: by fib ctl"), nullptr) << page().report;
  EXPECT_EQ(ask(ControlCommand::Reload), ControlResult::Done);
  EXPECT_EQ(added(), 1) << "the same candidate is back";
}

TEST_F(ControlThreadTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ask(ControlCommand::Start), ControlResult::Refused);
  EXPECT_EQ(ask(static_cast<ControlCommand>(200)), ControlResult::Refused);
}

TEST_F(ControlThreadTest, TheKillSwitchDoesNotWaitForAReload) {
  std::atomic<bool> stop{false}, has_begun{false};
  std::thread writer([&] {  // a registry that changes is waited for
    for (; !stop.load(); has_begun.store(true)) registry_.pin("add_200");
  });
  while (!has_begun.load()) std::this_thread::sleep_for(milliseconds(1));
  const std::uint32_t reload = send(ControlCommand::Reload);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_NE(page().answered.load(), reload);
  EXPECT_EQ(ask(ControlCommand::Off), ControlResult::Done);
  EXPECT_EQ(added(), 1);
  stop.store(true);
  writer.join();
  std::this_thread::sleep_for(milliseconds(700));
  EXPECT_EQ(added(), 1) << "the reload switched it on again";
}

TEST_F(ControlThreadTest, ReloadsWhileThreadsLaunch) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> launches{0};
  const auto work = [&] {
    ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
    CUstream stream = nullptr;
    ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    const CUdeviceptr out = allocate();
    while (!stop.load()) {
      EngineLaunch engine(engine_add_, x_, out, kN, stream);
      float value = 0;
      {
        const ReadSection reading;
        ASSERT_EQ(dispatcher_->launch(engine.call,
                                      [&]() noexcept {
                                        return cuLaunchKernel(engine_add_, 2, 1, 1, 128, 1, 1, 0,
                                                              stream, engine.call.params, nullptr);
                                      }),
                  CUDA_SUCCESS);
      }
      ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
      ASSERT_EQ(cuMemcpyDtoH_v2(&value, out, sizeof value), CUDA_SUCCESS);
      ASSERT_TRUE(value == 1 || value == 100 || value == 200) << value;
      launches.fetch_add(1);
    }
    dispatcher_->stream_ending(stream);
    ASSERT_EQ(cuStreamDestroy_v2(stream), CUDA_SUCCESS);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(work);
  for (int i = 0; i < 6; ++i) {
    const bool first = i % 2 != 0;
    registry_.pin(first ? "add_100" : "add_200");
    EXPECT_EQ(ask(ControlCommand::Reload), ControlResult::Done) << page().text;
    EXPECT_EQ(added(), first ? 100 : 200);
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(dispatcher_->generation_number(), 7u);
  EXPECT_GT(launches.load(), 0u);
}

}  // namespace
}  // namespace fib::dispatch::testing
