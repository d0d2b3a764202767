// SPDX-License-Identifier: Apache-2.0
#include "recorder/loads.h"

#include <array>

#include "recorder_test.h"
#include "trace/capture.h"

namespace fib::recorder {
namespace {

namespace fs = std::filesystem;
using driver::Api;
using test::handle;
using test::LogContents;
using trace::ImageKind;

constexpr char kConstantPtx[] = "// in a segment that is never written";

class LoadsTest : public test::RecorderTest {
 protected:
  Loads& loads() { return recorder().loads; }
  /// A module made from PTX text.
  void load(std::uintptr_t module, const char* ptx) {
    loads().loaded({Api::cuModuleLoadData, handle<void*>(module), ptx, nullptr, false, {}, {}});
  }
  void load_file(std::uintptr_t module, const fs::path& path) {
    loads().loaded(
        {Api::cuModuleLoad, handle<void*>(module), nullptr, path.c_str(), false, {}, {}});
  }
  LogContents finish() {
    EXPECT_TRUE(session().start());
    return finish_and_read();
  }
  /// Content of the store for one part of one load.
  std::string stored(const LogContents& log, std::uint32_t load, std::uint32_t part = 0) {
    for (const trace::ImageRecord& image : log.images)
      if (image.load == load && image.part == part)
        return test::read_text(capture_path() / "images" / trace::hash_hex(image.hash));
    return "(not stored)";
  }
};

TEST_F(LoadsTest, NumbersAndDescribesLoads) {
  test::fake().context = handle<CUcontext>(0xc1);
  load(0x10, kConstantPtx);
  const std::array<trace::LoadOption, 2> options = {{{1, 0, 5}, {2, 0, 0x7fff}}};
  const std::array<trace::LoadOption, 1> library_options = {{{0, 0, 1}}};
  loads().loaded({Api::cuLibraryLoadData, handle<void*>(0x20), kConstantPtx, nullptr, true, options,
                  library_options});
  const LogContents log = finish();
  ASSERT_EQ(log.loads.size(), 2u);
  const LogContents::Load &module = log.loads[0], &library = log.loads[1];
  EXPECT_EQ(module.fixed.load, 1u);
  EXPECT_EQ(log.apis.at(module.fixed.api).name, "cuModuleLoadData");
  EXPECT_EQ(module.fixed.kind, static_cast<std::uint16_t>(ImageKind::Ptx));
  EXPECT_EQ(module.fixed.handle, 0x10u);
  EXPECT_EQ(module.fixed.address, reinterpret_cast<std::uintptr_t>(kConstantPtx));
  EXPECT_EQ(module.fixed.bytes, sizeof kConstantPtx - 1);
  EXPECT_EQ(module.fixed.context, 0xc1u);
  EXPECT_EQ(library.fixed.load, 2u);
  EXPECT_EQ(library.fixed.context, 0u);
  ASSERT_EQ(library.options.size(), 2u);
  EXPECT_EQ(library.options[1].value, 0x7fffu);
  ASSERT_EQ(library.library_options.size(), 1u);
  EXPECT_TRUE(log.images.empty()) << "none of their kernels ran";
}

TEST_F(LoadsTest, StoresAnImageWhenItIsFirstUsed) {
  load(0x10, kConstantPtx);
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  const LogContents log = finish();
  ASSERT_EQ(log.images.size(), 1u);
  EXPECT_EQ(log.images[0].bytes, sizeof kConstantPtx - 1);
  EXPECT_EQ(log.images[0].kind, static_cast<std::uint16_t>(ImageKind::Ptx));
  EXPECT_EQ(stored(log, 1), kConstantPtx);
}

TEST_F(LoadsTest, KeepsACopyOfWhatTheCallerMayFree) {
  std::string ptx = "// on the heap, gone after the load returned";
  const std::string original = ptx;
  load(0x10, ptx.c_str());
  ptx.assign(ptx.size(), 'x');
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  EXPECT_EQ(stored(finish(), 1), original);
}

TEST_F(LoadsTest, UnknownHandleHasNoLoad) {
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 0u);
  EXPECT_EQ(loads().use(nullptr), 0u);
  loads().unloading(handle<void*>(0x10));
}

TEST_F(LoadsTest, ModulesOfALibraryStandForIt) {
  load(0x10, kConstantPtx);
  loads().alias(handle<void*>(0x99), handle<void*>(0x10));
  EXPECT_EQ(loads().use(handle<void*>(0x99)), 1u);
  loads().unloading(handle<void*>(0x10));
  EXPECT_EQ(loads().use(handle<void*>(0x99)), 0u);
}

TEST_F(LoadsTest, HandleThatComesBackIsANewLoad) {
  load(0x10, kConstantPtx);
  loads().unloading(handle<void*>(0x10));
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 0u);
  load(0x10, "// another text");
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 2u);
  const LogContents log = finish();
  EXPECT_EQ(stored(log, 1), "(not stored)");
  EXPECT_EQ(stored(log, 2), "// another text");
}

