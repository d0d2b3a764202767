// SPDX-License-Identifier: Apache-2.0
//
// NVTX: `fib record` names us in NVTX_INJECTION64_PATH if a window begins or ends with a range.
// Then every copy of NVTX in the program calls InitializeInjectionNvtx2 at its first use, and after
// that the functions below. Nobody else's NVTX tool is disturbed: there is only one such variable.
#include <atomic>
#include <cstring>

#include "recorder/ranges.h"
#include "shim/disable.h"
#include "shim/nvtx_abi.h"

namespace fib::shim::nvtx {
namespace {

/// Longer names are cut; the watched one is then never found.
constexpr std::size_t kMaxName = 512;

/// Wide text as the bytes that an ASCII range of this name has.
struct Narrow {
  explicit Narrow(const wchar_t* wide) noexcept {
    std::size_t i = 0;
    for (; wide != nullptr && wide[i] != 0 && i + 1 < kMaxName; ++i)
      text[i] = wide[i] > 0 && wide[i] < 128 ? static_cast<char>(wide[i]) : '?';
    text[i] = '\0';
  }
  char text[kMaxName];
};

const char* or_empty(const char* text) noexcept { return text != nullptr ? text : ""; }

/// Registered strings are our own copies: the handle is the text.
template <class Use>
auto with_message(const EventAttributes* event, Use&& use) noexcept {
  constexpr std::size_t kNeeded = offsetof(EventAttributes, message) + sizeof event->message;
  if (event == nullptr || event->size < kNeeded) return use("");
  switch (event->message_type) {
    case MessageType::Ascii: return use(or_empty(event->message.ascii));
    case MessageType::Unicode: return use(Narrow(event->message.unicode).text);
    case MessageType::Registered:
      return use(or_empty(static_cast<const char*>(event->message.registered)));
  }
  return use("");
}

constexpr std::uint32_t kDefaultDomain = 0;

/// Domains are numbers; 0 is the one without a name.
std::uint32_t number_of(const void* domain) noexcept {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(domain));
}

const void* create_domain() noexcept {
  static std::atomic<std::uint32_t> last{kDefaultDomain};
  return reinterpret_cast<const void*>(std::uintptr_t{last.fetch_add(1) + 1});
}

int push(std::uint32_t domain, const EventAttributes* event) noexcept {
  return with_message(event,
                      [&](const char* name) { return recorder::range_pushed(domain, name); });
}

std::uint64_t start(const EventAttributes* event) noexcept {
  return with_message(event, [](const char* name) { return recorder::range_started(name); });
}

// ---- the functions that NVTX calls --------------------------------------------------------------

int range_push_a(const char* name) noexcept {
  return recorder::range_pushed(kDefaultDomain, or_empty(name));
}
int range_push_w(const wchar_t* name) noexcept {
  return recorder::range_pushed(kDefaultDomain, Narrow(name).text);
}
int range_push_ex(const EventAttributes* event) noexcept { return push(kDefaultDomain, event); }
int range_pop() noexcept { return recorder::range_popped(kDefaultDomain); }

std::uint64_t range_start_a(const char* name) noexcept {
  return recorder::range_started(or_empty(name));
}
std::uint64_t range_start_w(const wchar_t* name) noexcept {
  return recorder::range_started(Narrow(name).text);
}
std::uint64_t range_start_ex(const EventAttributes* event) noexcept { return start(event); }
void range_end(std::uint64_t id) noexcept { recorder::range_ended(id); }

int domain_range_push_ex(const void* domain, const EventAttributes* event) noexcept {
  return push(number_of(domain), event);
}
int domain_range_pop(const void* domain) noexcept {
  return recorder::range_popped(number_of(domain));
}
std::uint64_t domain_range_start_ex(const void*, const EventAttributes* event) noexcept {
  return start(event);
}
void domain_range_end(const void*, std::uint64_t id) noexcept { recorder::range_ended(id); }

const void* domain_create_a(const char*) noexcept { return create_domain(); }
const void* domain_create_w(const wchar_t*) noexcept { return create_domain(); }
const void* register_string_a(const void*, const char* text) noexcept {
  return strdup(or_empty(text));  // for good, as NVTX has no end for it; null is a name nobody has
}
const void* register_string_w(const void*, const wchar_t* text) noexcept {
  return strdup(Narrow(text).text);
}

// ---- taking part --------------------------------------------------------------------------------

struct Place {
  unsigned index;
  FunctionPointer function;
};

template <class Function>
FunctionPointer generic(Function* function) noexcept {
  return reinterpret_cast<FunctionPointer>(function);
}

template <std::size_t N>
void fill(const Callbacks& callbacks, Module module, const Place (&places)[N]) noexcept {
  FunctionPointer** table = nullptr;
  unsigned size = 0;
  if (callbacks.get_module_function_table(module, &table, &size) == 0 || table == nullptr) return;
  for (const Place& place : places)
    if (place.index < size && table[place.index] != nullptr) *table[place.index] = place.function;
}

void fill_all(const Callbacks& callbacks) noexcept {
  fill(callbacks, Module::Core,
       {{kRangeStartEx, generic(range_start_ex)},
        {kRangeStartA, generic(range_start_a)},
        {kRangeStartW, generic(range_start_w)},
        {kRangeEnd, generic(range_end)},
        {kRangePushEx, generic(range_push_ex)},
        {kRangePushA, generic(range_push_a)},
        {kRangePushW, generic(range_push_w)},
        {kRangePop, generic(range_pop)}});
  fill(callbacks, Module::Core2,
       {{kDomainRangeStartEx, generic(domain_range_start_ex)},
        {kDomainRangeEnd, generic(domain_range_end)},
        {kDomainRangePushEx, generic(domain_range_push_ex)},
        {kDomainRangePop, generic(domain_range_pop)},
        {kDomainRegisterStringA, generic(register_string_a)},
        {kDomainRegisterStringW, generic(register_string_w)},
        {kDomainCreateA, generic(domain_create_a)},
        {kDomainCreateW, generic(domain_create_w)}});
}

}  // namespace
}  // namespace fib::shim::nvtx

extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(
    fib::shim::nvtx::GetExportTable get_export_table) {
  using namespace fib::shim;
  if (!is_wanted() || get_export_table == nullptr) return 0;
  const auto* callbacks =
      static_cast<const nvtx::Callbacks*>(get_export_table(nvtx::kCallbacksTable));
  if (callbacks == nullptr || callbacks->bytes < sizeof *callbacks ||
      callbacks->get_module_function_table == nullptr)
    return 0;
  nvtx::fill_all(*callbacks);
  return 1;
}
