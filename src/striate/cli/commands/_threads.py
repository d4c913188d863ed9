"""Manners of torch's threads on a machine that does other work as well."""

from __future__ import annotations

import os


def yield_while_waiting() -> None:
    """Let threads that wait for others give way soon; call before torch is imported.

    By default they spin for milliseconds, which starves the very threads they wait for when there
    are more busy threads than cores: training was 2 to 10 times slower beside three busy processes
    on two cores. What the user's environment says is kept.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
