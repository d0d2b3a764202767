// SPDX-License-Identifier: Apache-2.0
#include "cli/observe.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <set>

#include "cli/launches.h"
#include "cli/live_blocks.h"
#include "cli/names.h"

namespace fib::cli {
namespace {

using registry::IncumbentCode;
using registry::ObservedKernel;
using registry::ObservedLaunch;
using registry::PointedMemory;
using registry::WordPlace;
using registry::Written;

constexpr std::size_t kMostLaunches = 4096;  ///< of one kernel that are looked at
constexpr std::size_t kMostWords = 262'144;  ///< of all these together
constexpr std::uint16_t kCudaMachine = 190;  ///< EM_CUDA

std::uint64_t word_at(const LaunchForm& form, std::size_t offset) {
  std::uint64_t word = 0;
  if (offset + sizeof word <= form.params.size()) {
    std::memcpy(&word, form.params.data() + offset, sizeof word);
  }
  return word;
}

/// Which of the launch's pointers the changes of its memory belong to. A page that several pointers
/// could have changed says "perhaps" of each.
std::vector<Written> written_of(const LaunchForm& form, const std::vector<std::uint64_t>& words,
                                const std::vector<PointedMemory>& memory) {
  std::vector<Written> written(words.size(), Written::No);
  for (const auto& [begin, end] : form.changed) {
    std::size_t below = words.size();
    std::set<std::uint64_t> addresses;  // different ones that could be meant
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool same_block = memory[i].allocation != 0 && words[i] < end &&
                              begin < words[i] - memory[i].offset + memory[i].bytes;
      if (!same_block) continue;
      if (words[i] >= begin) {
        candidates.push_back(i);
      } else if (below == words.size() || words[i] > words[below]) {
        below = i;
      }
    }
    if (below != words.size()) candidates.push_back(below);
    for (const std::size_t i : candidates) addresses.insert(words[i]);
    const Written said = addresses.size() == 1 ? Written::Yes : Written::Perhaps;
    for (const std::size_t i : candidates) written[i] = std::max(written[i], said);
  }
  return written;
}

ObservedLaunch observed(const LaunchForm& form, const LaunchedKernel& kernel,
                        const std::vector<WordPlace>& places, const LiveBlocks& blocks) {
  ObservedLaunch launch;
  launch.geometry = form.geometry;
  launch.params = form.params;
  launch.count = std::max<std::uint64_t>(form.count(), 1);
  launch.has_cluster = form.has_cluster;
  launch.cooperative = form.cooperative;
  launch.dependent = form.dependent;
  launch.changes_known = form.changes_known;
  std::vector<std::uint64_t> words;
  for (const WordPlace& place : places) {
    words.push_back(word_at(form, kernel.layout[place.parameter].offset + place.offset));
    launch.memory.push_back(blocks.find(words.back()));
  }
  if (form.changes_known) launch.written = written_of(form, words, launch.memory);
  return launch;
}

/// Machine code of the simulated driver is that of the host.
IncumbentCode::Kind kind_of(const code::DeviceCode& found) {
  if (found.kind == code::CodeKind::Ptx) return IncumbentCode::Kind::Ptx;
  Elf64_Ehdr header{};
  if (found.bytes.size() >= sizeof header) {
    std::memcpy(&header, found.bytes.data(), sizeof header);
  }
  return header.e_machine == kCudaMachine ? IncumbentCode::Kind::Cubin
                                          : IncumbentCode::Kind::Simulated;
}

/// Variables of the code that the program asked for: it may set them, and a copy has its own.
std::string shared_variables(const ProcessLaunches& process, const LaunchedKernel& kernel,
                             const code::DeviceCode& found) {
  const auto asked = process.globals.find(kernel.load);
  if (asked == process.globals.end()) return "";
  const std::vector<code::Variable> variables = code::variables(found.bytes);
  for (const std::string& name : asked->second) {
    // Of PTX the variables are not listed: any may be in it.
    const bool ours = found.kind == code::CodeKind::Ptx ||
                      std::any_of(variables.begin(), variables.end(),
                                  [&](const auto& variable) { return variable.name == name; });
    if (ours) return name;
  }
  return "";
}

/// Kernels may share variables without the host: between copies they do not. Function objects of
/// templates, of one byte, hold nothing.
std::string note_of(const code::DeviceCode& found) {
  constexpr std::size_t kShown = 8;
  std::string names;
  std::size_t count = 0;
  for (const code::Variable& variable : code::variables(found.bytes)) {
    if (variable.bytes <= 1 || ++count > kShown) continue;
    names += (names.empty() ? "" : ", ") + variable.name;
  }
  if (count == 0) return "";
  return "It has variables of its own, which no other kernel sees: " + names +
         (count > kShown ? " ..." : "") + '.';
}

class Observer {
 public:
  Observer(const trace::Capture& capture, bool with_code) : code_(capture), with_code_(with_code) {}

