// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "recorder/ranges.h"
#include "shim/nvtx_abi.h"

// NVTX's own declarations, where there is a CUDA toolkit that has them.
#if __has_include(<nvtx3/nvToolsExt.h>)
#define FIB_HAS_NVTX 1
#include <nvtx3/nvToolsExt.h>
#endif

namespace fib::shim::nvtx {
namespace {

#ifdef FIB_HAS_NVTX
static_assert(kRangeStartEx == NVTX_CBID_CORE_RangeStartEx);
static_assert(kRangeStartA == NVTX_CBID_CORE_RangeStartA);
static_assert(kRangeStartW == NVTX_CBID_CORE_RangeStartW);
static_assert(kRangeEnd == NVTX_CBID_CORE_RangeEnd);
static_assert(kRangePushEx == NVTX_CBID_CORE_RangePushEx);
static_assert(kRangePushA == NVTX_CBID_CORE_RangePushA);
static_assert(kRangePushW == NVTX_CBID_CORE_RangePushW);
static_assert(kRangePop == NVTX_CBID_CORE_RangePop);
static_assert(kDomainRangeStartEx == NVTX_CBID_CORE2_DomainRangeStartEx);
static_assert(kDomainRangeEnd == NVTX_CBID_CORE2_DomainRangeEnd);
static_assert(kDomainRangePushEx == NVTX_CBID_CORE2_DomainRangePushEx);
static_assert(kDomainRangePop == NVTX_CBID_CORE2_DomainRangePop);
static_assert(kDomainRegisterStringA == NVTX_CBID_CORE2_DomainRegisterStringA);
static_assert(kDomainRegisterStringW == NVTX_CBID_CORE2_DomainRegisterStringW);
static_assert(kDomainCreateA == NVTX_CBID_CORE2_DomainCreateA);
static_assert(kDomainCreateW == NVTX_CBID_CORE2_DomainCreateW);
static_assert(kCallbacksTable == NVTX_ETID_CALLBACKS);
static_assert(static_cast<int>(Module::Core) == NVTX_CB_MODULE_CORE);
static_assert(static_cast<int>(Module::Core2) == NVTX_CB_MODULE_CORE2);
static_assert(sizeof(Callbacks) == sizeof(NvtxExportTableCallbacks));
static_assert(sizeof(EventAttributes) == sizeof(nvtxEventAttributes_t));
static_assert(offsetof(EventAttributes, message_type) ==
              offsetof(nvtxEventAttributes_t, messageType));
static_assert(offsetof(EventAttributes, message) == offsetof(nvtxEventAttributes_t, message));
static_assert(static_cast<int>(MessageType::Registered) == NVTX_MESSAGE_TYPE_REGISTERED);
#endif

/// What a program's copy of NVTX has: its functions, which a tool may replace.
struct Program {
  FunctionPointer core[16] = {}, core2[16] = {};
  FunctionPointer *core_places[16] = {}, *core2_places[16] = {};
  unsigned core_size = 16, core2_size = 16;
};
Program* g_program = nullptr;

int get_module_function_table(Module module, FunctionPointer*** table, unsigned* size) {
  *table = module == Module::Core ? g_program->core_places : g_program->core2_places;
  *size = module == Module::Core ? g_program->core_size : g_program->core2_size;
  return module == Module::Core || module == Module::Core2;
}

const void* get_export_table(std::uint32_t table) {
  static const Callbacks callbacks{sizeof callbacks, get_module_function_table};
  return table == kCallbacksTable ? &callbacks : nullptr;
}

class Sink final : public recorder::RangeSink {
 public:
  void entered(std::uint64_t) noexcept override { ++inside; }
  void left(std::uint64_t) noexcept override { --inside; }
  int inside = 0;
};

class NvtxTest : public ::testing::Test {
 protected:
  NvtxTest() {
    g_program = &program_;
    for (int i = 1; i < 16; ++i) {
      program_.core_places[i] = &program_.core[i];
      program_.core2_places[i] = &program_.core2[i];
    }
    setenv("FIBSHIM_MODE", "record", 1);
    recorder::watch_range("step", &sink_);
  }
  ~NvtxTest() override {
    recorder::watch_range(nullptr, nullptr);
    unsetenv("FIBSHIM_MODE");
  }
  /// Calls what we put at a place of the program's tables.
  template <class Result, class... Args>
  Result core(unsigned place, Args... args) {
    return reinterpret_cast<Result (*)(Args...)>(program_.core[place])(args...);
  }
  template <class Result, class... Args>
  Result core2(unsigned place, Args... args) {
    return reinterpret_cast<Result (*)(Args...)>(program_.core2[place])(args...);
  }
  static EventAttributes event(const char* name) {
    EventAttributes attributes{};
    attributes.version = 3;
    attributes.size = sizeof attributes;
    attributes.message_type = MessageType::Ascii;
    attributes.message.ascii = name;
    return attributes;
  }
  void expect_push(EventAttributes attributes) {
    const EventAttributes* const at = &attributes;
    EXPECT_EQ(core<int>(kRangePushEx, at), 0);
    EXPECT_EQ(sink_.inside, 1);
    EXPECT_EQ(core<int>(kRangePop), 0);
    EXPECT_EQ(sink_.inside, 0);
  }

