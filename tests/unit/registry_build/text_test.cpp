// SPDX-License-Identifier: Apache-2.0
// SHA-256, base64, and what is read from PTX and from logs of ptxas.
#include <gtest/gtest.h>

#include "registry/build/base64.h"
#include "registry/build/cubin.h"
#include "registry/build/module_builder.h"
#include "registry/build/sha256.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

// The examples of FIPS 180-4, and lengths around the padding.
TEST(Sha256, HashesAsTheStandardSays) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotCareAboutPieces) {
  const std::string text(300, 'x');
  for (std::size_t size = 1; size < 130; ++size) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += size) {
      hash.add(std::string_view(text).substr(at, size));
    }
    EXPECT_EQ(hash.hex(), sha256(text)) << size;
  }
}

TEST(Base64, ReadsWhatItWrites) {
  EXPECT_EQ(to_base64("Man"), "TWFu");
  EXPECT_EQ(to_base64("Ma"), "TWE=");
  EXPECT_EQ(to_base64("M"), "TQ==");
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 7);
  }
  EXPECT_EQ(from_base64("TW\nFu\r\n"), "Man");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"T", "TWF", "TWF$", "TQ=", "TQ==TQ==", "=", "TWE=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(PtxText, NamesItsEntriesAndTarget) {
  const std::string text = std::string("// .entry no(\n/* .target sm_10 */\n") + testing::kPtx +
                           ".weak .entry\n other$1(.param .u64 x) {}\n";
  const auto entries = ptx_entries(text);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "store_one");
  EXPECT_EQ(entries[1].name, "other$1");
  EXPECT_EQ(to_string(*ptx_target(text)), "compute_90");
  EXPECT_FALSE(ptx_target("int main() {}"));
  EXPECT_TRUE(ptx_entries(".entry /* never ends").empty());
}

TEST(PtxasLog, BelongsToTheFunctionThatItNames) {
  std::vector<Entry> entries(2);
  entries[0].name = "a";
  entries[1].name = "b";
  entries[1].shared = 5;
  add_ptxas_log(
      "ptxas info    : Compiling entry function 'b' for 'sm_90a'\n"
      "ptxas info    : Function properties for b\n"
      "ptxas         .     64 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads\n"
      "ptxas info    : Used 32 registers, used 1 barriers, 80 bytes cumulative stack size\n"
      "ptxas info    : Function properties for helper\n"
      "ptxas         .     0 bytes stack frame, 99 bytes spill stores, 99 bytes spill loads\n"
      "info    : Function properties for 'b':\n"
      "info    : used 1 registers, 0 stack, 1536 bytes smem\n",
      entries);
  EXPECT_FALSE(entries[0].registers);
  EXPECT_EQ(entries[1].registers, 32u);
  EXPECT_EQ(entries[1].local, 80u);
  EXPECT_EQ(entries[1].spill_stores, 4u);
  EXPECT_EQ(entries[1].spill_loads, 12u);
  EXPECT_EQ(entries[1].shared, 5u);
}

TEST(Diagnostics, HavePlacesAndNoNumbers) {
  EXPECT_EQ(diagnostics("dir/a.cu(3): error: identifier \"q\" is undefined\n  q\n\n"
                        "ptxas info    : Used 3 registers\n",
                        "a.cu"),
            "dir/a.cu:3: error: identifier \"q\" is undefined\n  q\n");
  EXPECT_EQ(diagnostics("ptxas application ptx input, line 4; fatal   : Parsing error\n", "a.ptx"),
            "a.ptx:4: fatal   : Parsing error\n");
  EXPECT_EQ(diagnostics("f(x): is fine\n", "a.cu"), "f(x): is fine\n");
  EXPECT_EQ(diagnostics("\n\n", "a.cu"), "");
}

}  // namespace
}  // namespace fib::build
