// SPDX-License-Identifier: Apache-2.0
// The half of DumpPrinter that prints what windows consist of.
#include "cli/dump_printer.h"
#include "cli/window_ledger.h"
#include "trace/capture.h"

namespace fib::cli {
namespace {

const char* hash_phase_name(std::uint16_t phase) {
  switch (static_cast<trace::HashPhase>(phase)) {
    case trace::HashPhase::State: return "state";
    case trace::HashPhase::Changed: return "changed";
    case trace::HashPhase::Point: return "point";
  }
  return "unknown";
}

}  // namespace

void DumpPrinter::hashes(std::span<const trace::Hash> hashes) {
  json_.field("pages", hashes.size());
  if (!options_.params) return;
  json_.key("hashes").begin_array();
  for (const trace::Hash& hash : hashes) json_.value(trace::hash_hex(hash));
  json_.end_array();
}

void DumpPrinter::on_window(const trace::Window& window) {
  if (options_.kernel || !begin("window")) return;
  const trace::WindowRecord& fixed = window.fixed;
  const bool begins = fixed.phase == static_cast<std::uint16_t>(trace::WindowPhase::Begin);
  time(window.header.time);
  json_.field("window", fixed.window).field("phase", begins ? "begin" : "end");
  json_.field("reason", window_reason_name(fixed.reason)).field("text", window.text);
  json_.field("verify", verify_level_name(fixed.verify)).field("pause_ns", fixed.pause_ns);
  json_.field("live_bytes", fixed.live_bytes).field("pages", fixed.pages);
  json_.field("stored_pages", fixed.stored_pages).field("stored_bytes", fixed.stored_bytes);
  finish();
}

void DumpPrinter::on_region(const trace::Region& region) {
  if (options_.kernel || !begin("region")) return;
  const trace::RegionRecord& fixed = region.fixed;
  time(region.header.time);
  json_.field("window", fixed.window).field("region", fixed.region);
  json_.field("kind", region_kind_name(fixed.kind));
  json_.key("address").hex(fixed.address).field("bytes", fixed.bytes);
  json_.field("device", fixed.device).field("flags", fixed.flags);
  if (fixed.context != 0) json_.key("context").hex(fixed.context);
  if (fixed.handle != 0) json_.key("handle").hex(fixed.handle);
  if (fixed.host_address != 0) json_.key("host_address").hex(fixed.host_address);
  if (fixed.offset != 0) json_.field("offset", fixed.offset);
  if (fixed.load != 0) json_.field("load", fixed.load).field("name", region.name);
  finish();
}

void DumpPrinter::on_page_hashes(const trace::PageHashes& pages) {
  if (options_.kernel || !begin("page_hashes")) return;
  const trace::PageHashesRecord& fixed = pages.fixed;
  time(pages.header.time);
  json_.field("window", fixed.window).field("region", fixed.region);
  json_.field("phase", hash_phase_name(fixed.phase));
  json_.field("stored", (pages.header.flags & trace::kPagesStored) != 0);
  if (fixed.point != 0) json_.field("point", fixed.point);
  json_.key("runs").begin_array();
  for (const trace::HashRun& run : pages.runs) {
    json_.begin_object().field("first", run.first);
    hashes(run.hashes);
    json_.end_object();
  }
  json_.end_array();
  finish();
}

void DumpPrinter::on_stream(const trace::Stream& stream) {
  if (options_.kernel || !begin("stream")) return;
  const trace::StreamRecord& fixed = stream.fixed;
  json_.field("window", fixed.window).key("handle").hex(fixed.handle);
  json_.key("context").hex(fixed.context).field("flags", fixed.flags);
  json_.field("priority", fixed.priority);
  finish();
}

void DumpPrinter::on_payload(std::uint32_t thread, const trace::Payload& payload) {
  if (options_.kernel || !begin("payload", thread)) return;
  const trace::PayloadRecord& fixed = payload.fixed;
  const bool source = fixed.kind == static_cast<std::uint32_t>(trace::PayloadKind::Source);
  time(payload.header.time);
  json_.field("kind", source ? "source" : "host");
  json_.key("address").hex(fixed.address).field("bytes", fixed.bytes);
  hashes(payload.hashes);
  finish();
}

void DumpPrinter::on_point(std::uint32_t thread, const trace::Point& point) {
  if (options_.kernel || !begin("point", thread)) return;
  const trace::PointRecord& fixed = point.fixed;
  const bool effect = fixed.kind == static_cast<std::uint16_t>(trace::PointKind::Effect);
  time(point.header.time);
  json_.field("point", fixed.point).field("kind", effect ? "effect" : "digest");
  if (effect) json_.field("reason", effect_reason_name(fixed.effect));
  json_.field("changed_pages", fixed.changed_pages);
  finish();
}

}  // namespace fib::cli
