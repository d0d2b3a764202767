// SPDX-License-Identifier: Apache-2.0
#include "recorder/image.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fib::recorder {
namespace {

using trace::ImageKind;

constexpr std::uint32_t kWrapperMagic = 0x466243B1;  // fatbinary_section.h: FATBINC_MAGIC
constexpr std::uint32_t kFatbinMagic = 0xBA55ED50;
constexpr std::size_t kMaxImageBytes = std::size_t{4} << 30;
constexpr std::size_t kMaxPtxBytes = std::size_t{256} << 20;

/// __fatBinC_Wrapper_t of fatbinary_section.h.
struct Wrapper {
  std::uint32_t magic, version;
  const void* data;
  const void* const* filename_or_fatbins;
};

struct FatbinHeader {
  std::uint32_t magic;
  std::uint16_t version, header_bytes;
  std::uint64_t payload_bytes;
};

template <class T>
bool peek(const void* at, T& value) noexcept {
  return copy_safely(&value, at, sizeof value);
}

/// One past the end of `count` entries of `bytes` each at `offset`; without overflow, whatever is
/// asked.
std::size_t end_of(std::size_t offset, std::size_t count, std::size_t bytes) noexcept {
  std::size_t size = 0, end = 0;
  if (__builtin_mul_overflow(count, bytes, &size) || __builtin_add_overflow(offset, size, &end))
    return SIZE_MAX;
  return end;
}

const void* address_of(const std::byte* data, std::size_t offset) noexcept {
  return reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(data) + offset);
}

/// Where the last section ends; SIZE_MAX if the section headers can't be read.
std::size_t sections_end(const std::byte* data, const Elf64_Ehdr& header) noexcept {
  if (header.e_shoff == 0) return 0;
  Elf64_Shdr section;
  std::size_t count = header.e_shnum;
  // A number that the field can't hold is in the first section header.
  if (count == 0 && peek(address_of(data, header.e_shoff), section)) count = section.sh_size;
  std::size_t end = end_of(header.e_shoff, count, sizeof section);
  if (header.e_shentsize != sizeof section || end > kMaxImageBytes) return SIZE_MAX;
  for (std::size_t i = 0; i < count; ++i) {
    if (!peek(address_of(data, header.e_shoff + i * sizeof section), section)) return SIZE_MAX;
    if (section.sh_type != SHT_NOBITS)
      end = std::max(end, end_of(section.sh_offset, 1, section.sh_size));
  }
  return end;
}

/// The same for segments.
std::size_t segments_end(const std::byte* data, const Elf64_Ehdr& header) noexcept {
  if (header.e_phnum == 0) return 0;
  Elf64_Phdr segment;
  std::size_t end = end_of(header.e_phoff, header.e_phnum, sizeof segment);
  if (header.e_phentsize != sizeof segment || end > kMaxImageBytes) return SIZE_MAX;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    if (!peek(address_of(data, header.e_phoff + i * sizeof segment), segment)) return SIZE_MAX;
    end = std::max(end, end_of(segment.p_offset, 1, segment.p_filesz));
  }
  return end;
}

/// An ELF file ends with its section headers, its last section or its last segment.
std::size_t elf_size(const std::byte* data) noexcept {
  Elf64_Ehdr header;
  if (!peek(data, header) || header.e_ident[EI_CLASS] != ELFCLASS64) return 0;
  const std::size_t end =
      std::max({sizeof header, sections_end(data, header), segments_end(data, header)});
  return end <= kMaxImageBytes ? end : 0;
}

/// PTX is text that ends with a NUL; read in pieces that never cross an unmapped page.
std::size_t ptx_size(const std::byte* data) noexcept {
  constexpr std::size_t kPage = 4096;
  for (std::size_t size = 0; size < kMaxPtxBytes;) {
    char piece[kPage];
    const std::size_t to_page_end = kPage - (reinterpret_cast<std::uintptr_t>(data + size) % kPage);
    if (!copy_safely(piece, data + size, to_page_end)) return 0;
    const std::size_t found = strnlen(piece, to_page_end);
    size += found;
    if (found < to_page_end) return size;
  }
  return 0;
}

