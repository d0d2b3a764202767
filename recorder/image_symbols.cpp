// SPDX-License-Identifier: Apache-2.0
#include "recorder/image_symbols.h"

#include <algorithm>

#include "recorder/fatbin.h"

namespace fib::recorder {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The best entry of a kind for the device: code is made for a compute capability and runs on later
/// ones; machine code only on later ones of the same generation. -1: none.
int best_sm(const std::vector<FatbinEntry>& entries, FatbinKind kind, ComputeCapability device) {
  int best = -1;
  const int limit = device.major * 10 + device.minor;
  for (const FatbinEntry& entry : entries) {
    const bool same_generation = entry.sm / 10 == device.major;
    if (entry.kind == kind && entry.sm <= limit && (kind == FatbinKind::Ptx || same_generation))
      best = std::max(best, entry.sm);
  }
  return best;
}

bool entry_symbols(const FatbinEntry& entry, SymbolNames& to) {
  std::vector<std::byte> buffer;
  const Bytes content = fatbin_content(entry, buffer);
  if (entry.kind == FatbinKind::Elf) return elf_symbols(content, to);
  if (content.empty()) return false;
  ptx_symbols(as_text(content), to);
  return true;
}

/// Several entries may be for the same capability (sm_90 and sm_90a): which one the driver takes is
/// not told, but the variables are the same.
bool fatbin_symbols(Bytes fatbin, ComputeCapability device, SymbolNames& to) {
  const std::vector<FatbinEntry> entries = fatbin_entries(fatbin);
  FatbinKind kind = FatbinKind::Elf;
  int sm = best_sm(entries, kind, device);
  if (sm < 0) sm = best_sm(entries, kind = FatbinKind::Ptx, device);
  if (sm < 0) return false;
  bool complete = true;
  for (const FatbinEntry& entry : entries)
    if (entry.kind == kind && entry.sm == sm) complete = entry_symbols(entry, to) && complete;
  return complete;
}

}  // namespace

bool image_symbols(Bytes image, trace::ImageKind kind, ComputeCapability device, SymbolNames& to) {
  switch (kind) {
    case trace::ImageKind::Elf: return elf_symbols(image, to);
    case trace::ImageKind::Ptx: return ptx_symbols(as_text(image), to), true;
    case trace::ImageKind::Fatbin: return fatbin_symbols(image, device, to);
    case trace::ImageKind::Linked:
    case trace::ImageKind::Unknown: break;
  }
  return false;
}

}  // namespace fib::recorder
