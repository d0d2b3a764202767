# SPDX-License-Identifier: Apache-2.0
"""Two GPUs: both from one process, then one process each with an NCCL all-reduce between them."""

import os
import tempfile

import torch

import case


def one_process():
    outputs = []
    for device in ("cuda:0", "cuda:1"):
        torch.manual_seed(0)
        x = torch.randn(256, 256, device=device)
        for _ in range(20):
            x = torch.tanh(x @ x.T / 16)
        outputs.append(x)
    outputs.append(outputs[0].to("cuda:1") + outputs[1])
    for device in (0, 1):
        torch.cuda.synchronize(device)
    return outputs


def rank_main(rank, rendezvous):
    torch.cuda.set_device(rank)
    torch.distributed.init_process_group("nccl", init_method=f"file://{rendezvous}", rank=rank,
                                         world_size=2)
    x = torch.full((1 << 16,), float(rank + 1), device="cuda")
    for _ in range(5):
        torch.distributed.all_reduce(x)
    torch.cuda.synchronize()
    assert x[0].item() == 3.0 * 2**4
    torch.distributed.destroy_process_group()


def one_process_each():
    # NVLink multicast objects outlive a crash and can put the GPUs of a shared host out of service.
    os.environ.setdefault("NCCL_NVLS_ENABLE", "0")
    with tempfile.TemporaryDirectory() as directory:
        torch.multiprocessing.spawn(rank_main, args=(os.path.join(directory, "rendezvous"),), nprocs=2)
    return []


def main():
    if torch.cuda.device_count() < 2:
        print("SKIP one GPU only", flush=True)
        return
    steps = case.Steps()
    steps.run(one_process)
    steps.run(one_process_each)
    steps.finish("two_gpus")


if __name__ == "__main__":
    main()
