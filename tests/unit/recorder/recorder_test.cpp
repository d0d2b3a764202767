// SPDX-License-Identifier: Apache-2.0
#include "recorder_test.h"

#include <deque>
#include <fstream>
#include <iterator>

#include "recorder/clock.h"

namespace fib::recorder::test {
namespace {

/// What must outlive the test: reachable, so that it is no leak.
struct Forever {
  std::deque<std::string> texts;
  std::deque<driver::DriverApi> apis;
  std::vector<Recorder*> recorders;
};
Forever& forever() {
  static auto* const kept = new Forever;
  return *kept;
}

}  // namespace

TempDirectory::TempDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "fib-recorder-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

TempDirectory::~TempDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::filesystem::path TempDirectory::write(const std::string& name, std::string_view text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return path_ / name;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count_of(std::string_view needle, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + needle.size()))
    ++count;
  return count;
}

RecorderTest::RecorderTest() : api_(forever().apis.emplace_back(fake_api())) {
  reset_fake();
  // This thread's ring belongs to the recorder of the test before.
  t_log = nullptr;
  options_.capture_dir = forever().texts.emplace_back(capture_path().string()).c_str();
  options_.ring_bytes = 1u << 16;
}

RecorderTest::~RecorderTest() {
  // Before its directory goes, or it would complain.
  if (recorder_ != nullptr) recorder_->session.flush(20'000'000'000u);
}

Recorder& RecorderTest::recorder() {
  if (recorder_ == nullptr) {
    recorder_ = new Recorder(options_, api_);
    forever().recorders.push_back(recorder_);
  }
  return *recorder_;
}

void RecorderTest::make_another_recorder() {
  recorder_ = nullptr;
  t_log = nullptr;
}

LogContents RecorderTest::finish_and_read() {
  session().finish();
  LogContents contents = read_capture(capture_path());
  EXPECT_EQ(contents.result.status, trace::ReadStatus::Complete) << contents.result.message;
  EXPECT_TRUE(contents.closed);
  return contents;
}

LogContents RecorderTest::flush_and_read() {
  session().flush(20'000'000'000u);
  return read_capture(capture_path());
}

void RecorderTest::record_call(std::uint64_t value) {
  recorder().calls.call<driver::Api::cuInit>(CUDA_SUCCESS, ticks(),
                                             static_cast<unsigned int>(value));
}

}  // namespace fib::recorder::test
