"""Freed memory stays with the process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Plain malloc: what torch asks for is aligned, and whether a freed place is long enough for that
# again depends on what lies behind it.
COUNTED = """
import ctypes, resource
from striate.train.compute.allocator import keep_freed_memory
{call}
libc, size = ctypes.CDLL(None), 200_000_000
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
def use():
    place = libc.malloc(size)
    ctypes.memset(place, 1, size)
    libc.free(place)
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_a_large_piece_of_memory_is_not_mapped_anew() -> None:
    def faults(call: str) -> int:
        code = COUNTED.format(call=call)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return int(done.stdout)

    assert faults("keep_freed_memory()") < 100 < faults("")
