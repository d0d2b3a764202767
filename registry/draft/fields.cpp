// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/fields.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace fib::registry {
namespace {

using match::Scalar;

constexpr std::int64_t kMostPlausible = std::int64_t{1} << 40;  ///< a size, or a count

/// The parameter's bytes in one launch, zero where the buffer is too short.
std::uint64_t bits_at(const ObservedKernel& kernel, const ObservedLaunch& launch,
                      std::uint32_t parameter, std::uint32_t offset, std::size_t size) {
  std::uint64_t bits = 0;
  const std::size_t at = std::size_t{kernel.layout[parameter].offset} + offset;
  if (at + size <= launch.params.size()) std::memcpy(&bits, launch.params.data() + at, size);
  return bits;
}

std::int64_t extended(std::uint64_t bits, std::size_t size) {
  if (size == 8) return static_cast<std::int64_t>(bits);
  const unsigned shift = 64 - 8 * static_cast<unsigned>(size);
  return static_cast<std::int64_t>(bits << shift) >> shift;
}

bool plausible_float(std::uint64_t bits) {
  const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  if (value == 0) return true;
  const float magnitude = std::fabs(value);
  return magnitude > 1e-20f && magnitude < 1e20f;
}

/// Small integers are tiny denormals as floats, and floats are huge as integers.
bool is_float_like(const std::vector<std::int64_t>& values) {
  bool any = false;
  for (const std::int64_t value : values) {
    if (value == 0) continue;
    any = true;
    const bool small = value > -(1 << 24) && value < (1 << 24);
    if (small || !plausible_float(static_cast<std::uint64_t>(value))) return false;
  }
  return any;
}

/// Takes one parameter apart.
class Splitter {
 public:
  Splitter(const ObservedKernel& kernel, std::vector<ParameterField>& to)
      : kernel_(kernel), places_(word_places(kernel.layout)), to_(to) {
    types_ = parameter_types(kernel.demangled, kernel.layout.size());
  }

  void split() {
    for (std::uint32_t i = 0; i < kernel_.layout.size(); ++i) split(i);
  }

 private:
  void split(std::uint32_t parameter) {
    const std::uint32_t size = kernel_.layout[parameter].size;
    std::uint32_t offset = 0;
    while (offset < size) {
      const std::uint32_t at = kernel_.layout[parameter].offset + offset;
      std::uint32_t step = 8;
      while (step > size - offset || at % step != 0) step /= 2;
      if (step == 8) {
        add_word(parameter, offset);
      } else {
        add(parameter, offset, step);
      }
      offset += step;
    }
  }

  ParameterField field(std::uint32_t parameter, std::uint32_t offset, std::uint32_t size) const {
    ParameterField field;
    field.parameter = parameter;
    field.offset = offset;
    for (const ObservedLaunch& launch : kernel_.launches) {
      field.values.push_back(extended(bits_at(kernel_, launch, parameter, offset, size), size));
    }
    return field;
  }

  void add(std::uint32_t parameter, std::uint32_t offset, std::uint32_t size) {
    constexpr Scalar kTypes[] = {Scalar::I8, Scalar::I16, Scalar::I32};
    ParameterField one = field(parameter, offset, size);
    one.type = kTypes[std::countr_zero(size)];
    const bool whole = offset == 0 && size == kernel_.layout[parameter].size;
    if (whole && !types_.empty()) one.dtype = types_[parameter].dtype;
    const bool declared = one.dtype == DType::Float32;
    if (size == 4 && (declared || (!one.dtype && is_float_like(one.values)))) {
      one.type = Scalar::F32;
    }
    to_.push_back(std::move(one));
  }

  void add_word(std::uint32_t parameter, std::uint32_t offset) {
    const auto place = std::find_if(places_.begin(), places_.end(), [&](const WordPlace& it) {
      return it.parameter == parameter && it.offset == offset;
    });
    ParameterField word = field(parameter, offset, 8);
    const bool whole = kernel_.layout[parameter].size == 8;
    const ParameterType* const type = whole && !types_.empty() ? &types_[parameter] : nullptr;
    const auto index = static_cast<std::size_t>(place - places_.begin());
    if (is_pointer(word, index, type)) {
      add_pointer(std::move(word), index, type);
    } else if (type != nullptr && type->dtype == DType::Int64) {
      word.dtype = type->dtype;
      to_.push_back(std::move(word));
    } else if (is_wide(word) && (whole || !has_float(parameter, offset))) {
      to_.push_back(std::move(word));
    } else {
      add(parameter, offset, 4);
      add(parameter, offset + 4, 4);
    }
  }

