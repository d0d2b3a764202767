# SPDX-License-Identifier: Apache-2.0
"""Names of kernels as torch's profiler writes them, to compare with those of captures."""

import ctypes
import re


def demangled(names):
    """{mangled: readable}, by the function that torch's profiler uses; names that are not mangled stay."""
    demangle = ctypes.CDLL("libstdc++.so.6").__cxa_demangle
    demangle.restype = ctypes.c_void_p
    libc = ctypes.CDLL(None)
    found = {}
    for name in set(names):
        status = ctypes.c_int()
        text = demangle(name.encode(), None, None, ctypes.byref(status))
        found[name] = ctypes.string_at(text).decode(errors="replace") if text else name
        libc.free(ctypes.c_void_p(text))
    return found


def plain(name):
    """A name without what tools write differently."""
    return re.sub(r"\s+", "", name.replace("(anonymous namespace)", "").replace("::::", "::"))
