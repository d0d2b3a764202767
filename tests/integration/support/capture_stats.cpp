// SPDX-License-Identifier: Apache-2.0
//
// capture_stats [--launches] DIR: what our reader finds in every process of a capture, as JSON.
// Kept apart from the fib tool on purpose: the harness checks both against the driver's own count.

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "trace/reader.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string hex(const void* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<const unsigned char*>(bytes)[i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}
std::string hex(fib::trace::Bytes bytes) { return hex(bytes.data(), bytes.size()); }

std::string triple(const std::uint32_t (&v)[3]) {
  return std::to_string(v[0]) + "," + std::to_string(v[1]) + "," + std::to_string(v[2]);
}

std::string hash_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return hex(canonical.digest, sizeof(canonical.digest));
}

/// Collects raw facts; names are put in at the end, because definitions may come after their uses.
class Collector : public fib::trace::Visitor {
 public:
  explicit Collector(bool keep_launches) : keep_launches_(keep_launches) {}

  void on_process(const fib::trace::Process& p) override {
    out["pid"] = p.fixed.pid;
    out["rank"] = p.fixed.rank;
    out["driver"] = p.fixed.driver_version;
    for (const auto& [key, value] : p.strings)
      out["strings"][std::string(key)] = std::string(value);
  }
  void on_api(const fib::trace::Api& a) override { apis_[a.api] = a.name; }
  void on_device(const fib::trace::Device& d) override {
    out["devices"].push_back(std::string(d.name));
  }
  void on_context(const fib::trace::Context&) override { ++contexts_; }
  void on_thread(const fib::trace::Thread& t) override { threads_[t.fixed.thread] = t.fixed.tid; }
  void on_load(const fib::trace::Load& l) override {
    loads.push_back({{"load", l.fixed.load},
                     {"kind", l.fixed.kind},
                     {"bytes", l.fixed.bytes},
                     {"options", l.options.size()},
                     {"path", std::string(l.path)}});
  }
  void on_image(const fib::trace::Image& i) override {
    images[hex(i.fixed.hash, sizeof(i.fixed.hash))] = i.fixed.bytes;
    image_loads.push_back(i.fixed.load);
  }
  void on_kernel(const fib::trace::Kernel& k) override {
    kernels_[k.fixed.kernel] = k.name;
    json params = json::array();
    for (const auto& p : k.params) params.push_back({p.offset, p.bytes});
    out["kernels"].push_back({{"name", std::string(k.name)},
                              {"load", k.fixed.load},
                              {"flags", k.header.flags},
                              {"params", params}});
  }
  void on_graph(const fib::trace::Graph& g) override {
    json types = json::array();
    for (const auto& node : g.nodes) types.push_back(node.fixed.type);
    out["graphs"].push_back({{"exec", g.fixed.exec},
                             {"revision", g.fixed.revision},
                             {"types", types},
                             {"edges", g.edges.size()}});
  }
  void on_graph_update(const fib::trace::GraphUpdate&) override { ++graph_updates_; }
  void on_deviation(const fib::trace::DeviationNote& d) override {
    auto& count = out["deviations"][std::to_string(d.code)];
    count = count.is_null() ? 1 : count.get<int>() + 1;
    out["deviation_texts"].push_back(std::string(d.text));
  }
  void on_drops(const fib::trace::Drops& d) override {
    auto& [records, launches] = drops_[d.fixed.thread];  // cumulative
    records = std::max(records, d.fixed.records);
    launches = std::max(launches, d.fixed.launches);
  }
  void on_launch(std::uint32_t thread, const fib::trace::Launch& l) override {
    const bool captured = (l.header.flags & fib::trace::kLaunchCaptured) != 0;
    if (l.fixed.result == 0 && !captured) ++executed_[l.fixed.kernel];
    if (captured) ++captured_;
    if (l.fixed.result != 0) ++failed_;
    if (!keep_launches_) return;
    json attributes = json::array();
    for (const auto& a : l.attributes) attributes.push_back({a.id, hex(a.value)});
    launches_.push_back({{"thread", thread},
                         {"id", l.fixed.kernel},
                         {"grid", triple(l.fixed.grid)},
                         {"block", triple(l.fixed.block)},
                         {"shared", l.fixed.shared_bytes},
                         {"result", l.fixed.result},
                         {"captured", captured},
                         {"flags", l.header.flags},
                         {"stream", l.fixed.stream},
                         {"params", hex(l.params)},
                         {"attributes", attributes}});
  }
  void on_graph_launch(std::uint32_t, const fib::trace::GraphLaunch& g) override {
    graph_launches_ += g.fixed.result == 0;
  }
  void on_call(std::uint32_t, const fib::trace::Call& c) override {
    ++(c.fixed.result == 0 ? calls_ : failed_calls_)[c.fixed.api];
  }

