# SPDX-License-Identifier: Apache-2.0
"""Writes {"name", version}, lines for every PFN_<name>_v<version> of cudaTypedefs.h."""

import re
import sys

header, output = sys.argv[1:]
with open(header, encoding="utf-8") as file:
    found = set(re.findall(r"\bPFN_(cu\w+?)_v(\d+)(?:_ptsz|_ptds)?\b", file.read()))
# The newest driver, one that is older than all, and the versions around each change.
names = {name for name, _ in found}
found |= {(name, version) for name in names for version in ("0", "2000", "13000", "99000")}
found |= {(name, str(int(version) - 1)) for name, version in set(found) if int(version) > 0}
with open(output, "w", encoding="utf-8") as file:
    for name, version in sorted(found, key=lambda q: (q[0], int(q[1]))):
        file.write(f'{{"{name}", {version}}},\n')
