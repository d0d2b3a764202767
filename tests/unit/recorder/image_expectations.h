// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <span>

#include "guarded_pages.h"
#include "recorder/image.h"
#include "recorder_test.h"

namespace fib::recorder::test {

template <class T>
void append(ByteVector& to, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// `image` is understood as one part of this length.
inline void expect_one(const void* image, std::size_t size, trace::ImageKind kind) {
  const ImageParts parts = inspect_image(image);
  ASSERT_EQ(parts.count, 1u);
  EXPECT_EQ(parts.kind, kind);
  EXPECT_EQ(parts.parts[0].kind, kind);
  EXPECT_EQ(parts.parts[0].data, image);
  EXPECT_EQ(parts.parts[0].size, size);
}

inline void expect_nothing(const void* image) {
  const ImageParts parts = inspect_image(image);
  EXPECT_EQ(parts.count, 0u);
  EXPECT_EQ(parts.kind, trace::ImageKind::Unknown);
}

}  // namespace fib::recorder::test
