// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

#include "trace/inflate.h"
#include "trace/mapped_file.h"
#include "trace/page_file.h"
#include "trace/page_scanner.h"

namespace fib::trace {
namespace {

namespace fs = std::filesystem;

/// Where one copy of a page lies.
struct Place {
  Hash hash;
  std::uint32_t chunk;   ///< index into the store's chunks
  std::uint32_t offset;  ///< within the raw payload
  std::uint32_t bytes;
};

bool operator<(const Place& place, const Hash& hash) { return place.hash < hash; }
bool operator<(const Hash& hash, const Place& place) { return hash < place.hash; }

struct StoredChunk {
  ChunkView view;
  bool damaged;  ///< found out when it was inflated
};

/// A page that was stored twice has a second chance, but damage must not cost without limit.
constexpr std::ptrdiff_t kCopiesToTry = 4;

/// One chunk, inflated.
struct Slot {
  Inflater inflater;
  Bytes raw;
  std::uint32_t chunk = UINT32_MAX;
  std::uint64_t used = 0;
};

std::vector<fs::path> page_files(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(directory, error))) return {};
  std::vector<fs::path> files;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".fib") files.push_back(entry->path());
  }
  if (error) {
    throw CaptureError(directory.string() + ": cannot be listed (" + error.message() +
                       "); check its permissions");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

struct PageStore::State {
  void add_file(const fs::path& path);
  void add_pair(const PagePair& pair);
  void sort();
  [[nodiscard]] std::pair<const Place*, const Place*> find(const Hash& hash) const;
  [[nodiscard]] Bytes raw_of(std::uint32_t chunk);
  [[nodiscard]] Bytes inflate(std::uint32_t chunk);

  std::vector<std::unique_ptr<MappedFile>> files;
  std::vector<StoredChunk> chunks;
  std::vector<Place> places;  ///< by hash, then as stored
  std::array<Slot, 4> slots;
  std::uint64_t clock = 0;
  std::size_t different = 0;
  std::vector<std::string> problems;
};

void PageStore::State::add_file(const fs::path& path) {
  auto file = std::make_unique<MappedFile>(path);
  if (!file->error().empty()) {
    problems.push_back(path.string() + ": " + file->error());
    return;
  }
  PageScanner scanner(file->bytes());
  PagePair pair;
  while (scanner.next(pair)) add_pair(pair);
  if (!scanner.problem().empty()) problems.push_back(path.string() + ": " + scanner.problem());
  files.push_back(std::move(file));
}

void PageStore::State::add_pair(const PagePair& pair) {
  const auto chunk = static_cast<std::uint32_t>(chunks.size());
  chunks.push_back({pair.pages, false});
  std::uint32_t offset = 0;
  for (Bytes index = pair.index; !index.empty(); index = index.subspan(sizeof(PageEntry))) {
    PageEntry entry;
    std::memcpy(&entry, index.data(), sizeof entry);
    places.push_back({std::to_array(entry.hash), chunk, offset, entry.bytes});
    offset += padded(entry.bytes);
  }
}

void PageStore::State::sort() {
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.hash < b.hash; });
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i == 0 || places[i].hash != places[i - 1].hash) ++different;
  }
}

std::pair<const Place*, const Place*> PageStore::State::find(const Hash& hash) const {
  return std::equal_range(places.data(), places.data() + places.size(), hash);
}

/// Empty if the chunk is damaged.
Bytes PageStore::State::raw_of(std::uint32_t chunk) {
  if (chunks[chunk].view.header.flags == 0) return chunks[chunk].view.stored;
  for (Slot& slot : slots) {
    if (slot.chunk != chunk) continue;
    slot.used = ++clock;
    return slot.raw;
  }
  return chunks[chunk].damaged ? Bytes() : inflate(chunk);
}

Bytes PageStore::State::inflate(std::uint32_t chunk) {
  Slot& slot = *std::min_element(slots.begin(), slots.end(),
                                 [](const Slot& a, const Slot& b) { return a.used < b.used; });
  slot.chunk = UINT32_MAX;
  if (slot.inflater.inflate(chunks[chunk].view, slot.raw) != InflateStatus::Done) {
    chunks[chunk].damaged = true;
    return {};
  }
  slot.chunk = chunk;
  slot.used = ++clock;
  return slot.raw;
}

PageStore::PageStore(const Capture& capture) : state_(std::make_unique<State>()) {
  for (const fs::path& file : page_files(pages_path(capture))) state_->add_file(file);
  state_->sort();
}

PageStore::~PageStore() = default;

bool PageStore::contains(const Hash& hash) const noexcept { return bytes_of(hash) != 0; }

std::uint32_t PageStore::bytes_of(const Hash& hash) const noexcept {
  const auto [first, last] = state_->find(hash);
  return first == last ? 0 : first->bytes;
}

std::size_t PageStore::size() const noexcept { return state_->different; }

Bytes PageStore::read(const Hash& hash) {
  const auto [first, last] = state_->find(hash);
  const Place* const end = first + std::min(last - first, kCopiesToTry);
  for (const Place* place = first; place != end; ++place) {
    const Bytes raw = state_->raw_of(place->chunk);
    if (raw.empty()) continue;
    const Bytes page = raw.subspan(place->offset, place->bytes);
    if (content_hash(page) == hash) return page;
  }
  return {};
}

void PageStore::sort_as_stored(std::vector<Hash>& hashes) const {
  std::vector<const Place*> found;
  for (const Hash& hash : hashes) {
    const auto [first, last] = state_->find(hash);
    if (first != last) found.push_back(first);
  }
  std::sort(found.begin(), found.end(), [](const Place* a, const Place* b) {
    return std::pair(a->chunk, a->offset) < std::pair(b->chunk, b->offset);
  });
  hashes.clear();
  for (const Place* place : found) hashes.push_back(place->hash);
}

const std::vector<std::string>& PageStore::problems() const noexcept { return state_->problems; }

fs::path pages_path(const Capture& capture) { return capture.directory / "pages"; }

}  // namespace fib::trace