std::size_t fatbin_size(const std::byte* data) noexcept {
  FatbinHeader header;
  if (!peek(data, header)) return 0;
  const std::size_t end = end_of(header.header_bytes, 1, header.payload_bytes);
  return end <= kMaxImageBytes ? end : 0;
}

bool looks_like_text(std::uint32_t word) noexcept {
  for (int i = 0; i < 4; ++i) {
    const unsigned c = (word >> (8 * i)) & 0xff;
    if (c != '\t' && c != '\n' && c != '\r' && (c < 0x20 || c > 0x7e)) return false;
  }
  return true;
}

/// One image that is not a wrapper.
ImageBytes inspect_plain(const std::byte* data) noexcept {
  std::uint32_t magic = 0;
  if (data == nullptr || !peek(data, magic)) return {};
  if (magic == kFatbinMagic) return {data, fatbin_size(data), ImageKind::Fatbin};
  if (std::memcmp(&magic, ELFMAG, SELFMAG) == 0) return {data, elf_size(data), ImageKind::Elf};
  if (looks_like_text(magic)) return {data, ptx_size(data), ImageKind::Ptx};
  return {};
}

void add_part(ImageParts& image, const void* data) noexcept {
  const ImageBytes part = inspect_plain(static_cast<const std::byte*>(data));
  if (part.size > 0 && image.count < kMaxImageParts) image.parts[image.count++] = part;
}

}  // namespace

bool copy_safely(void* to, const void* from, std::size_t bytes) noexcept {
  auto* out = static_cast<std::byte*>(to);
  const auto* in = static_cast<const std::byte*>(from);
  while (bytes > 0) {
    iovec local{out, bytes};
    iovec remote{const_cast<std::byte*>(in), bytes};
    const ssize_t n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
      // A sandbox forbids the call: the driver has read these bytes, so they are there.
      std::memcpy(out, in, bytes);
      return true;
    }
    if (n <= 0) return false;
    out += n;
    in += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

ImageParts inspect_image(const void* image) noexcept {
  ImageParts result;
  Wrapper wrapper;
  if (image == nullptr || !peek(image, wrapper.magic)) return result;
  if (wrapper.magic != kWrapperMagic) {
    add_part(result, image);
    if (result.count > 0) result.kind = result.parts[0].kind;
    return result;
  }
  if (!peek(image, wrapper)) return result;
  add_part(result, wrapper.data);
  if (wrapper.version == 1) {
    if (result.count > 0) result.kind = result.parts[0].kind;
    return result;
  }
  // Version 2: the linked fatbin, if any, then a null-terminated list of the fatbins it was made
  // from.
  for (std::size_t i = 0; i < kMaxImageParts && wrapper.filename_or_fatbins != nullptr; ++i) {
    const void* part = nullptr;
    if (!peek(wrapper.filename_or_fatbins + i, part) || part == nullptr) break;
    add_part(result, part);
  }
  if (result.count > 0) result.kind = ImageKind::Linked;
  return result;
}

bool is_in_loaded_object(const void* data, std::size_t size) noexcept {
  struct Range {
    std::uintptr_t begin, end;
  } range{reinterpret_cast<std::uintptr_t>(data), reinterpret_cast<std::uintptr_t>(data) + size};
  const auto inside = [](dl_phdr_info* object, std::size_t, void* context) noexcept -> int {
    const auto& wanted = *static_cast<const Range*>(context);
    for (int i = 0; i < object->dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = object->dlpi_phdr[i];
      const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
      if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0 && begin <= wanted.begin &&
          wanted.end <= begin + segment.p_filesz)
        return 1;
    }
    return 0;
  };
  return dl_iterate_phdr(inside, &range) == 1;
}

const char* object_path_of(const void* address) noexcept {
  Dl_info info{};
  return dladdr(address, &info) != 0 ? info.dli_fname : nullptr;
}

std::vector<std::byte> read_image_file(const char* path) {
  std::vector<std::byte> content;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return content;
  struct stat info;
  if (fstat(fd, &info) == 0 && info.st_size > 0)
    content.resize(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  for (ssize_t n = 1; n > 0 && done < content.size();
       done += static_cast<std::size_t>(n > 0 ? n : 0))
    n = ::read(fd, content.data() + done, content.size() - done);
  ::close(fd);
  content.resize(done);
  return content;
}

}  // namespace fib::recorder
