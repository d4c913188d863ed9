"""Which images are the same picture: byte for byte, or as seen at a small size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from statistics import NormalDist

import numpy as np

from striate.data.audit.hashing import BITS, distance, mirrored
from striate.data.audit.looks import confirmed
from striate.data.audit.pairs import Pairs, joined
from striate.data.manifest import Manifest

# Bits in which the hashes of two copies may differ. Measured by bench/near_duplicates.py, copies
# of 200 photos found and pairs of 10,000 CIFAR pictures (10^8 comparisons) taken for copies:
#   bits   re-encoded, resized, mirrored   2 % cut off   5 % cut off   pairs   of two classes
#      4                          100 %          82 %          25 %      11                0
#      6                          100 %          94 %          50 %      22                0
#      8                          100 %          98 %          80 %      42                1
#     10                          100 %         100 %          89 %     105               24
# Among all 60,000 CIFAR-10 pictures, a second look (see `looks`) leaves 1,168 of 1,554 pairs at 8
# bits, and 3 of the 82 of two classes.
NEAR = 10

# Pairs of different pictures whose hashes may be near, for each image; the threshold is lowered
# until no more are expected. Most of them do not pass the second look.
MISTAKEN = 1e-2
SAMPLE = 200_000  # pairs from which the distances of different pictures are learnt
FEWEST = 50  # images below which they are not

# Parts of the bits that must be equal before two hashes are compared: few parts make few passes,
# many parts few comparisons, which matters when there are many hashes.
EQUAL_PARTS = (2, 3)
MANY = 60_000


def duplicate_groups(manifest: Manifest) -> np.ndarray:
    """A number per image, the same for all copies of a picture: int64, N; 0 to groups - 1.

    Copies are equal files and pictures that look alike: resized, re-encoded, mirrored or cut by a
    little. Those whose hashes are near are looked at once more, in colour, if the data are there.
    An image whose hashes are not known is alone in its group.
    """
    equal = exact_pairs(manifest.column("content_hash"))
    hashes, known = known_hashes(manifest)
    near = near_pairs(hashes[known], near_threshold(hashes[known]))
    places = np.flatnonzero(known)
    alike = confirmed(manifest, Pairs(places[near.first], places[near.second]))
    first = np.concatenate([equal.first, alike.first])
    second = np.concatenate([equal.second, alike.second])
    return joined(len(manifest), Pairs(first, second))


def known_hashes(manifest: Manifest) -> tuple[np.ndarray, np.ndarray]:
    """Perceptual hashes, uint64, and where they are known, as booleans: N each."""
    column = manifest.table["perceptual_hash"]
    known = np.asarray(column.is_valid().to_numpy(), dtype=bool)
    return np.asarray(column.fill_null(0).to_numpy(), dtype=np.uint64), known


def exact_pairs(hashes: np.ndarray) -> Pairs:
    """Each image with the first of the same content; hashes as bytes, None where not known."""
    known = np.flatnonzero([value is not None for value in hashes])
    values = np.asarray([hashes[place] for place in known.tolist()], dtype="S16")
    _, first, group = np.unique(values, return_index=True, return_inverse=True)
    leader = known[first[group.ravel()]] if len(known) else known
    is_copy = leader != known
    return Pairs(leader[is_copy], known[is_copy])


def near_threshold(hashes: np.ndarray) -> int:
    """Bits in which copies may differ, at most `NEAR`; -1 where all pictures look alike.

    Pictures taken by one camera of one thing, or of few pixels, have nearer hashes than photos.
    And the more pictures there are, the more pairs are near by chance. The distances of different
    pictures are taken as normally distributed, by their median and the 5 % below.
    """
    if len(hashes) < FEWEST:
        return NEAR
    chance = np.random.default_rng(0)
    one, other = chance.integers(0, len(hashes), (2, SAMPLE))
    distances = distance(hashes[one], hashes[other])[one != other]
    low, middle = np.quantile(distances, [0.05, 0.5]).tolist()
    normal = NormalDist(middle, (middle - low) / -NormalDist().inv_cdf(0.05))
    # Each picture is compared with all others and with all others mirrored; a pair is of two.
    allowed = normal.inv_cdf(MISTAKEN / len(hashes)) if low < middle else -1
    return int(np.clip(np.floor(allowed), -1, NEAR))


def near_pairs(hashes: np.ndarray, threshold: int = NEAR) -> Pairs:
    """All pairs of hashes that differ in at most so many bits, one of them mirrored or not.

    Source: M. Norouzi, A. Punjani, D. Fleet, "Fast Exact Search in Hamming Space With Multi-Index
    Hashing", 2014, section 2, with several parts instead of single ones: of `threshold + 2` parts
    of the bits, two at least are equal in two hashes that are near.
    """
    if threshold < 0 or not len(hashes):
        empty = np.empty(0, np.int64)
        return Pairs(empty, empty)
    # Equal hashes would fill whole buckets: they are paired first, and searched once.
    distinct, leader, group = np.unique(hashes, return_index=True, return_inverse=True)
    copies = np.flatnonzero(leader[group] != np.arange(len(hashes)))
    firsts, seconds = [leader[group[copies]]], [copies]
    count = len(distinct)
    both = np.concatenate([distinct, mirrored(distinct)])
    for one, other in _near(both, threshold):
        one, other = one % count, other % count
        is_pair = one != other
        firsts.append(leader[one[is_pair]])
        seconds.append(leader[other[is_pair]])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    pairs = np.unique(np.minimum(first, second) * len(hashes) + np.maximum(first, second))
    return Pairs(pairs // len(hashes), pairs % len(hashes))


def _near(hashes: np.ndarray, threshold: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of hashes that differ in at most so many bits; in many portions, some twice."""
    equal = EQUAL_PARTS[len(hashes) > MANY]
    count = threshold + equal
    # Neighbouring bits are alike, as neighbouring frequencies are: each part takes bits from all.
    parts = [sum(1 << bit for bit in range(start, BITS, count)) for start in range(count)]
    for chosen in combinations(parts, equal):
        keys = hashes & np.uint64(sum(chosen))
        order = np.argsort(keys)
        keys, values = keys[order], hashes[order]
        here = np.flatnonzero(keys[1:] == keys[:-1])
        step = 1
        while len(here):
            is_near = distance(values[here], values[here + step]) <= threshold
            yield order[here[is_near]], order[here[is_near] + step]
            step += 1
            here = here[here + step < len(keys)]
            here = here[keys[here + step] == keys[here]]
