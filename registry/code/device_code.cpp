// SPDX-License-Identifier: Apache-2.0
#include "registry/code/device_code.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "recorder/fatbin.h"
#include "trace/checksum.h"

namespace fib::code {
namespace {

using recorder::FatbinEntry;
using recorder::FatbinKind;

constexpr std::uint32_t kFatbinMagic = 0xBA55ED50;
constexpr std::uint64_t kArchitectureSpecific = 0x100000;  ///< FatbinEntry::flags of sm_90a

bool is_fatbin(Bytes image) noexcept {
  std::uint32_t magic = 0;
  if (image.size() < sizeof magic) return false;
  std::memcpy(&magic, image.data(), sizeof magic);
  return magic == kFatbinMagic;
}

std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_ptx(Bytes image) noexcept {
  return as_text(image).find(".version") != std::string_view::npos;
}

/// Code is made for a compute capability and runs on later ones; machine code only on later ones of
/// the same generation.
bool runs_on(const FatbinEntry& entry, ComputeCapability gpu) noexcept {
  if (entry.sm > gpu.major * 10 + gpu.minor) return false;
  return entry.kind == FatbinKind::Ptx ||
         (entry.kind == FatbinKind::Elf && entry.sm / 10 == gpu.major);
}

/// Greater is better.
std::tuple<bool, int, bool> rank(const FatbinEntry& entry) noexcept {
  return {entry.kind == FatbinKind::Elf, entry.sm, (entry.flags & kArchitectureSpecific) != 0};
}

DeviceCode whole(Bytes image, CodeKind kind) {
  return {kind, 0, std::vector<std::byte>(image.begin(), image.end())};
}

std::vector<FatbinEntry> usable_entries(Bytes fatbin, ComputeCapability gpu) {
  std::vector<FatbinEntry> entries = recorder::fatbin_entries(fatbin);
  std::erase_if(entries, [&](const FatbinEntry& entry) { return !runs_on(entry, gpu); });
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return rank(a) > rank(b); });
  const bool machine_code = !entries.empty() && entries.front().kind == FatbinKind::Elf;
  if (machine_code)
    std::erase_if(entries, [](const FatbinEntry& entry) { return entry.kind != FatbinKind::Elf; });
  return entries;
}

/// Its bytes; none if they can't be decompressed.
DeviceCode decoded(const FatbinEntry& entry) {
  DeviceCode code{entry.kind == FatbinKind::Elf ? CodeKind::Cubin : CodeKind::Ptx, entry.sm, {}};
  std::vector<std::byte> buffer;
  Bytes content = recorder::fatbin_content(entry, buffer);
  if (code.kind == CodeKind::Ptx)
    while (!content.empty() && content.back() == std::byte{0})
      content = content.first(content.size() - 1);
  code.bytes.assign(content.begin(), content.end());
  return code;
}

/// Whether PTX defines a kernel of this name.
bool has_entry(std::string_view ptx, std::string_view kernel) {
  constexpr std::string_view kEntry = ".entry";
  for (std::size_t at = 0; (at = ptx.find(kEntry, at)) != std::string_view::npos;) {
    at = std::min(ptx.find_first_not_of(" \t\r\n", at + kEntry.size()), ptx.size());
    const std::string_view rest = ptx.substr(at);
    if (!rest.starts_with(kernel)) continue;
    const std::string_view behind = rest.substr(kernel.size());
    if (behind.empty() || std::strchr(" \t\r\n({", behind.front()) != nullptr) return true;
  }
  return false;
}

bool holds(const DeviceCode& code, std::string_view kernel) {
  if (code.kind == CodeKind::Ptx) return has_entry(as_text(code.bytes), kernel);
  const auto kernels = kernel_texts(code.bytes);
  return std::any_of(kernels.begin(), kernels.end(),
                     [&](const KernelText& text) { return text.name == kernel; });
}

/// Calls `see` for each piece of code, best first, until it returns true.
template <typename See>
void each_code(Bytes image, ComputeCapability gpu, See see) {
  if (is_elf(image)) {
    (void)see(whole(image, CodeKind::Cubin));
  } else if (is_fatbin(image)) {
    for (const FatbinEntry& entry : usable_entries(image, gpu)) {
      DeviceCode code = decoded(entry);
      if (!code.bytes.empty() && see(std::move(code))) return;
    }
  } else if (is_ptx(image)) {
    (void)see(whole(image, CodeKind::Ptx));
  }
}

}  // namespace

std::vector<DeviceCode> device_code(Bytes image, ComputeCapability gpu) {
  std::vector<DeviceCode> all;
  each_code(image, gpu, [&](DeviceCode code) {
    all.push_back(std::move(code));
    return false;
  });
  return all;
}

std::optional<DeviceCode> code_of(Bytes image, std::string_view kernel, ComputeCapability gpu) {
  std::optional<DeviceCode> found;
  each_code(image, gpu, [&](DeviceCode code) {
    if (!holds(code, kernel)) return false;
    found = std::move(code);
    return true;
  });
  return found;
}

std::optional<CodeHash> code_hash(Bytes image, std::string_view kernel, ComputeCapability gpu) {
  std::optional<CodeHash> hash;
  each_code(image, gpu, [&](const DeviceCode& code) {
    if (code.kind != CodeKind::Cubin) return true;
    for (const KernelText& text : kernel_texts(code.bytes))
      if (!hash && text.name == kernel) hash = trace::content_hash(text.text);
    return hash.has_value();
  });
  return hash;
}

CodeHashes::CodeHashes(Bytes image, ComputeCapability gpu) {
  each_code(image, gpu, [&](const DeviceCode& code) {
    if (code.kind != CodeKind::Cubin) return true;
    // The best code that has a kernel counts, and it comes first.
    for (const KernelText& kernel : kernel_texts(code.bytes))
      hashes_.try_emplace(std::string(kernel.name), trace::content_hash(kernel.text));
    return false;
  });
}

std::optional<CodeHash> CodeHashes::find(std::string_view kernel) const {
  const auto found = hashes_.find(std::string(kernel));
  return found != hashes_.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace fib::code
