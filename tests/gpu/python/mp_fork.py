# SPDX-License-Identifier: Apache-2.0
"""Children by fork, from a parent that has loaded PyTorch but not yet used CUDA."""

import torch  # noqa: F401  (loaded before the fork on purpose)

import mp_work

if __name__ == "__main__":
    mp_work.run("mp_fork", "fork")
