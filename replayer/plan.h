// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "replayer/api_table.h"
#include "replayer/deviations.h"
#include "replayer/graph_history.h"
#include "trace/capture.h"
#include "trace/records.h"

/// One window of a log, with all that its operations refer to. Data only; owns its bytes.
namespace fib::replayer {

inline constexpr std::uint64_t kNever = UINT64_MAX;

struct DevicePlan {
  trace::DeviceRecord fixed;
  std::string name;
};

struct ContextPlan {
  std::uint64_t handle = 0;
  int device = 0;
  bool created = false;  ///< by cuCtxCreate; otherwise the device's primary context
  unsigned flags = 0;    ///< of cuCtxCreate
  std::vector<trace::ContextLimit> limits;
};

struct LoadPlan {
  trace::LoadRecord fixed{};
  std::uint64_t time = 0;  ///< when it was loaded
  const ApiEntry* api = nullptr;
  std::vector<trace::LoadOption> options, library_options;
  std::string path;
  std::map<std::uint32_t, trace::ImageRecord> images;  ///< by part
};

struct KernelPlan {
  trace::KernelRecord fixed{};
  std::uint16_t flags = 0;
  std::uint64_t time = 0;  ///< of the record that counts: the last one before the window began
  std::vector<trace::KernelParam> params;
  std::vector<trace::KernelAttribute> attributes;
  std::string name;  ///< mangled
};

/// Memory of the window, in the order of the log.
struct RegionPlan {
  trace::RegionRecord fixed{};
  std::string name;
  std::uint64_t born = 0;                   ///< RecordHeader::time; 0: was live at the begin
  std::uint64_t died = kNever;              ///< Operation::key of the call that ended it
  std::uint32_t first_page = 0, pages = 0;  ///< within the pages of the plan

  [[nodiscard]] trace::RegionKind kind() const {
    return static_cast<trace::RegionKind>(fixed.kind);
  }
  [[nodiscard]] bool on_host() const {
    return kind() == trace::RegionKind::Pinned || kind() == trace::RegionKind::Registered;
  }
  [[nodiscard]] bool is_symbol() const { return kind() == trace::RegionKind::Symbol; }
  /// Bytes of the page with this number within the region.
  [[nodiscard]] std::uint32_t page_bytes(std::uint32_t page) const {
    const std::uint64_t rest = fixed.bytes - std::uint64_t{page} * trace::kPageBytes;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(rest, trace::kPageBytes));
  }
};

/// Page of the plan (RegionPlan::first_page + number within the region) and its content.
struct PageContent {
  std::uint32_t page;
  trace::Hash hash;
};

struct PointPlan {
  trace::PointRecord fixed{};
  bool stored = false;  ///< contents are in the store
  std::vector<PageContent> pages;

  [[nodiscard]] bool is_effect() const {
    return fixed.kind == static_cast<std::uint16_t>(trace::PointKind::Effect);
  }
};

struct PayloadPlan {
  trace::PayloadRecord fixed{};
  std::vector<trace::Hash> hashes;
};

struct LaunchPlan {
  trace::LaunchRecord fixed{};
  std::uint16_t flags = 0;
  const ApiEntry* api = nullptr;
  std::vector<std::byte> params, attributes;  ///< attributes: whole ones of kLaunchAttributeBytes
};

struct GraphLaunchPlan {
  trace::GraphLaunchRecord fixed{};
  std::shared_ptr<const GraphState> graph;  ///< as it was then; null: not known
};

struct CallPlan {
  trace::CallRecord fixed{};
  const ApiEntry* api = nullptr;
  std::vector<std::uint64_t> words;
  std::vector<std::byte> blobs;

  /// Its arguments by position. Views into this plan.
  [[nodiscard]] std::vector<trace::CallArg> args() const;
  [[nodiscard]] std::uint64_t word(std::size_t index) const {
    return index < words.size() ? words[index] : 0;
  }
};

/// A region becomes live; no call of the program's by itself.
struct BirthPlan {
  std::uint32_t region;  ///< index into Plan::regions
};

struct Operation {
  std::uint64_t key = 0;  ///< orders operations: begin, or end where that counts
  std::uint64_t begin = 0;
  std::uint32_t thread = 0;
  bool captured = false;  ///< went into a graph, did not run
  std::variant<LaunchPlan, GraphLaunchPlan, CallPlan, BirthPlan> what;
  std::vector<PayloadPlan> payloads;
  std::optional<PointPlan> point;
  std::vector<std::uint32_t> deaths;  ///< regions that it ends

  [[nodiscard]] bool is_effect() const { return point.has_value() && point->is_effect(); }
};

struct WindowPlan {
  std::uint32_t number = 0;
  std::uint64_t begin = 0, end = kNever;
  bool closed = false;   ///< its end is in the log
  bool digests = false;  ///< ... with what memory held then: its outcome is known
  trace::VerifyLevel verify = trace::VerifyLevel::None;  ///< what was recorded
};

struct Plan {
  std::string process;
  trace::ProcessRecord machine{};
  ApiTable apis;
  WindowPlan window;
  std::vector<DevicePlan> devices;
  std::vector<ContextPlan> contexts;
  std::map<std::uint32_t, LoadPlan> loads;
  std::map<std::uint32_t, KernelPlan> kernels;
  std::unordered_map<std::uint64_t, std::uint32_t> kernel_of_handle;
  GraphHistory graphs;
  std::vector<trace::StreamRecord> streams;
  std::unordered_map<std::uint64_t, unsigned> event_flags;  ///< of events made before the window
  std::vector<RegionPlan> regions;
  std::uint32_t pages = 0;                        ///< of all regions
  std::vector<std::optional<trace::Hash>> state;  ///< by page: at the begin, or at birth
  std::vector<PageContent> changed;               ///< at the end
  std::vector<Operation> operations;              ///< in the order to run
  Deviations deviations;

  /// The region that holds a page of the plan.
  [[nodiscard]] const RegionPlan& region_of(std::uint32_t page) const;
};

/// Reads what is needed to replay window `number` (0: the first) of a process. Throws
/// trace::CaptureError when the log can't be read, Refusal when it has no such window.
[[nodiscard]] std::unique_ptr<Plan> read_plan(const trace::ProcessLog& log, std::uint32_t number);

}  // namespace fib::replayer
