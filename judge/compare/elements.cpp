// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "judge/compare/comparison.h"
#include "judge/compare/element.h"
#include "judge/compare/text.h"
#include "judge/compare/walk.h"

namespace fib::judge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kPieceBytes = 4096;  ///< that are looked at as a whole first
constexpr unsigned kMostThreads = 8;
constexpr std::uint64_t kWorthThread = std::uint64_t{1} << 20;  ///< elements

double distance(double a, double b) { return std::abs(a - b); }
double distance(std::int64_t a, std::int64_t b) {
  const auto high = static_cast<std::uint64_t>(std::max(a, b));
  return static_cast<double>(high - static_cast<std::uint64_t>(std::min(a, b)));
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
bool same(std::int64_t a, std::int64_t b) { return a == b; }

/// What the elements showed so far.
struct Tally {
  double max_absolute = 0, max_relative = 0;
  bool has_nan = false;                  ///< an error is NaN
  std::uint64_t nans = 0, infinite = 0;  ///< in what was got, where the incumbent has none
  std::uint64_t wrong = 0, first = 0;
  double expected = 0, got = 0;  ///< at the first
};

class Judge {
 public:
  explicit Judge(const Tolerance& tolerance) : tolerance_(tolerance) {}

  /// Two values that are not the same; `noise` is `expected` where there is none.
  template <typename Value>
  void differ(std::uint64_t ordinal, Value expected, Value got, Value noise) {
    const double error = distance(expected, got);
    const double size = std::abs(static_cast<double>(expected));
    note(error, size);
    const double again = distance(expected, noise);
    const double limit = tolerance_.absolute + tolerance_.relative * size;
    // An infinity has no neighbours: the limit would be infinite, too.
    if (std::isfinite(size) && error <= limit + (std::isfinite(again) ? again : 0)) return;
    if (same(got, noise)) return;
    const double value = static_cast<double>(got);
    tally_.nans += std::isnan(value);
    tally_.infinite += std::isinf(value);
    if (tally_.wrong++ != 0) return;
    tally_.first = ordinal;
    tally_.expected = static_cast<double>(expected);
    tally_.got = value;
  }
  /// What another one found in elements behind those of this one.
  void add(const Tally& behind) {
    tally_.max_absolute = std::max(tally_.max_absolute, behind.max_absolute);
    tally_.max_relative = std::max(tally_.max_relative, behind.max_relative);
    tally_.has_nan = tally_.has_nan || behind.has_nan;
    tally_.nans += behind.nans;
    tally_.infinite += behind.infinite;
    if (tally_.wrong == 0) {
      tally_.first = behind.first;
      tally_.expected = behind.expected;
      tally_.got = behind.got;
    }
    tally_.wrong += behind.wrong;
  }
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void note(double error, double size) {
    if (std::isnan(error)) {
      tally_.has_nan = true;
      return;
    }
    tally_.max_absolute = std::max(tally_.max_absolute, error);
    tally_.max_relative =
        std::max(tally_.max_relative, std::isinf(error) ? kInfinity : error / (size + 1e-8));
  }

  Tolerance tolerance_;
  Tally tally_;
};

/// The three memories, and how to go through them.
template <typename Element>
class Loop {
 public:
  Loop(Bytes expected, Bytes got, Bytes noise, Judge& judge)
      : expected_(expected.data()),
        got_(got.data()),
        noise_(noise.empty() ? expected.data() : noise.data()),
        judge_(judge) {}

  void elements(std::uint64_t offset, std::uint64_t count, std::uint64_t stride,
                std::uint64_t ordinal) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t at = offset + i * stride;
      const auto expected = Element::at(expected_, at), got = Element::at(got_, at);
      if (same(expected, got)) continue;
      judge_.differ(ordinal + i, expected, got, Element::at(noise_, at));
    }
  }
  /// Bytes that are equal hold values that are the same, NaN or not.
  void dense(std::uint64_t offset, std::uint64_t count, std::size_t size, std::uint64_t ordinal) {
    const std::uint64_t step = kPieceBytes / size;
    for (std::uint64_t done = 0; done < count; done += step) {
      const std::uint64_t now = std::min(step, count - done), at = offset + done;
      if (std::memcmp(expected_ + at * size, got_ + at * size, now * size) != 0)
        elements(at, now, 1, ordinal + done);
    }
  }

 private:
  const std::byte *expected_, *got_, *noise_;
  Judge& judge_;
};

