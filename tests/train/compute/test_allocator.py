"""Freed memory stays with the process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNTED = """
import resource, torch
from striate.train.compute.allocator import keep_freed_memory
{call}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    torch.zeros(50, 1000, 1000)
before = faults()
for _ in range(5):
    torch.zeros(50, 1000, 1000)
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_a_large_tensor_is_not_mapped_anew() -> None:
    def faults(call: str) -> int:
        code = COUNTED.format(call=call)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return int(done.stdout)

    assert faults("keep_freed_memory()") < 100 < faults("")
