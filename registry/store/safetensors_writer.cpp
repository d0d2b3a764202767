// SPDX-License-Identifier: Apache-2.0
#include "registry/store/safetensors_writer.h"

#include <string_view>
#include <vector>

#include "registry/store/files.h"

namespace fib::registry {

void write_safetensors(const std::filesystem::path& path, std::span<const TensorData> tensors,
                       const Named<std::string>& metadata) {
  const SafetensorsLayout layout = lay_out(tensors, metadata);
  std::vector<std::string_view> pieces{layout.head};
  for (const std::size_t index : layout.order) {
    const auto bytes = tensors[index].bytes;
    pieces.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  replace_file(path, pieces);
}

}  // namespace fib::registry
