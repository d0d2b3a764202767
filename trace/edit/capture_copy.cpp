// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/capture_copy.h"

#include <ctime>
#include <system_error>
#include <vector>

#include "trace/page_file.h"

namespace fib::trace {
namespace {

namespace fs = std::filesystem;

constexpr int kPageLevel = 3;

[[noreturn]] void fail(const fs::path& path, const char* what, const std::error_code& error) {
  throw CaptureError(path.string() + ": " + what + " (" + error.message() + ")");
}
void check(const fs::path& path, int error) {
  if (error != 0) fail(path, "can't be written", {error, std::generic_category()});
}

std::uint64_t now_unix_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

CaptureCopy::CaptureCopy(const Capture& from, fs::path to) : from_(from), to_(std::move(to)) {
  std::error_code error;
  if (fs::exists(to_, error) && !fs::is_empty(to_, error)) {
    throw CaptureError(to_.string() + ": there already; name a directory that does not exist yet");
  }
  make("");
  make("images");
}

void CaptureCopy::make(const fs::path& directory) const {
  std::error_code error;
  fs::create_directories(to_ / directory, error);
  if (error) fail(to_ / directory, "can't be made", error);
}

fs::path CaptureCopy::process_directory(const ProcessLog& process) {
  const fs::path name = process.directory.filename();
  make(name);
  return to_ / name;
}

bool CaptureCopy::copy_image(std::span<const std::uint8_t, 16> hash) {
  const fs::path source = image_path(from_, hash);
  std::error_code error;
  if (!fs::is_regular_file(source, error)) return false;
  if (fs::copy_file(source, to_ / "images" / source.filename(), fs::copy_options::skip_existing,
                    error)) {
    ++images_;
  }
  if (error) fail(source, "can't be copied", error);
  return true;
}

void CaptureCopy::copy_pages(const std::set<Hash>& hashes, const ProcessLog& process) {
  if (hashes.empty()) return;
  PageStore store(from_);
  std::vector<Hash> order(hashes.begin(), hashes.end());
  store.sort_as_stored(order);
  if (order.empty()) return;
  make("pages");
  const fs::path path = to_ / "pages" / (process.name + "-0.fib");
  int error = 0;
  auto sink = open_file_sink(path.c_str(), error);
  check(path, error);
  PageFileWriter writer(std::move(sink), now_unix_ns(), kPageLevel);
  for (const Hash& hash : order) {
    const Bytes content = store.read(hash);
    if (content.empty()) continue;
    check(path, writer.add(hash, content));
    ++pages_;
    page_bytes_ += content.size();
  }
  check(path, writer.flush());
}

void CaptureCopy::copy(const fs::path& relative) {
  const fs::path source = from_.directory / relative;
  std::error_code error;
  if (!fs::exists(source, error)) return;
  make(relative.parent_path());
  const auto options = fs::copy_options::recursive | fs::copy_options::skip_symlinks;
  fs::copy(source, to_ / relative, options, error);
  if (error) fail(source, "can't be copied", error);
}

void CaptureCopy::write(const fs::path& relative, const std::string& text) {
  int error = 0;
  auto sink = open_file_sink((to_ / relative).c_str(), error);
  check(to_ / relative, error);
  check(to_ / relative, sink->append(std::as_bytes(std::span(text))));
}

}  // namespace fib::trace
