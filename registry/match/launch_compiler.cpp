// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "registry/match/compiler.h"

namespace fib::match {
namespace {

constexpr std::uint32_t kAlignment = 16;  ///< of arguments in the buffer, enough for any type

class LaunchCompiler {
 public:
  LaunchCompiler(Expressions& expressions, Problems& problems)
      : expressions_(expressions), problems_(problems) {}

  LaunchProgram compile(const LaunchSpec& spec) {
    if (spec.kernels.empty()) {
      problems_.add("/spec/launch/kernels", "no kernel to launch", "add one");
    }
    for (std::size_t i = 0; i < spec.kernels.size(); ++i) {
      add_kernel(spec.kernels[i], below("/spec/launch/kernels", i));
    }
    return std::move(program_);
  }

 private:
  void add_kernel(const KernelLaunchSpec& spec, const std::string& pointer) {
    LaunchProgram::Kernel kernel{
        .entry = spec.entry, .module = spec.module, .attributes = spec.attributes, .geometry = {}};
    if (spec.entry.empty()) {
      problems_.add(below(pointer, "entry"), "empty", "write the kernel's mangled name");
    }
    add_dimensions(spec.grid, Geometry::GridX, below(pointer, "grid"), kernel);
    add_dimensions(spec.block, Geometry::BlockX, below(pointer, "block"), kernel);
    kernel.has_cluster = !spec.cluster.empty();
    if (kernel.has_cluster) {
      add_dimensions(spec.cluster, Geometry::ClusterX, below(pointer, "cluster"), kernel);
    }
    kernel.geometry[static_cast<std::size_t>(Geometry::Shared)] =
        expressions_.compile(below(pointer, "shared_memory"), spec.shared);
    add_arguments(spec.arguments, below(pointer, "arguments"), kernel);
    program_.kernels.push_back(std::move(kernel));
  }

  void add_dimensions(const std::vector<std::string>& sources, Geometry first,
                      const std::string& pointer, LaunchProgram::Kernel& kernel) {
    if (sources.empty() || sources.size() > 3) {
      return problems_.add(pointer, std::to_string(sources.size()) + " dimensions",
                           "write one to three expressions");
    }
    const auto codes = expressions_.compile_all(pointer, sources);
    std::copy(codes.begin(), codes.end(),
              kernel.geometry.begin() + static_cast<std::ptrdiff_t>(first));
  }

  void add_arguments(const std::vector<ArgumentSpec>& arguments, const std::string& pointer,
                     LaunchProgram::Kernel& kernel) {
    kernel.first_argument = static_cast<std::uint32_t>(program_.arguments.size());
    kernel.argument_count = static_cast<std::uint32_t>(arguments.size());
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      at = (at + kAlignment - 1) / kAlignment * kAlignment;
      // What is too large is refused below, and then never used.
      const auto offset =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(at, kMaxArgumentBytes));
      at += add_argument(arguments[i], offset, below(pointer, i));
    }
    kernel.argument_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(at, 0xffffffff));
    if (at <= kMaxArgumentBytes && arguments.size() <= kMaxArguments) return;
    problems_.add(
        pointer,
        std::to_string(arguments.size()) + " arguments of " + std::to_string(at) + " bytes",
        "at most 4096 of 32764 bytes, each a multiple of 16, can be passed");
  }

  /// Its size in bytes.
  std::uint32_t add_argument(const ArgumentSpec& spec, std::uint32_t offset,
                             const std::string& pointer) {
    LaunchProgram::Argument argument;
    argument.offset = offset;
    argument.first_piece = static_cast<std::uint32_t>(program_.pieces.size());
    switch (spec.kind) {
      case ArgumentSpec::Kind::Value:
        argument.size = bytes_of(spec.type);
        add_value(spec.value, spec.type, offset, below(pointer, "value"));
        break;
      case ArgumentSpec::Kind::Copy:
        argument.size = spec.copy.size;
        program_.pieces.push_back({{}, Scalar::Ptr, offset, spec.copy});
        break;
      case ArgumentSpec::Kind::Struct:
        argument.size = spec.size;
        argument.has_gaps = true;
        add_fields(spec, offset, pointer);
        break;
    }
    if (argument.size == 0) problems_.add(pointer, "of 0 bytes", "write its size");
    argument.piece_count =
        static_cast<std::uint32_t>(program_.pieces.size()) - argument.first_piece;
    program_.arguments.push_back(argument);
    return argument.size;
  }

  void add_value(const std::string& source, Scalar type, std::uint32_t offset,
                 const std::string& pointer) {
    const CodeRef code = expressions_.compile(pointer, source);
    if (source.empty()) problems_.add(pointer, "an empty expression", "write one");
    program_.pieces.push_back({code, type, offset, {}});
  }

  void add_fields(const ArgumentSpec& spec, std::uint32_t offset, const std::string& pointer) {
    const std::string fields = below(pointer, "struct");
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
      const FieldSpec& field = spec.fields[i];
      const std::string at = below(fields, i);
      if (std::uint64_t{field.offset} + bytes_of(field.type) > spec.size) {
        problems_.add(at, "reaches beyond the structure's " + std::to_string(spec.size) + " bytes",
                      "correct \"offset\" or \"size\"");
        continue;
      }
      add_value(field.value, field.type, offset + field.offset, below(at, "value"));
    }
  }

  Expressions& expressions_;
  Problems& problems_;
  LaunchProgram program_;
};

}  // namespace

LaunchProgram compile_launch(const LaunchSpec& spec, Expressions& expressions, Problems& problems) {
  return LaunchCompiler(expressions, problems).compile(spec);
}

}  // namespace fib::match
