// SPDX-License-Identifier: Apache-2.0
#include "judge/cases/case_inputs.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "judge/cases/bound_launch.h"
#include "judge/scalar_bits.h"
#include "registry/model/dtype.h"
#include "replayer/error.h"

namespace fib::judge {
namespace {

registry::ScalarInput scalar_of(std::int64_t value, registry::DType dtype) {
  if (dtype == registry::DType::Bool) return {value != 0};
  if (registry::is_integer(dtype)) return {value};
  return {real_of_bits(value)};
}

}  // namespace

CaseInputs::CaseInputs(const Case& subject, const match::MatchTable& table) : subject_(subject) {
  try {
    capture_ = trace::open_capture(subject.extract());
    plan_ = replayer::read_plan(capture_.processes.front(), 0);
  } catch (const trace::CaptureError& error) {
    throw std::runtime_error(error.what());
  } catch (const replayer::Refusal& refusal) {
    fail(refusal.what());
  }
  contents_ = std::make_unique<replayer::Contents>(capture_);
  bind(table);
}

void CaseInputs::fail(const std::string& what) const {
  throw std::runtime_error(subject_.directory.string() + ": " + what);
}

void CaseInputs::bind(const match::MatchTable& table) {
  const replayer::LaunchTable all(*plan_);
  launches::ProcessLaunches process;
  const bool readable = launches::read_launches(capture_.processes.front(), {}, process);
  if (!readable || all.all().empty()) fail("its extract has no launch");
  launches::RuleFinder rules(capture_, table);
  const launches::LaunchForm form = form_of(*plan_, all.all().front());
  const BoundLaunch launch = bind_launch(table, rules, process, form);
  const std::string wanted = "a binding of \"" + subject_.definition + '"';
  if (!launch.rule.bound) fail("the registry has no longer " + wanted + " for its launch");
  const match::CompiledRule& rule = table.rule(launch.rule.rule);
  if (table.definition(rule.definition).spec.name != subject_.definition)
    fail("its launch is no longer described by " + wanted);
  const launches::LaunchedKernel& kernel = process.kernels.at(form.kernel);
  code_ = launches::KernelCodeReader(capture_).code_hash(process, kernel, form);
  const match::LaunchView view = form.view(kernel);
  for (const match::CompiledTensor& tensor : rule.tensors)
    add(table, launch.rule.rule, tensor, view, launch.bound);
}

void CaseInputs::add(const match::MatchTable& table, std::uint16_t number,
                     const match::CompiledTensor& tensor, const match::LaunchView& launch,
                     const match::Bound& bound) {
  const match::CompiledRule& rule = table.rule(number);
  const match::CompiledDefinition& definition = table.definition(rule.definition);
  if (tensor.slot >= definition.spec.inputs.size()) return;
  const match::TensorSpec& spec = definition.spec.inputs[tensor.slot];
  const match::TensorShape& shape = definition.tensors[tensor.slot];
  const auto dtype = registry::dtype_of(spec.dtype);
  if (!dtype) return;
  if (shape.is_scalar) {
    scalars_[spec.name] = scalar_of(bound.values[tensor.slot], *dtype);
    return;
  }
  CapturedTensor found;
  found.layout.name = spec.name;
  found.layout.dtype = *dtype;
  found.address = static_cast<std::uint64_t>(bound.values[tensor.slot]);
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const std::int64_t extent = bound.axes[shape.axes[i]];
    if (extent <= 0) return;  // the launch does not show this axis
    found.layout.shape.push_back(extent);
  }
  found.layout.strides = TensorLayout::contiguous(found.layout.shape);
  if (tensor.has_strides) {
    const auto strides = table.tensor_strides(number, tensor, launch, bound);
    if (!strides) return;
    std::copy_n(strides->begin(), shape.rank, found.layout.strides.begin());
  }
  tensors_.push_back(std::move(found));
}

void CaseInputs::copy(std::uint64_t address, std::span<std::byte> to) {
  for (std::size_t done = 0; done < to.size();) {
    const std::uint64_t at = address + done;
    const auto region = std::ranges::find_if(plan_->regions, [&](const auto& it) {
      return at - it.fixed.address < it.fixed.bytes;  // wraps for addresses below
    });
    if (region == plan_->regions.end()) fail("the extract does not hold all of its inputs");
    const std::uint64_t offset = at - region->fixed.address;
    const auto page = static_cast<std::uint32_t>(offset / trace::kPageBytes);
    const auto& hash = plan_->state[region->first_page + page];
    const trace::Bytes content =
        hash ? contents_->read(*hash, region->page_bytes(page)) : trace::Bytes();
    const std::size_t skip = offset % trace::kPageBytes;
    if (content.size() <= skip) fail("the extract lacks a page of its inputs, or it is damaged");
    const std::size_t bytes = std::min(content.size() - skip, to.size() - done);
    std::memcpy(to.data() + done, content.data() + skip, bytes);
    done += bytes;
  }
}

std::vector<std::byte> CaseInputs::read(const CapturedTensor& tensor) {
  const TensorLayout& layout = tensor.layout;
  const unsigned bits = registry::bits_of(layout.dtype);
  const std::uint64_t elements = layout.elements(), extent = layout.extent_bytes();
  if (elements == UINT64_MAX || extent == UINT64_MAX)
    fail("input " + layout.name + " is no tensor");
  std::vector<std::byte> bytes((elements * bits + 7) / 8);
  if (layout.strides == TensorLayout::contiguous(layout.shape)) {
    copy(tensor.address, bytes);
    return bytes;
  }
  if (bits < 8) fail("input " + layout.name + " has strides and elements of half a byte");
  std::vector<std::byte> memory(extent);
  copy(tensor.address, memory);
  const std::size_t size = bits / 8;
  std::vector<std::int64_t> index(layout.shape.size(), 0);
  for (std::uint64_t i = 0; i < elements; ++i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * layout.strides[d];
    std::memcpy(&bytes[i * size], &memory[static_cast<std::size_t>(at) * size], size);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < layout.shape[d]) break;
      index[d] = 0;
    }
  }
  return bytes;
}

}  // namespace fib::judge