  void add(const ProcessLaunches& process) {
    std::vector<std::size_t> order(process.forms.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return process.forms[a].first_ticks < process.forms[b].first_ticks;
    });
    LiveBlocks blocks(process.memory);
    for (const std::size_t i : order) {
      const LaunchForm& form = process.forms[i];
      const auto kernel = process.kernels.find(form.kernel);
      if (kernel == process.kernels.end() || (form.count() == 0 && !form.uncountable)) continue;
      blocks.advance(form.first_ticks);
      add(process, kernel->second, form, blocks);
    }
  }

  std::vector<RecordedKernel> finish() {
    std::vector<RecordedKernel> kernels;
    for (auto& [key, entry] : entries_) kernels.push_back(std::move(entry.kernel));
    std::stable_sort(kernels.begin(), kernels.end(), [](const auto& a, const auto& b) {
      return a.observed.count() > b.observed.count();
    });
    return kernels;
  }

 private:
  struct Entry {
    RecordedKernel kernel;
    std::vector<WordPlace> places;
  };

  Entry& entry_of(const ProcessLaunches& process, const LaunchedKernel& kernel,
                  const LaunchForm& form) {
    const auto hash = code_.code_hash(process, kernel, form);
    const auto image = code_.image_hash(process, kernel);
    std::string key = kernel.name + '\n' + (hash ? trace::hash_hex(*hash) : "") + '\n' +
                      (!hash && image ? trace::hash_hex(*image) : "");
    for (const match::ParamSlot& slot : kernel.layout) key += ' ' + std::to_string(slot.size);
    const auto [found, fresh] = entries_.try_emplace(std::move(key));
    Entry& entry = found->second;
    if (!fresh) return entry;
    ObservedKernel& observed = entry.kernel.observed;
    observed.name = kernel.name;
    observed.demangled = demangle(kernel.name);
    observed.layout_known = kernel.layout_known;
    observed.layout = kernel.layout;
    observed.code = hash;
    observed.attributes = kernel.attributes;
    const ProcessLaunches::Device* const device = process.device_of(form);
    if (device != nullptr) observed.gpu = device->name;
    entry.places = registry::word_places(kernel.layout);
    if (with_code_) read_code(process, kernel, form, entry.kernel);
    return entry;
  }

  void read_code(const ProcessLaunches& process, const LaunchedKernel& kernel,
                 const LaunchForm& form, RecordedKernel& to) const {
    const auto found = code_.code(process, kernel, form, to.why_no_code);
    if (!found) return;
    const std::string variable = shared_variables(process, kernel, *found);
    if (!variable.empty()) {
      to.why_no_code = "the program sets or reads its variable '" + variable +
                       "', of which a copy would have its own";
    } else if (code::is_relocatable(found->bytes)) {
      to.why_no_code = "its code must be linked before it can be loaded";
    } else {
      const auto* const data = reinterpret_cast<const char*>(found->bytes.data());
      to.code = {kind_of(*found), std::string(data, found->bytes.size())};
      to.code_note = note_of(*found);
    }
  }

  void add(const ProcessLaunches& process, const LaunchedKernel& kernel, const LaunchForm& form,
           const LiveBlocks& blocks) {
    Entry& entry = entry_of(process, kernel, form);
    ObservedKernel& to = entry.kernel.observed;
    const std::size_t most =
        std::min(kMostLaunches, kMostWords / std::max<std::size_t>(entry.places.size(), 1));
    if (!form.params_known || to.launches.size() >= most) {
      to.left_out += form.count();
      return;
    }
    to.launches.push_back(observed(form, kernel, entry.places, blocks));
  }

  KernelCodeReader code_;
  bool with_code_;
  std::map<std::string, Entry> entries_;
};

}  // namespace

std::vector<RecordedKernel> observe_kernels(const trace::Capture& capture,
                                            const std::function<bool(const std::string&)>& wanted,
                                            bool with_code) {
  Observer observer(capture, with_code);
  for (const ProcessLaunches& process : read_all_launches(capture, wanted)) observer.add(process);
  return observer.finish();
}

}  // namespace fib::cli