  Program program_;
  Sink sink_;
};

TEST_F(NvtxTest, HearsRangesOfAllForms) {
  ASSERT_EQ(InitializeInjectionNvtx2(get_export_table), 1);
  core<int>(kRangePushA, "step");
  EXPECT_EQ(sink_.inside, 1);
  core<int>(kRangePop);
  EXPECT_EQ(sink_.inside, 0);
  core<int>(kRangePushW, L"step");
  EXPECT_EQ(sink_.inside, 1);
  core<int>(kRangePop);
  expect_push(event("step"));
  EventAttributes wide = event("");
  wide.message_type = MessageType::Unicode;
  wide.message.unicode = L"step";
  expect_push(wide);
  for (const std::uint64_t id :
       {core<std::uint64_t>(kRangeStartA, "step"), core<std::uint64_t>(kRangeStartW, L"step")})
    core<void>(kRangeEnd, id);
  EXPECT_EQ(sink_.inside, 0);
}

TEST_F(NvtxTest, HearsDomainsAndRegisteredStrings) {
  ASSERT_EQ(InitializeInjectionNvtx2(get_export_table), 1);
  const void* const first = core2<const void*>(kDomainCreateA, "first");
  const void* const second = core2<const void*>(kDomainCreateW, L"second");
  EXPECT_NE(first, nullptr);
  EXPECT_NE(first, second);
  std::string text = "step";
  EventAttributes attributes = event("");
  attributes.message_type = MessageType::Registered;
  attributes.message.registered =
      core2<const void*>(kDomainRegisterStringA, first, static_cast<const char*>(text.c_str()));
  text = "gone";
  const EventAttributes* const at = &attributes;
  EXPECT_EQ(core2<int>(kDomainRangePushEx, first, at), 0);
  EXPECT_EQ(sink_.inside, 1);
  EXPECT_EQ(core2<int>(kDomainRangePop, second), -1);
  EXPECT_EQ(sink_.inside, 1);
  EXPECT_EQ(core2<int>(kDomainRangePop, first), 0);
  EXPECT_EQ(sink_.inside, 0);
  const auto id = core2<std::uint64_t>(kDomainRangeStartEx, second, at);
  EXPECT_EQ(sink_.inside, 1);
  core2<void>(kDomainRangeEnd, second, id);
  EXPECT_EQ(sink_.inside, 0);
}

TEST_F(NvtxTest, TakesMissingNames) {
  ASSERT_EQ(InitializeInjectionNvtx2(get_export_table), 1);
  core<int>(kRangePushA, static_cast<const char*>(nullptr));
  core<int>(kRangePushW, static_cast<const wchar_t*>(nullptr));
  core<int>(kRangePushEx, static_cast<const EventAttributes*>(nullptr));
  EventAttributes old = event("step");
  old.size = 16;
  const EventAttributes* const at = &old;
  core<int>(kRangePushEx, at);
  EXPECT_EQ(sink_.inside, 0);
  for (int i = 3; i >= 0; --i) EXPECT_EQ(core<int>(kRangePop), i);
}

TEST_F(NvtxTest, LeavesPlacesAloneThatAnOldProgramLacks) {
  program_.core_size = kRangePushEx;
  program_.core2_places[kDomainRangePushEx] = nullptr;
  ASSERT_EQ(InitializeInjectionNvtx2(get_export_table), 1);
  EXPECT_NE(program_.core[kRangeEnd], nullptr);
  EXPECT_EQ(program_.core[kRangePushEx], nullptr);
  EXPECT_NE(program_.core2[kDomainRangePop], nullptr);
}

TEST_F(NvtxTest, StaysOutWhereItIsNotWanted) {
  unsetenv("FIBSHIM_MODE");
  EXPECT_EQ(InitializeInjectionNvtx2(get_export_table), 0);
  setenv("FIBSHIM_MODE", "record", 1);
  setenv("FIBSHIM_DISABLE", "1", 1);
  EXPECT_EQ(InitializeInjectionNvtx2(get_export_table), 0);
  unsetenv("FIBSHIM_DISABLE");
  EXPECT_EQ(InitializeInjectionNvtx2(nullptr), 0);
  EXPECT_EQ(InitializeInjectionNvtx2([](std::uint32_t) -> const void* { return nullptr; }), 0);
  EXPECT_EQ(program_.core[kRangePushA], nullptr);
}

}  // namespace
}  // namespace fib::shim::nvtx
