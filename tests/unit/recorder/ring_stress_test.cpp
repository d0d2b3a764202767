// SPDX-License-Identifier: Apache-2.0
//
// One producer and one consumer at full speed: order and content of every record are checked.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "recorder/ring.h"

namespace fib::recorder {
namespace {

struct Head {
  std::uint32_t bytes;  ///< of the record
  std::uint32_t number;
};

std::byte filler(std::uint32_t number, std::size_t i) {
  return static_cast<std::byte>(number * 31 + i);
}

/// Which sizes of records are drawn.
enum class Sizes { Small, Mixed, Halves };

struct Case {
  std::size_t ring_bytes;
  Sizes sizes;
};

/// A multiple of 8, and at most half the ring: what is larger may never fit between two laps.
std::size_t draw(std::mt19937& random, const Case& c) {
  const std::size_t most = c.ring_bytes / 2;
  std::size_t limit = most;
  if (c.sizes == Sizes::Small) limit = std::min<std::size_t>(most, 64);
  if (c.sizes == Sizes::Mixed && random() % 8 != 0) limit = std::min<std::size_t>(most, 128);
  const std::size_t least = c.sizes == Sizes::Halves ? most / 2 : sizeof(Head);
  return (least + random() % (limit - least + 1)) / 8 * 8;
}

/// Records numbered 0, 1, 2 ... until `laps` times the ring's size has been committed.
std::uint32_t produce(Ring& ring, const Case& c, std::size_t laps) {
  std::mt19937 random(static_cast<unsigned>(c.ring_bytes) + static_cast<unsigned>(c.sizes));
  std::size_t committed = 0;
  std::uint32_t number = 0;
  while (committed < laps * c.ring_bytes) {
    const std::size_t reserved = draw(random, c);
    std::byte* room = nullptr;
    while ((room = ring.reserve(reserved)) == nullptr) std::this_thread::yield();
    if (random() % 16 == 0) {  // thought better of it
      std::memset(room, 0xee, reserved);
      continue;
    }
    std::size_t bytes = reserved;
    if (random() % 16 == 0) bytes = sizeof(Head) + (reserved - sizeof(Head)) / 16 * 8;
    const Head head{static_cast<std::uint32_t>(bytes), number};
    std::memcpy(room, &head, sizeof head);
    for (std::size_t i = sizeof head; i < bytes; ++i) room[i] = filler(number, i);
    ring.commit(bytes);
    committed += bytes;
    ++number;
  }
  return number;
}

/// Number of the record after those in `bytes`; says what is wrong with them.
std::uint32_t check(std::span<const std::byte> bytes, std::uint32_t next) {
  while (!bytes.empty()) {
    Head head{};
    if (bytes.size() < sizeof head) throw std::runtime_error("a record is cut");
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.number != next) throw std::runtime_error("a record is missing or out of order");
    if (head.bytes < sizeof head || head.bytes > bytes.size())
      throw std::runtime_error("a record goes over the end");
    for (std::size_t i = sizeof head; i < head.bytes; ++i)
      if (bytes[i] != filler(next, i)) throw std::runtime_error("a record has wrong content");
    bytes = bytes.subspan(head.bytes);
    ++next;
  }
  return next;
}

class RingStress : public testing::TestWithParam<Case> {};

TEST_P(RingStress, KeepsOrderAndContent) {
  // Large rings are there for the places where a producer may choose to start over.
  const std::size_t laps = GetParam().ring_bytes > (1u << 16) ? 8 : 60;
  std::vector<std::byte> memory(GetParam().ring_bytes);
  Ring ring(memory.data(), memory.size());
  std::atomic<bool> done{false};
  std::uint32_t produced = 0;
  std::thread producer([&] {
    produced = produce(ring, GetParam(), laps);
    done.store(true);
  });
  std::uint32_t next = 0;
  std::string problem;
  for (bool last = false; !last;) {
    last = done.load();
    const Ring::Pending pending = ring.pending();
    try {
      if (problem.empty()) next = check(pending.second, check(pending.first, next));
    } catch (const std::exception& error) {
      problem = error.what();  // and go on, or the producer would wait for ever
    }
    ring.release(pending);
    if (pending.bytes() == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(problem, "") << "at record " << next;
  EXPECT_EQ(next, produced);
  EXPECT_EQ(ring.pending().bytes(), 0u);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const std::size_t bytes : {256u, 512u, 1024u, 4096u, 65536u, 1048576u})
    for (const Sizes sizes : {Sizes::Small, Sizes::Mixed, Sizes::Halves})
      result.push_back({bytes, sizes});
  return result;
}

std::string case_name(const testing::TestParamInfo<Case>& test) {
  static constexpr const char* kNames[] = {"Small", "Mixed", "Halves"};
  return std::to_string(test.param.ring_bytes) + kNames[static_cast<int>(test.param.sizes)];
}

INSTANTIATE_TEST_SUITE_P(Rings, RingStress, testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace fib::recorder
