// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/recover.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "trace/chunk_encoder.h"
#include "trace/edit/cut_windows.h"
#include "trace/encoder.h"
#include "trace/mapped_file.h"
#include "trace/page_scanner.h"

namespace fib::trace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCutText = "cut with its process; recovered without digests";
constexpr const char* kNoImageText = "cut with its process; its memory image is not complete";

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw CaptureError(path.string() + ": " + why);
}

std::string reason(int error) { return " (" + std::generic_category().message(error) + ")"; }

/// True if that process runs and has the log open.
bool still_records(std::uint32_t pid, const fs::path& log) {
  std::error_code error;
  const fs::path mine = fs::canonical(log, error);
  if (error || pid == 0) return false;
  fs::directory_iterator entry("/proc/" + std::to_string(pid) + "/fd", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(entry->path(), unreadable) == mine) return true;
  }
  return false;
}

/// Cuts the file to `size` and appends `bytes`.
void rewrite_end(const fs::path& path, std::uint64_t size, Bytes bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail(path, "can't be written" + reason(errno));
  int error = ::ftruncate(fd, static_cast<off_t>(size)) < 0 ? errno : 0;
  auto at = static_cast<off_t>(size);
  while (error == 0 && !bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      error = written < 0 ? errno : EIO;
      break;
    }
    at += written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error != 0) fail(path, "can't be written" + reason(error) + "; make room and try again");
}

/// Page files of this process lose a half-written pair.
std::uint64_t cut_page_files(const Capture& capture, const ProcessLog& process) {
  std::uint64_t cut = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(pages_path(capture), error)) {
    if (!entry.path().filename().string().starts_with(process.name + "-")) continue;
    std::uint64_t good = 0, size = 0;
    {
      const MappedFile file(entry.path());
      PageScanner scanner(file.bytes());
      PagePair pair;
      while (scanner.next(pair)) {
      }
      if (!scanner.truncated()) continue;
      good = scanner.good_end();
      size = file.bytes().size();
    }
    rewrite_end(entry.path(), good, {});
    cut += size - good;
  }
  return cut;
}

class PidVisitor : public Visitor {
 public:
  void on_process(const Process& process) override { pid = process.fixed.pid; }
  std::uint32_t pid = 0;
};

/// The definitions that end the windows, behind the prefix of their chunk; empty without windows.
RecordBuffer window_ends(const std::vector<CutWindow>& windows) {
  RecordBuffer records;
  const RecordsPrefix prefix{kDefinitionsThread, 0};
  bool ok = windows.empty() || records.append(&prefix, sizeof prefix);
  for (const CutWindow& window : windows) {
    WindowRecord fixed{};
    fixed.window = window.window;
    fixed.phase = static_cast<std::uint16_t>(WindowPhase::End);
    fixed.reason = static_cast<std::uint16_t>(WindowReason::Failure);
    fixed.verify = static_cast<std::uint32_t>(VerifyLevel::None);
    const std::string text = window.image_missing ? kNoImageText : kCutText;
    ok = ok && encode_window(records, window.end, fixed, text) &&
         encode_deviation(records, window.end, Deviation::WindowCut,
                          "window " + std::to_string(window.window) + " was " + text);
  }
  if (!ok) throw std::bad_alloc();
  return records;
}

/// What belongs behind the last whole chunk.
RecordBuffer tail(const CutWindows& log, std::uint64_t sequence) {
  ChunkEncoder encoder(0);
  RecordBuffer chunks;
  const RecordBuffer ends = window_ends(log.cut());
  const EndPayload end = log.totals();
  bool ok = true;
  if (!ends.empty())
    ok = encoder.append(chunks, ChunkType::Definitions, sequence++, {ends.bytes()}) == 0;
  ok = ok &&
       encoder.append(chunks, ChunkType::End, sequence, {std::as_bytes(std::span(&end, 1))}) == 0;
  if (!ok) throw std::bad_alloc();
  return chunks;
}

void close_log(const Capture& capture, const ProcessLog& process, RecoverSummary& summary) {
  const PageStore store(capture);
  CutWindows log(store);
  const ReadResult result = read_log_file(process.log, log);
  if (result.status == ReadStatus::Refused || result.good_bytes == 0)
    throw CaptureError(result.message);
  summary.records = log.totals().records;
  summary.launches = log.totals().launches;
  if (result.status == ReadStatus::Damaged) summary.damage = result.message;
  for (const CutWindow& window : log.cut())
    summary.windows.push_back("window " + std::to_string(window.window) + " was " +
                              (window.image_missing ? kNoImageText : kCutText));
  // Killed between the End and the renaming: nothing is missing.
  if (result.status == ReadStatus::Complete) return;
  summary.cut_bytes += result.file_bytes - result.good_bytes;
  rewrite_end(process.log, result.good_bytes, tail(log, result.next_sequence).bytes());
}

fs::path closed_name(const ProcessLog& process) {
  const fs::path path = process.directory.parent_path() / process.name;
  std::error_code error;
  if (fs::exists(path, error))
    fail(path, "there already, so " + process.directory.string() + " can't get that name");
  return path;
}

}  // namespace

RecoverSummary recover_process(const Capture& capture, const ProcessLog& process) {
  if (process.closed) fail(process.directory, "closed already, nothing is to be recovered");
  PidVisitor started;
  (void)read_log_file(process.log, started);
  if (still_records(started.pid, process.log))
    fail(process.directory, "process " + std::to_string(started.pid) +
                                " still records into it; wait for it to end, or end it");
  const fs::path closed = closed_name(process);
  RecoverSummary summary;
  summary.name = process.name;
  summary.cut_bytes = cut_page_files(capture, process);
  close_log(capture, process, summary);
  std::error_code error;
  fs::rename(process.directory, closed, error);
  if (error) fail(process.directory, "can't be renamed (" + error.message() + ")");
  return summary;
}

}  // namespace fib::trace
