// SPDX-License-Identifier: Apache-2.0
#include "replayer/contents.h"

#include <thread>

namespace fib::replayer {
namespace {

constexpr unsigned kMostThreads = 8;
constexpr std::size_t kWorthThreads = 256;  ///< pages

}  // namespace

trace::Bytes zero_page(std::uint32_t bytes) {
  static const std::vector<std::byte> kZeros(trace::kPageBytes);
  return trace::Bytes(kZeros).first(bytes);
}

bool Contents::is_zero(const trace::Hash& hash, std::uint32_t bytes) {
  static const trace::Hash kWhole = trace::content_hash(zero_page(trace::kPageBytes));
  if (bytes > trace::kPageBytes) return false;
  return hash == (bytes == trace::kPageBytes ? kWhole : trace::content_hash(zero_page(bytes)));
}

trace::Bytes Contents::read(trace::PageStore& store, const trace::Hash& hash,
                            std::uint32_t bytes) const {
  if (const auto kept = kept_.find(hash); kept != kept_.end()) return kept->second.content;
  if (is_zero(hash, bytes)) return zero_page(bytes);
  const trace::Bytes content = store.read(hash);
  return content.size() == bytes ? content : trace::Bytes();
}

trace::Bytes Contents::read(const trace::Hash& hash, std::uint32_t bytes) {
  return read(store_, hash, bytes);
}

void Contents::read_slice(trace::PageStore& store, std::span<const Wanted> wanted,
                          std::size_t first) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const trace::Bytes content = read(store, wanted[i].hash, wanted[i].bytes);
    found_[first + i] = static_cast<std::uint32_t>(content.size());
    std::ranges::copy(
        content, buffer_.begin() + static_cast<std::ptrdiff_t>((first + i) * trace::kPageBytes));
  }
}

void Contents::read_some(std::span<const Wanted> wanted) {
  buffer_.resize(std::max(buffer_.size(), wanted.size() * trace::kPageBytes));
  found_.assign(wanted.size(), 0);
  if (wanted.size() < kWorthThreads) return read_slice(store_, wanted, 0);
  const std::size_t threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  // Pages that were stored one after the other are read fastest so.
  const std::size_t slice = (wanted.size() + threads - 1) / threads;
  std::vector<std::thread> workers;
  for (std::size_t i = 1; i * slice < wanted.size(); ++i) {
    if (helpers_.size() < i) helpers_.push_back(std::make_unique<trace::PageStore>(capture_));
    const auto part = wanted.subspan(i * slice, std::min(slice, wanted.size() - i * slice));
    workers.emplace_back([this, i, part, slice] { read_slice(*helpers_[i - 1], part, i * slice); });
  }
  read_slice(store_, wanted.first(std::min(slice, wanted.size())), 0);
  for (std::thread& worker : workers) worker.join();
}

bool Contents::contains(const trace::Hash& hash, std::uint32_t bytes) const {
  return kept_.contains(hash) || store_.contains(hash) || is_zero(hash, bytes);
}

std::vector<std::byte> Contents::read_all(std::span<const trace::Hash> hashes,
                                          std::uint64_t bytes) {
  std::vector<std::byte> all;
  if (hashes.empty() || (bytes - 1) / trace::kPageBytes + 1 != hashes.size()) return all;
  for (const trace::Hash& hash : hashes) {
    const auto piece =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes - all.size(), trace::kPageBytes));
    const trace::Bytes content = read(hash, piece);
    if (content.size() != piece) return {};
    all.insert(all.end(), content.begin(), content.end());
  }
  return all;
}

void Contents::remember(const trace::Hash& hash, trace::Bytes content) {
  Kept& kept = kept_[hash];
  if (kept.uses++ == 0) kept.content.assign(content.begin(), content.end());
}

void Contents::forget(const trace::Hash& hash) {
  const auto found = kept_.find(hash);
  if (found != kept_.end() && --found->second.uses == 0) kept_.erase(found);
}

}  // namespace fib::replayer