/// Large ones on several threads: this is what most of a trial's time would go to.
template <typename Element>
void go_through_dense(Bytes expected, Bytes got, Bytes noise, std::uint64_t count, std::size_t size,
                      Judge& judge) {
  const std::uint64_t most = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  const std::uint64_t threads = std::clamp<std::uint64_t>(count / kWorthThread, 1, most);
  const std::uint64_t slice = (count + threads - 1) / threads;
  std::vector<Judge> judges(threads, judge);
  const auto look = [&](std::uint64_t i) {
    const std::uint64_t from = std::min(count, i * slice);
    Loop<Element>(expected, got, noise, judges[i])
        .dense(from, std::min(slice, count - from), size, from);
  };
  std::vector<std::jthread> workers;
  for (std::uint64_t i = 1; i < threads; ++i) workers.emplace_back(look, i);
  look(0);
  workers.clear();
  for (const Judge& other : judges) judge.add(other.tally());
}

void go_through(const TensorLayout& layout, Bytes expected, Bytes got, Bytes noise, Judge& judge) {
  const Walk walk(layout);
  const unsigned bits = registry::bits_of(layout.dtype);
  with_element(layout.dtype, [&](auto element) {
    using Element = decltype(element);
    if (walk.is_one_run() && walk.run_stride() == 1 && bits >= 8)
      return go_through_dense<Element>(expected, got, noise, walk.run_length(), bits / 8, judge);
    Loop<Element> loop(expected, got, noise, judge);
    walk.each_run([&](std::uint64_t offset, std::uint64_t ordinal) {
      if (walk.run_stride() == 1 && bits >= 8) {
        loop.dense(offset, walk.run_length(), bits / 8, ordinal);
      } else {
        loop.elements(offset, walk.run_length(), walk.run_stride(), ordinal);
      }
    });
  });
}

std::string missing_bytes(const TensorLayout& layout, Bytes expected, Bytes got, Bytes noise) {
  const std::uint64_t needed = layout.extent_bytes();
  if (needed == std::numeric_limits<std::uint64_t>::max())
    return layout.name + " can't lie in memory as its shape and strides say";
  std::uint64_t least = std::min(expected.size(), got.size());
  if (!noise.empty()) least = std::min<std::uint64_t>(least, noise.size());
  if (least >= needed) return {};
  return layout.name + " has " + std::to_string(least) + " bytes instead of " +
         std::to_string(needed);
}

void conclude(const TensorLayout& layout, const Tolerance& tolerance, const Tally& tally,
              Comparison& result) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  result.max_absolute = tally.has_nan ? nan : tally.max_absolute;
  result.max_relative = tally.has_nan ? nan : tally.max_relative;
  result.wrong = tally.wrong;
  if (tally.wrong != 0) {
    result.index = index_of(tally.first, layout.shape);
    result.expected = tally.expected;
    result.got = tally.got;
    result.detail = first_wrong_text(layout.name, result);
  }
  const bool enough = result.matched_ratio() >= tolerance.matched_ratio;
  result.passed = enough && tally.nans == 0 && tally.infinite == 0;
  if (!result.passed)
    result.reason = tally.nans != 0 ? "NaN" : tally.infinite != 0 ? "infinity" : "wrong values";
}

}  // namespace

Tolerance default_tolerance(registry::DType dtype) {
  using enum registry::DType;
  switch (dtype) {
    case Float32: return {1e-5, 1e-3, 1};
    case Float16:
    case BFloat16: return {1e-2, 1e-2, 1};
    case Float8E4M3:
    case Float8E5M2:
    case Float4E2M1: return {0.125, 0.125, 1};
    default: return {};
  }
}

Comparison compare_elements(const TensorLayout& layout, const Tolerance& tolerance, Bytes expected,
                            Bytes got, Bytes noise) {
  Comparison result;
  result.detail = missing_bytes(layout, expected, got, noise);
  if (!result.detail.empty()) {
    result.reason = "wrong size";
    return result;
  }
  result.elements = layout.elements();
  Judge judge(tolerance);
  go_through(layout, expected, got, noise, judge);
  conclude(layout, tolerance, judge.tally(), result);
  return result;
}

}  // namespace fib::judge
