// SPDX-License-Identifier: Apache-2.0
#include "registry/build/cubin.h"

#include <algorithm>
#include <map>

#include "registry/build/elf_image.h"

namespace fib::build {
namespace {

constexpr std::uint16_t kMachineCuda = 190;
constexpr unsigned char kAbiOld = 0x33, kAbiNew = 0x41;  ///< EI_OSABI up to CUDA 12, and since
constexpr unsigned char kIsEntry = 0x10;                 ///< st_other of a kernel
/// Since 9.0 each block has this much for the system; it stands in the kernel's section, too.
constexpr std::uint64_t kReservedShared = 1024;
constexpr int kFirstWithReserved = 90;

/// Attributes of .nv.info sections.
enum class Attribute : std::uint8_t {
  MaxThreads = 0x05,
  RequiredThreads = 0x10,
  FrameSize = 0x11,
  MinStackSize = 0x12,
  Parameter = 0x17,
  RegisterCount = 0x2f,
  LargeParameter = 0x45
};

/// Walks the attributes of one section; the form decides how long one is.
template <typename Take>
void each_attribute(Bytes content, Take&& take) {
  constexpr std::uint8_t kSized = 4;
  struct {
    std::uint8_t form, attribute;
    std::uint16_t size;  ///< or the value itself
  } head;
  for (std::size_t at = 0; read_at(content, at, head);) {
    at += sizeof head;
    if (head.form != kSized) continue;
    if (head.size > content.size() - at) return;
    take(static_cast<Attribute>(head.attribute), content.subspan(at, head.size));
    at += head.size;
  }
}

/// KPARAM_INFO, in both sizes.
struct Parameter {
  std::uint16_t ordinal = 0;
  match::ParamSlot slot;
};

bool read_parameter(Attribute attribute, Bytes value, Parameter& parameter) {
  struct {
    std::uint32_t index;
    std::uint16_t ordinal, offset;
    std::uint32_t size;
  } raw;
  if (!read_at(value, 0, raw)) return false;
  parameter.ordinal = raw.ordinal;
  parameter.slot = {raw.offset, attribute == Attribute::Parameter ? raw.size >> 18 : raw.size};
  return true;
}

/// "sm_90a" of "... -arch sm_90a ...": ptxas notes how it was called.
std::optional<Arch> noted_arch(const ElfImage& elf) {
  const ElfImage::Section* const note = elf.section(".note.nv.tkinfo");
  if (note == nullptr) return std::nullopt;
  const std::string_view text(reinterpret_cast<const char*>(note->content.data()),
                              note->content.size());
  constexpr std::string_view kMark = "-arch ";
  const std::size_t at = text.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + kMark.size());
  const auto arch = arch_of(rest.substr(0, rest.find_first_of(std::string_view(" \0", 2))));
  return arch && !arch->ptx ? arch : std::nullopt;
}

/// From e_flags; whether the code is for one GPU only stands there since CUDA 12, but not always.
std::optional<Arch> flagged_arch(const Elf64_Ehdr& header) {
  const std::uint32_t flags = header.e_flags;
  const bool is_new = header.e_ident[EI_OSABI] == kAbiNew;
  const auto sm = static_cast<int>(is_new ? flags >> 8 & 0xff : flags & 0xff);
  const bool own = (flags & (is_new ? 0x8u : 0x800u)) != 0;
  return arch_of("sm_" + std::to_string(sm) + (own ? "a" : ""));
}

class Cubin {
 public:
  ParsedCubin read(Bytes bytes) {
    if (!elf_.parse(bytes)) return {std::nullopt, "is no ELF file, or cut off"};
    const Elf64_Ehdr& header = elf_.header();
    const unsigned char abi = header.e_ident[EI_OSABI];
    if (header.e_machine != kMachineCuda || (abi != kAbiOld && abi != kAbiNew)) {
      return {std::nullopt, "holds no code for NVIDIA GPUs"};
    }
    if (header.e_type == ET_REL) {
      return {std::nullopt, "has to be linked first (it was compiled with -rdc=true)"};
    }
    const auto flagged = flagged_arch(header), noted = noted_arch(elf_);
    if (!flagged) return {std::nullopt, "is for an architecture that is not known here"};
    info_.arch = noted && noted->sm == flagged->sm ? *noted : *flagged;
    add_entries();
    add_shared_attributes();
    return {std::move(info_), ""};
  }

