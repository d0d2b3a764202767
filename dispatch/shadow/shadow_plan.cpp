// SPDX-License-Identifier: Apache-2.0
#include "dispatch/shadow/shadow_plan.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fib::dispatch {
namespace {

/// The allocator's alignment: addresses in scratch memory are as well aligned as the engine's.
constexpr std::uint64_t kAlignment = 256;
static_assert(kAlignment % kCompareChunk == 0 && kCanaryBytes % kAlignment == 0);

constexpr std::uint64_t aligned(std::uint64_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

constexpr std::pair<std::string_view, CompareType> kTypes[] = {
    {"float32", CompareType::Float32},
    {"float16", CompareType::Float16},
    {"bfloat16", CompareType::BFloat16},
    {"float64", CompareType::Float64},
    {"float8_e4m3fn", CompareType::Float8E4M3},
    {"float8_e5m2", CompareType::Float8E5M2},
    {"int64", CompareType::Int64},
    {"int32", CompareType::Int32},
    {"int16", CompareType::Int16},
    {"int8", CompareType::Int8},
    {"uint8", CompareType::UInt8},
    {"bool", CompareType::Bool}};

const match::CompiledRule& rule_of(const PreparedLaunch& prepared) noexcept {
  return prepared.generation->table().rule(prepared.decision.rule);
}

const match::CompiledDefinition& definition_of(const PreparedLaunch& prepared) noexcept {
  return prepared.generation->table().definition(rule_of(prepared).definition);
}

/// Bytes of a contiguous tensor of this shape; 0 if the launch does not show all of it.
std::uint64_t contiguous_bytes(const PreparedLaunch& prepared,
                               const match::TensorShape& shape) noexcept {
  std::uint64_t bits = static_cast<std::uint64_t>(shape.constant_bits);
  for (std::size_t i = 0; i < shape.varying; ++i) {
    const std::int64_t size = prepared.bound.axes[shape.varying_axes[i]];
    if (__builtin_mul_overflow(bits, static_cast<std::uint64_t>(size), &bits)) return 0;
  }
  return (bits + 7) / 8;
}

/// A tensor as the rule found it in the launch.
ShadowTensor tensor_of(const PreparedLaunch& prepared, const match::CompiledTensor& bound,
                       const match::TensorShape& shape) noexcept {
  ShadowTensor tensor;
  tensor.slot = bound.slot;
  tensor.is_output = shape.is_output;
  tensor.live = static_cast<std::uint64_t>(prepared.bound.values[bound.slot]);
  tensor.bytes = prepared.generation->table().tensor_bytes(prepared.decision.rule, bound,
                                                           prepared.view, prepared.bound);
  return tensor;
}

bool overlap(const ShadowTensor& a, const ShadowTensor& b) noexcept {
  return a.live < b.live + b.bytes && b.live < a.live + a.bytes;
}

/// Of an output's description what the comparison needs.
Unverified describe_output(const PreparedLaunch& prepared, ShadowTensor& tensor) noexcept {
  const match::CompiledDefinition& definition = definition_of(prepared);
  const match::TensorShape& shape = definition.tensors[tensor.slot];
  const std::size_t number = tensor.slot - definition.spec.inputs.size();
  const auto type = compare_type(definition.spec.outputs[number].dtype);
  if (!type || shape.is_scalar) return Unverified::DType;
  tensor.type = *type;
  const unsigned size = compare_size(*type);
  // Bytes between rows belong to somebody else, who may write them meanwhile.
  const std::uint64_t dense = contiguous_bytes(prepared, shape);
  if (tensor.bytes == 0 || (dense != 0 && dense != tensor.bytes)) return Unverified::Extent;
  if (tensor.bytes % size != 0 || tensor.live % size != 0) return Unverified::Extent;
  const auto candidate = static_cast<std::size_t>(prepared.decision.candidate);
  const auto& tolerances = prepared.generation->deployment().candidates[candidate].tolerances;
  if (number >= tolerances.size()) return Unverified::Tolerance;
  tensor.max_absolute = tolerances[number].max_atol;
  tensor.max_relative = tolerances[number].max_rtol;
  return Unverified::None;
}

}  // namespace

std::optional<CompareType> compare_type(std::string_view dtype) noexcept {
  for (const auto& [name, type] : kTypes) {
    if (name == dtype) return type;
  }
  return std::nullopt;
}

Unverified ShadowPlan::make(const PreparedLaunch& prepared, std::uint64_t capacity,
                            std::uint64_t record_bytes) noexcept {
  if (prepared.is_dependent) return Unverified::Dependent;
  const match::CompiledDefinition& definition = definition_of(prepared);
  count = 0;
  bytes = 0;
  std::size_t outputs = 0;
  for (const match::CompiledTensor& bound : rule_of(prepared).tensors) {
    const match::TensorShape& shape = definition.tensors[bound.slot];
    const ShadowTensor tensor = tensor_of(prepared, bound, shape);
    if (shape.is_output) {
      if (++outputs > kCompareOutputs) return Unverified::Outputs;
      const Unverified reason = add_output(prepared, tensor, capacity);
      if (reason != Unverified::None) return reason;
    } else if (!shape.is_scalar) {
      tensors[count++] = tensor;
    }
  }
  share_memory();
  keep_copies(capacity, record_bytes);
  return Unverified::None;
}

/// An output stands between canaries, at an address as well aligned as the engine's.
Unverified ShadowPlan::add_output(const PreparedLaunch& prepared, const ShadowTensor& tensor,
                                  std::uint64_t capacity) noexcept {
  ShadowTensor& output = tensors[count] = tensor;
  const Unverified reason = describe_output(prepared, output);
  if (reason != Unverified::None) return reason;
  if (output.bytes > capacity) return Unverified::TooLarge;
  ++count;
  output.scratch = bytes + kCanaryBytes + output.live % kAlignment;
  bytes = aligned(output.scratch + output.bytes + kCanaryBytes);
  return bytes <= capacity ? Unverified::None : Unverified::TooLarge;
}

/// An input that overlaps an output is the same memory (the lookup allows nothing else), and has to
/// be so for the candidate as well.
void ShadowPlan::share_memory() noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (tensors[i].is_output) continue;
    for (std::size_t k = 0; k < count; ++k) {
      if (tensors[k].is_output && overlap(tensors[i], tensors[k]))
        tensors[i].scratch = tensors[k].scratch;
    }
  }
}