TEST_F(LoadsTest, StoredImageSurvivesItsUnload) {
  const std::string ptx = "// used, then unloaded";
  load(0x10, ptx.c_str());
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  loads().unloading(handle<void*>(0x10));
  EXPECT_EQ(stored(finish(), 1), ptx);
}

TEST_F(LoadsTest, LoadsByFileAreReadAtOnce) {
  const fs::path path = directory_.write("module.ptx", ".version 8.0 // without a NUL");
  load_file(0x10, path);
  fs::remove(path);
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  const LogContents log = finish();
  ASSERT_EQ(log.loads.size(), 1u);
  EXPECT_EQ(log.loads[0].path, path.string());
  EXPECT_EQ(log.loads[0].fixed.bytes, 29u);
  EXPECT_EQ(log.loads[0].fixed.kind, static_cast<std::uint16_t>(ImageKind::Ptx));
  EXPECT_EQ(stored(log, 1), ".version 8.0 // without a NUL");
}

TEST_F(LoadsTest, FileThatIsGoneIsSaid) {
  load_file(0x10, directory_.path() / "missing.cubin");
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  const LogContents log = finish();
  ASSERT_EQ(log.loads.size(), 1u);
  EXPECT_EQ(log.deviation_texts(trace::Deviation::ImageUnknown),
            std::vector<std::string>{"can't read the module file " +
                                     (directory_.path() / "missing.cubin").string()});
}

TEST_F(LoadsTest, UnknownFormatIsSaid) {
  static constexpr std::array<unsigned char, 64> kNoise = {0x80, 0x81, 0x82, 0x83};
  load(0x10, reinterpret_cast<const char*>(kNoise.data()));
  const LogContents log = finish();
  EXPECT_EQ(log.loads.at(0).fixed.bytes, 0u);
  EXPECT_EQ(log.deviation_texts(trace::Deviation::ImageUnknown).size(), 1u);
}

TEST_F(LoadsTest, StoresAllPartsOfALinkedImage) {
  struct Fatbin {
    std::uint32_t magic = 0xBA55ED50;
    std::uint16_t version = 1, header_bytes = 16;
    std::uint64_t payload_bytes = 8;
    char payload[8];
  };
  static const Fatbin kLinked{.payload = {'l'}}, kInput{.payload = {'i'}};
  static const void* const kInputs[] = {&kInput, nullptr};
  struct {
    std::uint32_t magic = 0x466243B1, version = 2;
    const void* data = &kLinked;
    const void* const* inputs = kInputs;
  } wrapper;
  load(0x10, reinterpret_cast<const char*>(&wrapper));
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  const LogContents log = finish();
  EXPECT_EQ(log.loads.at(0).fixed.kind, static_cast<std::uint16_t>(ImageKind::Linked));
  EXPECT_EQ(log.loads.at(0).fixed.bytes, 2 * sizeof(Fatbin));
  EXPECT_EQ(stored(log, 1, 0).at(16), 'l');
  EXPECT_EQ(stored(log, 1, 1).at(16), 'i');
}

TEST_F(LoadsTest, SaysThatThereIsNoRoomForAnImage) {
  options_.image_bytes = 16;
  load(0x10, std::string(100, 'p').c_str());
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 1u);
  const LogContents log = finish();
  EXPECT_TRUE(log.images.empty());
  EXPECT_EQ(log.deviation_texts(trace::Deviation::ImageUnknown).size(), 1u);
}

TEST_F(LoadsTest, UnloadGivesRoomBack) {
  options_.image_bytes = 150;
  for (int i = 0; i < 5; ++i) {
    load(0x10, std::string(100, 'p').c_str());
    loads().unloading(handle<void*>(0x10));
  }
  load(0x20, std::string(100, 'q').c_str());
  EXPECT_EQ(loads().use(handle<void*>(0x20)), 6u);
  EXPECT_EQ(stored(finish(), 6), std::string(100, 'q'));
}

TEST_F(LoadsTest, HandleThatComesBackUnseenGivesRoomBack) {
  // The modules of a context go with it, without an unload of their own.
  options_.image_bytes = 250;
  for (int i = 0; i < 5; ++i) load(0x10, std::string(100, 'p').c_str());
  EXPECT_EQ(loads().use(handle<void*>(0x10)), 5u);
  EXPECT_EQ(stored(finish(), 5), std::string(100, 'p'));
}

}  // namespace
}  // namespace fib::recorder
