# SPDX-License-Identifier: Apache-2.0
"""Children by spawn: fresh interpreters, as inference engines start their workers."""

import mp_work

if __name__ == "__main__":
    mp_work.run("mp_spawn", "spawn")
