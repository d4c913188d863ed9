"""What to do when a training waits for its images."""

from __future__ import annotations

from striate.data import Loader, usable_cores

# Below this share of the time, faster input would hardly be noticed; a pass that is over in a
# moment says little.
WORTH_TELLING = 0.2
SHORTEST_S = 5.0


def input_advice(loader: Loader) -> str | None:
    """What would make the last pass over the images faster; None if they were not the limit."""
    seconds = loader.waited_s + loader.used_s
    if loader.waiting < WORTH_TELLING or seconds < SHORTEST_S:
        return None
    return (
        f"images are the limit: the network waited for them {loader.waiting:.0%} of the epoch; "
        f"{'; '.join(_ways(loader))}"
    )


def _ways(loader: Loader) -> list[str]:
    ways = []
    if loader.cache is not None and loader.cache.failure is not None:
        ways.append(f"the cache could not be written ({loader.cache.failure})")
    elif loader.cache is None:
        ways.append("keep decoded images with --cache DIR, on a fast disk with room")
    elif loader.kept > 0.9:
        ways.append("from the next epoch on they come from the cache")
    if loader.workers < usable_cores():
        ways.append(f"load with more threads than {loader.workers}: --workers {usable_cores()}")
    if loader.cache is None:
        ways.append("or store the files smaller, nearer to the size that the network takes")
    return ways or ["a larger network would cost hardly more time"]