 private:
  void add_entries() {
    const auto symbols = elf_.symbols();
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const ElfImage::Symbol& symbol = symbols[i];
      const bool is_kernel = ELF64_ST_TYPE(symbol.entry.st_info) == STT_FUNC &&
                             (symbol.entry.st_other & kIsEntry) != 0 && !symbol.name.empty();
      if (!is_kernel || !index_.try_emplace(i, info_.entries.size()).second) continue;
      Entry entry;
      entry.name = symbol.name;
      sections_[".nv.info." + entry.name] = info_.entries.size();
      sections_[".nv.shared." + entry.name] = info_.entries.size();
      entry.shared = 0;
      info_.entries.push_back(std::move(entry));
    }
    for (const ElfImage::Section& section : elf_.sections()) {
      const auto found = sections_.find(section.name);
      if (found != sections_.end()) add_section(section, info_.entries[found->second]);
    }
  }

  void add_section(const ElfImage::Section& section, Entry& entry) const {
    if (section.name.starts_with(".nv.info.")) return add_info(section.content, entry);
    const std::uint64_t reserved = info_.arch.sm >= kFirstWithReserved ? kReservedShared : 0;
    const std::uint64_t size = std::max(section.header.sh_size, reserved) - reserved;
    entry.shared = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, ~std::uint32_t{0}));
  }

  static void add_info(Bytes content, Entry& entry) {
    std::vector<Parameter> parameters;
    each_attribute(content, [&](Attribute attribute, Bytes value) {
      Parameter parameter;
      std::uint32_t block[3];
      if (attribute == Attribute::Parameter || attribute == Attribute::LargeParameter) {
        if (read_parameter(attribute, value, parameter)) parameters.push_back(parameter);
      } else if ((attribute == Attribute::MaxThreads || attribute == Attribute::RequiredThreads) &&
                 read_at(value, 0, block)) {
        const std::uint64_t threads = std::uint64_t{block[0]} * block[1] % (1u << 31) * block[2];
        if (threads > 0 && threads <= 1024) entry.max_threads = static_cast<std::uint32_t>(threads);
      }
    });
    std::sort(parameters.begin(), parameters.end(),
              [](const Parameter& a, const Parameter& b) { return a.ordinal < b.ordinal; });
    entry.parameters.emplace();
    for (const Parameter& parameter : parameters) entry.parameters->push_back(parameter.slot);
  }

  /// .nv.info: (symbol, number) for all functions. A kernel's stack holds those it calls, too.
  void add_shared_attributes() {
    const ElfImage::Section* const info = elf_.section(".nv.info");
    if (info == nullptr) return;
    each_attribute(info->content, [&](Attribute attribute, Bytes value) {
      std::uint32_t pair[2];
      if (!read_at(value, 0, pair)) return;
      const auto found = index_.find(pair[0]);
      if (found == index_.end()) return;
      Entry& entry = info_.entries[found->second];
      if (attribute == Attribute::RegisterCount) entry.registers = pair[1];
      if (attribute == Attribute::MinStackSize || attribute == Attribute::FrameSize) {
        entry.local = std::max(entry.local.value_or(0), pair[1]);
      }
    });
  }

  ElfImage elf_;
  CubinInfo info_;
  std::map<std::size_t, std::size_t> index_;                  ///< symbol to entry
  std::map<std::string, std::size_t, std::less<>> sections_;  ///< name to entry
};

}  // namespace

ParsedCubin read_cubin(Bytes bytes) { return Cubin().read(bytes); }

}  // namespace fib::build