  void finish() {
    out["executed"] = json::object();
    for (const auto& [kernel, count] : executed_) {
      auto& sum = out["executed"][kernels_[kernel]];
      sum = (sum.is_null() ? 0 : sum.get<std::uint64_t>()) + count;
    }
    for (const auto& [api, count] : calls_) out["calls"][apis_[api]] = count;
    for (const auto& [api, count] : failed_calls_) out["failed_calls"][apis_[api]] = count;
    for (auto& launch : launches_) {
      launch["kernel"] = kernels_[launch["id"].get<std::uint32_t>()];
      launch["tid"] = threads_[launch["thread"].get<std::uint32_t>()];
    }
    std::uint64_t dropped_records = 0, dropped_launches = 0;
    for (const auto& [thread, counts] : drops_) {
      dropped_records += counts.first;
      dropped_launches += counts.second;
    }
    out["drops"] = dropped_records;
    out["dropped_launches"] = dropped_launches;
    out["launches"] = launches_;
    out["captured_launches"] = captured_;
    out["failed_launches"] = failed_;
    out["graph_launches"] = graph_launches_;
    out["graph_updates"] = graph_updates_;
    out["threads"] = threads_.size();
    out["contexts"] = contexts_;
  }

  json out = {{"calls", json::object()},
              {"failed_calls", json::object()},
              {"deviations", json::object()},
              {"kernels", json::array()},
              {"graphs", json::array()}};
  json loads = json::array();
  std::map<std::string, std::uint64_t> images;
  std::vector<std::uint32_t> image_loads;

 private:
  bool keep_launches_;
  std::map<std::uint16_t, std::string> apis_;
  std::map<std::uint32_t, std::string> kernels_;
  std::map<std::uint32_t, std::uint64_t> executed_;
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> drops_;
  std::map<std::uint32_t, std::uint32_t> threads_;
  std::map<std::uint16_t, std::uint64_t> calls_, failed_calls_;
  std::vector<json> launches_;
  std::uint64_t captured_ = 0, failed_ = 0, graph_launches_ = 0, graph_updates_ = 0, contexts_ = 0;
};

const char* text_of(fib::trace::ReadStatus status) {
  using enum fib::trace::ReadStatus;
  switch (status) {
    case Complete: return "Complete";
    case Unclosed: return "Unclosed";
    case Truncated: return "Truncated";
    case Damaged: return "Damaged";
    case Refused: return "Refused";
  }
  return "?";
}

/// Images that the log names and the store lacks, or holds with other contents.
json missing_images(const Collector& log, const fs::path& store) {
  json missing = json::array();
  for (const auto& [hash, bytes] : log.images) {
    const fs::path path = store / hash;
    std::error_code error;
    if (fs::file_size(path, error) != bytes || hash_of_file(path) != hash) missing.push_back(hash);
  }
  return missing;
}

json read_process(const fs::path& directory, bool keep_launches) {
  Collector log(keep_launches);
  const auto result = fib::trace::read_log_file(directory / "log.fib", log);
  log.finish();
  json out = std::move(log.out);
  out["dir"] = directory.filename().string();
  out["partial"] = directory.extension() == ".partial";
  out["status"] = text_of(result.status);
  out["message"] = result.message;
  out["records"] = result.records;
  out["unknown_records"] = result.unknown_records;
  out["file_bytes"] = result.file_bytes;
  out["loads"] = log.loads;
  out["images"] = log.images;
  out["image_loads"] = log.image_loads;
  out["missing_images"] = missing_images(log, directory.parent_path() / "images");
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const bool keep_launches = argc == 3 && std::string(argv[1]) == "--launches";
  if (argc != 2 + keep_launches) {
    std::fprintf(stderr, "usage: capture_stats [--launches] DIR\n");
    return 2;
  }
  json processes = json::array();
  std::vector<fs::path> directories;
  for (const auto& entry : fs::directory_iterator(argv[argc - 1])) {
    const auto name = entry.path().filename();
    if (name != "images" && name != "pages") directories.push_back(entry.path());
  }
  std::sort(directories.begin(), directories.end());
  for (const auto& directory : directories)
    processes.push_back(read_process(directory, keep_launches));
  std::cout << json{{"processes", processes}}.dump(1, ' ', false, json::error_handler_t::replace)
            << "\n";
  return 0;
}
