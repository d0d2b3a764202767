// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/image.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <span>

#include "tests/sim_driver/api.h"
#include "tests/sim_driver/fatbin.h"

namespace fib::sim {
namespace {

// The driver is not told how long an ELF is: it ends where its tables or segments end.
std::size_t elf_size(const std::byte* data) {
  Elf64_Ehdr header;
  std::memcpy(&header, data, sizeof header);
  std::size_t end = header.e_shoff + std::size_t{header.e_shnum} * header.e_shentsize;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, data + header.e_phoff + i * sizeof segment, sizeof segment);
    end = std::max<std::size_t>(end, segment.p_offset + segment.p_filesz);
  }
  return end;
}

Bytes copy_elf(const std::byte* data) { return Bytes(data, data + elf_size(data)); }

bool is_elf(const std::byte* data) { return std::memcmp(data, ELFMAG, SELFMAG) == 0; }

Bytes elf_in_fatbin(const std::byte* data) {
  FatbinHeader header;
  std::memcpy(&header, data, sizeof header);
  for (std::size_t at = header.header_size;
       at + sizeof(FatbinEntry) <= header.header_size + header.size;) {
    FatbinEntry entry;
    std::memcpy(&entry, data + at, sizeof entry);
    const std::byte* payload = data + at + entry.header_size;
    if (entry.kind == kFatbinKindElf && entry.compressed_size == 0 && is_elf(payload))
      return copy_elf(payload);
    at += entry.header_size + entry.payload_size;
  }
  fail(CUDA_ERROR_NO_BINARY_FOR_GPU);
}

std::string own_directory() {
  Dl_info info{};
  ::dladdr(reinterpret_cast<const void*>(&own_directory), &info);
  const std::string path = info.dli_fname ? info.dli_fname : "";
  return path.substr(0, path.rfind('/') + 1);
}

/// What follows `key` in `text`, up to one of `ends`; empty if the key is not there.
std::string word_behind(const char* text, const char* key, const char* ends) {
  const char* word = std::strstr(text, key);
  if (!word) return "";
  word += std::strlen(key);
  return std::string(word, std::strcspn(word, ends));
}

Bytes elf_behind_text(const char* text) {
  if (const std::string path = word_behind(text, "//fibsim: ", "\n"); !path.empty())
    return read_file(path.c_str());
  // Real PTX: there may be a simulated kernel of that name beside the driver.
  const std::string kernel = word_behind(text, ".entry ", "( \n");
  const std::string path = own_directory() + kernel + ".simcubin";
  require(!kernel.empty() && ::access(path.c_str(), R_OK) == 0, CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  return read_file(path.c_str());
}

bool looks_like_text(const std::byte* data) {
  const char first = static_cast<char>(data[0]);
  return first == '/' || first == '.' || first == '\n' || first == ' ';
}

template <class T>
std::span<const T> table(const Bytes& elf, const Elf64_Shdr& section) {
  require(section.sh_offset + section.sh_size <= elf.size(), CUDA_ERROR_INVALID_IMAGE);
  return {reinterpret_cast<const T*>(elf.data() + section.sh_offset), section.sh_size / sizeof(T)};
}

bool is_kernel_symbol(const Elf64_Sym& symbol) {
  return ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL &&
         symbol.st_shndx != SHN_UNDEF;
}

thread_local FibsimIndex t_index;
FibsimIndex* current_index() { return &t_index; }

int memfd_with(const Bytes& bytes) {
  const int fd = ::memfd_create("simcubin", MFD_CLOEXEC);
  require(fd >= 0, CUDA_ERROR_OUT_OF_MEMORY);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n <= 0) {
      ::close(fd);
      fail(CUDA_ERROR_OUT_OF_MEMORY);
    }
    done += static_cast<std::size_t>(n);
  }
  return fd;
}

}  // namespace

Bytes read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  require(in.is_open(), CUDA_ERROR_FILE_NOT_FOUND);
  in.seekg(0, std::ios::end);
  Bytes bytes(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  require(!in.fail(), CUDA_ERROR_FILE_NOT_FOUND);
  return bytes;
}

Bytes elf_of(const void* image) {
  require(image != nullptr);
  const auto* data = static_cast<const std::byte*>(image);
  uint32_t magic;
  std::memcpy(&magic, data, sizeof magic);
  if (is_elf(data)) return copy_elf(data);
  if (magic == kFatbinMagic) return elf_in_fatbin(data);
  if (magic == kFatbinWrapperMagic) {
    FatbinWrapper wrapper;
    std::memcpy(&wrapper, data, sizeof wrapper);
    require(wrapper.version == 1 && wrapper.fatbin, CUDA_ERROR_INVALID_IMAGE);
    return elf_in_fatbin(static_cast<const std::byte*>(wrapper.fatbin));
  }
  if (looks_like_text(data)) return elf_behind_text(static_cast<const char*>(image));
  fail(CUDA_ERROR_INVALID_IMAGE);
}

std::vector<std::string> kernel_names(const Bytes& elf) {
  require(elf.size() > sizeof(Elf64_Ehdr) && is_elf(elf.data()), CUDA_ERROR_INVALID_IMAGE);
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof header);
  Elf64_Shdr all{};
  all.sh_offset = header.e_shoff;
  all.sh_size = std::size_t{header.e_shnum} * sizeof(Elf64_Shdr);
  const auto sections = table<Elf64_Shdr>(elf, all);
  std::vector<std::string> names;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= sections.size()) continue;
    const auto strings = table<char>(elf, sections[section.sh_link]);
    for (const Elf64_Sym& symbol : table<Elf64_Sym>(elf, section))
      if (is_kernel_symbol(symbol)) names.emplace_back(&strings[symbol.st_name]);
  }
  return names;
}

LoadedImage::LoadedImage(const Bytes& elf) {
  // The descriptor stays open while the image is loaded: the dynamic linker recognises objects by
  // path, and a path that is in use twice would give the same object twice.
  fd_ = memfd_with(elf);
  handle_ = ::dlopen(("/proc/self/fd/" + std::to_string(fd_)).c_str(), RTLD_NOW | RTLD_LOCAL);
  auto* module = handle_ ? static_cast<FibsimModule*>(::dlsym(handle_, kModuleSymbol)) : nullptr;
  if (!module || module->version != kImageVersion) {
    if (handle_) ::dlclose(handle_);
    ::close(fd_);
    fail(CUDA_ERROR_INVALID_IMAGE);
  }
  module->index = &current_index;
  module_ = module;
  for (const FibsimKernel* k = module->kernels; k; k = k->next) {
    Dl_info info{};
    ::dladdr(k->function, &info);
    kernels_.push_back({info.dli_sname ? info.dli_sname : "", k});
  }
}

LoadedImage::~LoadedImage() {
  ::dlclose(handle_);
  ::close(fd_);
}

const LoadedKernel* LoadedImage::find_kernel(const std::string& name) const {
  for (const LoadedKernel& kernel : kernels_)
    if (kernel.name == name) return &kernel;
  return nullptr;
}

const FibsimGlobal* LoadedImage::find_global(const std::string& name) const {
  for (const FibsimGlobal* g = module_->globals; g; g = g->next)
    if (name == g->name) return g;
  return nullptr;
}

}  // namespace fib::sim