void ShadowPlan::keep_copies(std::uint64_t capacity, std::uint64_t record_bytes) noexcept {
  std::uint64_t left = record_bytes;
  while (keep_next(true, capacity, left)) {
  }
  while (keep_next(false, capacity, left)) {
  }
}

/// Plans a copy of the smallest tensor that has none yet. False: there is none, or no room.
bool ShadowPlan::keep_next(bool outputs, std::uint64_t capacity, std::uint64_t& left) noexcept {
  ShadowTensor* smallest = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    ShadowTensor& tensor = tensors[i];
    const bool open = tensor.kept == ShadowTensor::kNowhere && tensor.bytes != 0;
    if (tensor.is_output != outputs || !open) continue;
    if (smallest == nullptr || tensor.bytes < smallest->bytes) smallest = &tensor;
  }
  if (smallest == nullptr || smallest->bytes > left) return false;
  if (aligned(smallest->bytes) > capacity - bytes) return false;
  smallest->kept = bytes;
  bytes += aligned(smallest->bytes);
  left -= smallest->bytes;
  return true;
}

namespace {

/// Whether any word of an argument lies within an output. Pointers in structures are aligned, but
/// bytes copied from the middle of a parameter may not be: every fourth byte is looked at.
bool has_address(const std::byte* argument, std::size_t size, const ShadowPlan& plan) noexcept {
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size; at += 4) {
    std::uint64_t word = 0;
    std::memcpy(&word, argument + at, sizeof word);
    for (std::size_t i = 0; i < plan.count; ++i) {
      const ShadowTensor& tensor = plan.tensors[i];
      if (tensor.is_output && word >= tensor.live && word - tensor.live < tensor.bytes) return true;
    }
  }
  return false;
}

}  // namespace

bool reaches_live_output(const PreparedLaunch& prepared, const ShadowPlan& plan) noexcept {
  const match::LaunchProgram& launch =
      prepared.generation->table().candidate(prepared.decision.candidate).launch;
  for (std::size_t kernel = 0; kernel < prepared.kernel_count; ++kernel) {
    const match::LaunchProgram::Kernel& program = launch.kernels[kernel];
    for (std::size_t i = 0; i < program.argument_count; ++i) {
      const std::size_t size = launch.arguments[program.first_argument + i].size;
      const void* const argument = prepared.kernels[kernel].params[i];
      if (has_address(static_cast<const std::byte*>(argument), size, plan)) return true;
    }
  }
  return false;
}

}  // namespace fib::dispatch
