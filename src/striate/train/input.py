"""What to do when a training waits for its images."""

from __future__ import annotations

from striate.data import Loader, usable_cores

# Below this share of the time, faster input would hardly be noticed; a pass that is over in a
# moment says little.
WORTH_TELLING = 0.2
SHORTEST_S = 5.0


def input_advice(loader: Loader) -> str | None:
    """What would make passes over the images faster; None if they are not the limit.

    Judged by the last pass, unless that filled the cache: the next one does not wait as long.
    """
    is_filled = loader.cache is not None and loader.cache.failure is None
    if is_filled and loader.kept_before < 0.5:
        return None
    if loader.waiting < WORTH_TELLING or loader.waited_s + loader.used_s < SHORTEST_S:
        return None
    return (
        f"images are the limit: the network waited for them {loader.waiting:.0%} of the epoch; "
        f"{'; '.join(_ways(loader))}"
    )


def _ways(loader: Loader) -> list[str]:
    ways = []
    if loader.cache is not None and loader.cache.failure is not None:
        ways.append(f"decoded images could not be kept ({loader.cache.failure})")
    if loader.cache is None:
        ways.append("keep decoded images, on a fast disk with room: --cache DIR")
        ways.append("or store the files smaller, nearer to the size that the network takes")
    if loader.workers < usable_cores():
        ways.append(f"load with more threads than {loader.workers}: --workers {usable_cores()}")
    return ways or ["a larger network would hardly take longer"]
