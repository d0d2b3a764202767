// SPDX-License-Identifier: Apache-2.0
//
// Where glibc is 2.38 or newer, its headers turn strtol and its family into calls of __isoc23_*,
// and the libstdc++ that is linked into us has such calls too. These definitions of our own, which
// nobody outside sees, keep us loadable on 2.34. They lack only the binary numbers ("0b1") of C23.

extern "C" {

long old_strtol(const char* text, char** end, int base) noexcept __asm__("strtol");
unsigned long old_strtoul(const char* text, char** end, int base) noexcept __asm__("strtoul");
long long old_strtoll(const char* text, char** end, int base) noexcept __asm__("strtoll");
unsigned long long old_strtoull(const char* text, char** end, int base) noexcept
    __asm__("strtoull");

long __isoc23_strtol(const char* text, char** end, int base) noexcept {
  return old_strtol(text, end, base);
}
unsigned long __isoc23_strtoul(const char* text, char** end, int base) noexcept {
  return old_strtoul(text, end, base);
}
long long __isoc23_strtoll(const char* text, char** end, int base) noexcept {
  return old_strtoll(text, end, base);
}
unsigned long long __isoc23_strtoull(const char* text, char** end, int base) noexcept {
  return old_strtoull(text, end, base);
}

}  // extern "C"
