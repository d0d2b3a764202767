// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "trace/page_file.h"

namespace fib::replayer {

/// Contents by hash: the capture's store, zeros, and what a replay itself has to remember.
class Contents {
 public:
  explicit Contents(const trace::Capture& capture) : capture_(capture), store_(capture) {}

  /// One content that is wanted.
  struct Wanted {
    trace::Hash hash;
    std::uint32_t bytes;
  };
  /// Reads many, on several threads; `visit(i, content)` gets each in order, empty as read() says.
  template <class Visit>
  void read_many(std::span<const Wanted> wanted, Visit&& visit) {
    for (std::size_t done = 0; done < wanted.size(); done += kAtOnce) {
      const auto some = wanted.subspan(done, std::min(kAtOnce, wanted.size() - done));
      read_some(some);
      for (std::size_t i = 0; i < some.size(); ++i)
        visit(done + i, trace::Bytes(buffer_).subspan(i * trace::kPageBytes, found_[i]));
    }
  }

  /// The content of `bytes` bytes with this hash, valid until the next call; empty if nobody has
  /// it, or it is damaged.
  [[nodiscard]] trace::Bytes read(const trace::Hash& hash, std::uint32_t bytes);
  [[nodiscard]] bool contains(const trace::Hash& hash, std::uint32_t bytes) const;
  /// Of a payload: all pieces, one after the other. Empty if one is missing.
  [[nodiscard]] std::vector<std::byte> read_all(std::span<const trace::Hash> hashes,
                                                std::uint64_t bytes);

  /// Keeps a content that the store may not have, until as many forget() of it.
  void remember(const trace::Hash& hash, trace::Bytes content);
  void forget(const trace::Hash& hash);
  [[nodiscard]] bool is_remembered(const trace::Hash& hash) const { return kept_.contains(hash); }
  [[nodiscard]] const std::vector<std::string>& problems() const { return store_.problems(); }

 private:
  struct Kept {
    std::vector<std::byte> content;
    std::uint32_t uses = 0;
  };
  static constexpr std::size_t kAtOnce = 2048;  ///< pages: 128 MiB

  [[nodiscard]] static bool is_zero(const trace::Hash& hash, std::uint32_t bytes);
  [[nodiscard]] trace::Bytes read(trace::PageStore& store, const trace::Hash& hash,
                                  std::uint32_t bytes) const;
  void read_some(std::span<const Wanted> wanted);
  void read_slice(trace::PageStore& store, std::span<const Wanted> wanted, std::size_t first);

  const trace::Capture& capture_;
  trace::PageStore store_;
  std::vector<std::unique_ptr<trace::PageStore>> helpers_;  ///< of other threads
  std::vector<std::byte> buffer_;                           ///< a place of kPageBytes for each
  std::vector<std::uint32_t> found_;                        ///< bytes of each; 0: not there
  std::map<trace::Hash, Kept> kept_;
};

[[nodiscard]] trace::Bytes zero_page(std::uint32_t bytes);

}  // namespace fib::replayer
