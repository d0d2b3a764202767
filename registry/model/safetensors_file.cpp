// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <type_traits>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "registry/model/safetensors.h"

namespace fib::registry {
namespace {

constexpr std::string_view kLfsMark = "version https://git-lfs.github.com/spec/v1";

std::string reason(int error) { return std::generic_category().message(error); }

// Reads through the file, not the mapping, so that a file that is being cut gives an error.
bool read_at(int fd, std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return true;
}

bool is_lfs_pointer(int fd) {
  std::array<std::byte, kLfsMark.size()> text{};
  return read_at(fd, 0, text) && std::memcmp(text.data(), kLfsMark.data(), text.size()) == 0;
}

template <typename Stored>
std::optional<Number> load(std::span<const std::byte> bytes, std::uint64_t index) {
  if (index >= bytes.size() / sizeof(Stored)) return std::nullopt;
  Stored value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  if constexpr (std::is_floating_point_v<Stored>) {
    return Number(static_cast<double>(value));
  } else {
    return Number(static_cast<std::int64_t>(value));
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) {
  // Without O_NONBLOCK a FIFO would wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    fail("cannot be opened: " + reason(errno));
  } else {
    read(fd);
    ::close(fd);
  }
}

SafetensorsFile::~SafetensorsFile() {
  if (!file_.empty()) ::munmap(const_cast<std::byte*>(file_.data()), file_.size());
}

void SafetensorsFile::fail(std::string error) {
  header_ = {};
  header_.error = std::move(error);
}

void SafetensorsFile::read(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) < 0) return fail("cannot be read: " + reason(errno));
  if (!S_ISREG(status.st_mode)) return fail("is no regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (is_lfs_pointer(fd)) return fail("is a Git LFS pointer, not the tensors themselves");
  std::array<std::byte, 8> first{};
  if (size < first.size() || !read_at(fd, 0, first)) {
    return fail("too short for a safetensors file");
  }
  const auto [length, problem] = header_length(first, size);
  if (!problem.empty()) return fail(problem);
  std::string text(length, '\0');
  if (!read_at(fd, first.size(), std::as_writable_bytes(std::span(text)))) {
    return fail("the header cannot be read");
  }
  header_ = read_header(text, size);
  if (!header_.ok()) return;
  void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (start == MAP_FAILED) return fail("cannot be mapped: " + reason(errno));
  file_ = {static_cast<const std::byte*>(start), size};
}

std::span<const std::byte> SafetensorsFile::bytes(const TensorInfo& tensor) const {
  return file_.subspan(header_.data_offset + tensor.begin, tensor.bytes());
}

std::optional<Number> SafetensorsFile::element(const TensorInfo& tensor,
                                               std::uint64_t index) const {
  const auto data = bytes(tensor);
  if (tensor.dtype == "I64") return load<std::int64_t>(data, index);
  if (tensor.dtype == "I32") return load<std::int32_t>(data, index);
  if (tensor.dtype == "I16") return load<std::int16_t>(data, index);
  if (tensor.dtype == "I8") return load<std::int8_t>(data, index);
  if (tensor.dtype == "U32") return load<std::uint32_t>(data, index);
  if (tensor.dtype == "U16") return load<std::uint16_t>(data, index);
  if (tensor.dtype == "U8" || tensor.dtype == "BOOL") return load<std::uint8_t>(data, index);
  if (tensor.dtype == "F32") return load<float>(data, index);
  if (tensor.dtype == "F64") return load<double>(data, index);
  return std::nullopt;
}

}  // namespace fib::registry
