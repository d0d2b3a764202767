// SPDX-License-Identifier: Apache-2.0
#include "registry/build/fatbin_choice.h"

#include <optional>

#include "recorder/fatbin.h"
#include "registry/build/cubin.h"

namespace fib::build {
namespace {

struct Piece {
  std::string content;
  BinaryKind kind = BinaryKind::Cubin;
};

std::optional<Piece> unpack(const recorder::FatbinEntry& entry) {
  std::vector<std::byte> buffer;
  const auto content = recorder::fatbin_content(entry, buffer);
  Piece piece{{reinterpret_cast<const char*>(content.data()), content.size()}, BinaryKind::Cubin};
  if (entry.kind == recorder::FatbinKind::Ptx) {
    piece.kind = BinaryKind::Ptx;
    while (piece.content.ends_with('\0')) piece.content.pop_back();
  }
  return piece.content.empty() ? std::nullopt : std::optional(std::move(piece));
}

std::optional<Arch> arch_of_piece(const Piece& piece) {
  if (piece.kind == BinaryKind::Ptx) return ptx_target(piece.content);
  const ParsedCubin cubin = read_cubin(std::as_bytes(std::span(piece.content)));
  return cubin.info ? std::optional(cubin.info->arch) : std::nullopt;
}

std::string names_of(const std::vector<Arch>& archs) {
  std::string text;
  for (const Arch& arch : archs) text += (text.empty() ? "" : ", ") + to_string(arch);
  return text;
}

}  // namespace

FatbinChoice choose_from_fatbin(std::string_view fatbin, const Arch& wanted) {
  std::vector<Piece> pieces;
  std::vector<Arch> archs;
  for (const auto& entry : recorder::fatbin_entries(std::as_bytes(std::span(fatbin)))) {
    if (entry.kind != recorder::FatbinKind::Ptx && entry.kind != recorder::FatbinKind::Elf)
      continue;
    auto piece = unpack(entry);
    const auto arch = piece ? arch_of_piece(*piece) : std::nullopt;
    if (!arch || (wanted.ptx && !arch->ptx)) continue;
    pieces.push_back(std::move(*piece));
    archs.push_back(*arch);
  }
  FatbinChoice choice;
  const auto best = best_for(archs, {wanted.sm / 10, wanted.sm % 10});
  if (!best) {
    choice.error = archs.empty()
                       ? "is no fatbin with code in it"
                       : "holds code for " + names_of(archs) + ", none for " + to_string(wanted);
    return choice;
  }
  choice.content = std::move(pieces[*best].content);
  choice.kind = pieces[*best].kind;
  choice.arch = archs[*best];
  return choice;
}

}  // namespace fib::build