  /// Whether it is one integer of 64 bits rather than two values of 32.
  static bool is_wide(const ParameterField& word) {
    return std::all_of(word.values.begin(), word.values.end(), [](std::int64_t value) {
      return value > -kMostPlausible && value >> 32 == value >> 63;
    });
  }
  /// Whether the word of a structure begins with a float; its other half is zero then.
  [[nodiscard]] bool has_float(std::uint32_t parameter, std::uint32_t offset) const {
    return is_float_like(field(parameter, offset, 4).values);
  }

  [[nodiscard]] bool is_pointer(const ParameterField& word, std::size_t place,
                                const ParameterType* type) const {
    if (type != nullptr && type->is_pointer) return true;
    bool any = false;
    for (std::size_t i = 0; i < kernel_.launches.size(); ++i) {
      if (word.values[i] == 0) continue;
      const auto& memory = kernel_.launches[i].memory;
      if (place >= memory.size() || memory[place].allocation == 0) return false;
      any = true;
    }
    return any;
  }

  void add_pointer(ParameterField word, std::size_t place, const ParameterType* type) {
    word.type = Scalar::Ptr;
    for (const ObservedLaunch& launch : kernel_.launches) {
      word.memory.push_back(place < launch.memory.size() ? launch.memory[place] : PointedMemory{});
    }
    if (type != nullptr && type->is_pointer) {
      word.access = type->is_const ? Access::DeclaredRead : Access::DeclaredWrite;
      word.dtype = type->dtype;
    }
    const Access seen = seen_access(place);
    if (seen != Access::Unknown) word.access = seen;
    to_.push_back(std::move(word));
  }

  [[nodiscard]] Access seen_access(std::size_t place) const {
    bool known = false, perhaps = false;
    for (const ObservedLaunch& launch : kernel_.launches) {
      if (!launch.changes_known || place >= launch.written.size()) continue;
      known = true;
      if (launch.written[place] == Written::Yes) return Access::SeenWritten;
      perhaps = perhaps || launch.written[place] == Written::Perhaps;
    }
    return known && !perhaps ? Access::SeenRead : Access::Unknown;
  }

  const ObservedKernel& kernel_;
  std::vector<WordPlace> places_;
  std::vector<ParameterType> types_;
  std::vector<ParameterField>& to_;
};

std::string real_text(double value, const char* type, int digits) {
  char text[48];
  std::snprintf(text, sizeof text, "%s(%.*g)", type, digits, value);
  return text;
}

}  // namespace

const char* to_string(Access access) {
  switch (access) {
    case Access::SeenWritten: return "written, as recorded";
    case Access::SeenRead: return "not written, as recorded";
    case Access::DeclaredRead: return "const in the signature";
    case Access::DeclaredWrite: return "not const in the signature";
    case Access::Unknown: break;
  }
  return "unknown";
}

std::vector<WordPlace> word_places(const std::vector<match::ParamSlot>& layout) {
  std::vector<WordPlace> places;
  for (std::uint32_t i = 0; i < layout.size(); ++i) {
    const std::uint32_t first = (8 - layout[i].offset % 8) % 8;
    for (std::uint64_t at = first; at + 8 <= layout[i].size; at += 8) {
      places.push_back({i, static_cast<std::uint32_t>(at)});
    }
  }
  return places;
}

bool ParameterField::is_constant() const {
  return std::all_of(values.begin(), values.end(),
                     [&](std::int64_t value) { return value == values.front(); });
}

bool ParameterField::may_be_null() const {
  return std::find(values.begin(), values.end(), 0) != values.end();
}

bool ParameterField::may_be_size() const {
  return !is_pointer() && !is_float() &&
         std::all_of(values.begin(), values.end(),
                     [](std::int64_t value) { return value > 0 && value < kMostPlausible; });
}

std::uint64_t ParameterField::room() const {
  std::uint64_t least = ~std::uint64_t{0};
  for (const PointedMemory& it : memory) {
    const bool known = it.allocation != 0 && it.offset < it.bytes;
    least = std::min(least, known ? it.bytes - it.offset : 0);
  }
  return memory.empty() ? 0 : least;
}

std::string ParameterField::expression() const {
  return "param(" + std::to_string(parameter) + ", " + std::to_string(offset) + ", " +
         std::string(match::kScalarNames[static_cast<std::size_t>(type)]) + ')';
}

std::string ParameterField::literal(std::size_t launch) const {
  const std::int64_t value = values[launch];
  if (type == Scalar::F32) {
    const float real = std::bit_cast<float>(static_cast<std::uint32_t>(value));
    if (std::isfinite(real)) return real_text(real, "f32", 9);
    return std::to_string(static_cast<std::uint32_t>(value));  // floats are bits without a sign
  }
  return std::to_string(value);
}

std::vector<ParameterField> parameter_fields(const ObservedKernel& kernel) {
  std::vector<ParameterField> fields;
  if (kernel.layout_known && !kernel.launches.empty()) Splitter(kernel, fields).split();
  return fields;
}

}  // namespace fib::registry
