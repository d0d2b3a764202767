// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/strip.h"

#include <system_error>

#include "trace/edit/capture_copy.h"
#include "trace/edit/vendor_images.h"

namespace fib::trace {
namespace {

namespace fs = std::filesystem;

/// Every image of the capture, and why it is to go; empty if it stays.
std::map<Hash, std::string> judge(const Capture& capture, StripSummary& summary) {
  VendorImages images;
  for (const ProcessLog& process : capture.processes) {
    const ReadResult result = read_log_file(process.log, images);
    // What can't be read can't be judged either.
    if (result.status == ReadStatus::Refused) throw CaptureError(result.message);
    if (!result.message.empty()) summary.warnings.push_back(result.message);
    images.next_log();
  }
  return images.reasons();
}

}  // namespace

StripSummary strip_vendor_images(const Capture& capture, const fs::path& out) {
  StripSummary summary;
  const std::map<Hash, std::string> images = judge(capture, summary);
  CaptureCopy copy(capture, out);
  std::string list;
  for (const auto& [hash, reason] : images) {
    if (reason.empty()) {
      summary.kept += copy.copy_image(hash);
      continue;
    }
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(image_path(capture, hash), error);
    if (error) continue;  // it was not there in the first place
    list += hash_hex(hash) + ' ' + std::to_string(bytes) + ' ' + reason + '\n';
    ++summary.stripped;
    summary.stripped_bytes += bytes;
  }
  for (const ProcessLog& process : capture.processes)
    copy.copy(process.directory.filename() / "log.fib");
  copy.copy("pages");
  copy.write("stripped.txt", list);
  return summary;
}

}  // namespace fib::trace
