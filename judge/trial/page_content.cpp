// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/page_content.h"

#include "judge/trial/pattern.h"
#include "trace/checksum.h"

namespace fib::judge {

const trace::Hash& PageContent::hash() const {
  if (!hash_) hash_ = trace::content_hash(bytes_);
  return *hash_;
}

SharedPage KnownPages::find(const trace::Hash& hash) const {
  const auto found = pages_.find(hash);
  return found == pages_.end() ? nullptr : found->second.lock();
}

void KnownPages::drop_unused() {
  std::erase_if(pages_, [](const auto& known) { return known.second.expired(); });
}

const SharedPage& PatternPages::page(std::uint64_t seed, std::uint32_t pattern,
                                     std::uint64_t address) {
  SharedPage& page = pages_[{seed, pattern, address % kPatternBytes}];
  if (page == nullptr) {
    std::vector<std::byte> content(trace::kPageBytes);
    fill_pattern(content, seed, pattern, address);
    page = std::make_shared<PageContent>(std::move(content));
  }
  return page;
}

}  // namespace fib::judge
