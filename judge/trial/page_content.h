// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "judge/compare/tensor.h"
#include "trace/records.h"

namespace fib::judge {

/// Content of one page. All states that have it share it, and are compared by its hash.
class PageContent {
 public:
  explicit PageContent(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  PageContent(Bytes bytes, const trace::Hash& hash)
      : bytes_(bytes.begin(), bytes.end()), hash_(hash) {}

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] const trace::Hash& hash() const;
  /// Whether anybody knows its hash: from then on it does not change.
  [[nodiscard]] bool is_settled() const { return hash_.has_value(); }
  [[nodiscard]] std::span<std::byte> change() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  mutable std::optional<trace::Hash> hash_;  ///< once somebody asked
};

using SharedPage = std::shared_ptr<PageContent>;

/// Contents that some state still has, by hash: what is known need not be read back.
class KnownPages {
 public:
  /// Null: nobody has it.
  [[nodiscard]] SharedPage find(const trace::Hash& hash) const;
  void add(const SharedPage& page) { pages_[page->hash()] = page; }
  void drop_unused();

 private:
  std::map<trace::Hash, std::weak_ptr<PageContent>> pages_;
};

/// Whole pages of patterns. A pattern repeats itself, so there are few of them.
class PatternPages {
 public:
  /// The page at this address.
  [[nodiscard]] const SharedPage& page(std::uint64_t seed, std::uint32_t pattern,
                                       std::uint64_t address);

 private:
  std::map<std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>, SharedPage> pages_;
};

}  // namespace fib::judge
