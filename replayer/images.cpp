// SPDX-License-Identifier: Apache-2.0
#include "replayer/images.h"

#include <cstring>
#include <fstream>

#include "replayer/error.h"
#include "trace/checksum.h"

namespace fib::replayer {
namespace {

constexpr unsigned int kWrapperMagic = 0x466243B1;  // FATBINC_MAGIC
constexpr unsigned int kLinkedVersion = 2;          // FATBINC_LINK_VERSION

bool read_part(const trace::Capture& capture, const trace::ImageRecord& image,
               std::vector<std::byte>& part, std::string& problem) {
  const std::filesystem::path path = trace::image_path(capture, image.hash);
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) {
    problem = "its image is not in the capture (images/" + path.filename().string() + ")";
    return false;
  }
  part.resize(size);
  file.read(reinterpret_cast<char*>(part.data()), static_cast<std::streamsize>(size));
  const trace::Hash hash = trace::content_hash(part);
  if (!file || std::memcmp(hash.data(), image.hash, sizeof image.hash) != 0) {
    problem = "its image is damaged (images/" + path.filename().string() + ")";
    return false;
  }
  part.resize(size + 8);  // PTX ends with a NUL
  return true;
}

}  // namespace

bool LoadedImage::read(const trace::Capture& capture, const LoadPlan& plan, std::string& problem) {
  if (plan.images.empty()) {
    problem = "its image was not recorded";
    return false;
  }
  for (const auto& [number, image] : plan.images) {
    if (number != parts_.size()) {
      problem = "a part of its image was not recorded";
      return false;
    }
    parts_.emplace_back();
    if (!read_part(capture, image, parts_.back(), problem)) return false;
  }
  if (plan.fixed.kind != static_cast<std::uint16_t>(trace::ImageKind::Linked)) return true;
  for (std::size_t i = 1; i < parts_.size(); ++i) prelinked_.push_back(parts_[i].data());
  prelinked_.push_back(nullptr);
  wrapper_ = std::make_unique<Wrapper>(
      Wrapper{kWrapperMagic, kLinkedVersion, parts_[0].data(), prelinked_.data()});
  return true;
}

void LoadedImage::require(const trace::Capture& capture, const LoadPlan& plan) {
  LoadedImage image;
  std::string problem;
  if (plan.images.empty() || image.read(capture, plan, problem)) return;
  throw Refusal("code of the window can't be loaded: " + problem + " (--force replays without it)");
}

const void* LoadedImage::data() const {
  if (wrapper_) return wrapper_.get();
  return parts_.empty() ? nullptr : static_cast<const void*>(parts_[0].data());
}

}  // namespace fib::replayer
