// SPDX-License-Identifier: Apache-2.0
#include "replayer/page_shadow.h"

#include "replayer/operations/executor.h"

namespace fib::replayer {

void PageShadow::drop(std::uint32_t page) {
  if (remembered_[page]) m_.contents.forget(hashes_[page]);
  remembered_[page] = false;
}

void PageShadow::keep(std::uint32_t page, const trace::Hash& hash) {
  drop(page);
  if (!m_.contents.contains(hash, m_.pages.bytes_of(page)) || m_.contents.is_remembered(hash)) {
    m_.contents.remember(hash, m_.pages.read(page));
    remembered_[page] = true;
  }
  hashes_[page] = hash;
  known_[page] = true;
}

std::vector<std::uint32_t> PageShadow::changes() {
  hashes_.resize(m_.plan.pages);
  known_.resize(m_.plan.pages);
  remembered_.resize(m_.plan.pages);
  const std::vector<std::uint32_t>& pages = m_.table.live_pages();
  std::vector<trace::Hash> now;
  m_.table.hash_live_pages(now);
  std::vector<std::uint32_t> changed;
  changed_hashes_.clear();
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (known_[pages[i]] && hashes_[pages[i]] == now[i]) continue;
    changed.push_back(pages[i]);
    changed_hashes_.push_back(now[i]);
  }
  return changed;
}

std::vector<std::uint32_t> PageShadow::look() {
  std::vector<std::uint32_t> changed = changes();
  std::vector<std::uint32_t> known;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (known_[changed[i]]) known.push_back(changed[i]);
    keep(changed[i], changed_hashes_[i]);
    m_.progress.beat();
  }
  return known;
}

void PageShadow::put_back(std::span<const std::uint32_t> pages) {
  std::vector<Contents::Wanted> wanted;
  for (const std::uint32_t page : pages) wanted.push_back({hashes_[page], m_.pages.bytes_of(page)});
  m_.contents.read_many(wanted, [&](std::size_t i, trace::Bytes content) {
    if (content.empty())
      throw ReplayFailed(describe_page(m_.plan, pages[i]) +
                         " can't be put back: its content is damaged");
    m_.pages.write(pages[i], content);
  });
  m_.pages.flush();
}

void PageShadow::set(std::uint32_t page, const trace::Hash& hash) { keep(page, hash); }

}  // namespace fib::replayer
