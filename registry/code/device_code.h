// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/code/elf_code.h"

/// What a GPU runs of an image that was given to the driver.
namespace fib::code {

/// Of a GPU: {9, 0}.
struct ComputeCapability {
  int major = 0, minor = 0;
};

/// Name of a kernel's code, as in a binding's match.code.
using CodeHash = std::array<std::uint8_t, 16>;

enum class CodeKind : std::uint8_t { Cubin, Ptx };

/// Code for one GPU.
struct DeviceCode {
  CodeKind kind = CodeKind::Cubin;
  int sm = 0;                    ///< that it was made for: 90; 0: not told
  std::vector<std::byte> bytes;  ///< a cubin, or PTX without its NUL
};

/// Everything in the image that the driver could run on this GPU, best first: machine code of the
/// same generation, the newest and that for exactly this architecture (sm_90a) first; if there is
/// none, PTX. Empty if the bytes are no image, or none of it is for this GPU. Decompresses what it
/// returns; throws only std::bad_alloc.
[[nodiscard]] std::vector<DeviceCode> device_code(Bytes image, ComputeCapability gpu);

/// The code that holds this kernel; nothing if none does. PTX holds it if it has such an entry.
[[nodiscard]] std::optional<DeviceCode> code_of(Bytes image, std::string_view kernel,
                                                ComputeCapability gpu);

/// Hash of one kernel's code: decompresses no more of the image than it takes to find it.
[[nodiscard]] std::optional<CodeHash> code_hash(Bytes image, std::string_view kernel,
                                                ComputeCapability gpu);

/// Hashes of an image's kernels for one GPU, by mangled name: made once per image and GPU, since
/// all of it has to be decompressed. Kernels that exist as PTX only have none: what they become is
/// the driver's business.
class CodeHashes {
 public:
  CodeHashes() = default;
  CodeHashes(Bytes image, ComputeCapability gpu);

  [[nodiscard]] std::optional<CodeHash> find(std::string_view kernel) const;
  [[nodiscard]] std::size_t size() const noexcept { return hashes_.size(); }

 private:
  std::unordered_map<std::string, CodeHash> hashes_;
};

}  // namespace fib::code
