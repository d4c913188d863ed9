"""Pictures of single images: the worst mistakes, and labels that are probably wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from striate.data import Manifest, contents, usable_cores
from striate.data.audit import small_picture
from striate.data.names import escaped, shown
from striate.errors import DataError
from striate.evaluate.predictions import Predictions
from striate.evaluate.report.wrong_labels import wrong_labels

# Bounds that keep a page small: a picture is at most about 10 kB.
MOST_PICTURES = 24
SIDE_PX = 160
TOP = 3
MOST_TRUE = 3
LONGEST_NAME = 72
# What the progress of a report adds up to.
STEPS = 2 * MOST_PICTURES


@dataclass(frozen=True, slots=True)
class Guess:
    """A class, how probable it is (0..1), and whether it is the truth."""

    name: str
    probability: float
    is_truth: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture: `address` is empty where it cannot be shown.

    heading: what is to be seen at once. truth: names of the true classes. note: a number and what
    it is. guesses: the most probable classes and the true ones, the most probable first.
    """

    address: str
    heading: str
    truth: str
    note: str
    file: str
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures of one kind, and of how many they are the first."""

    tiles: tuple[Tile, ...] = ()
    total: int = 0


class Album:
    """The images that were judged; makes tiles of them.

    manifest: None where the images are not at hand; then there are names only.
    """

    def __init__(
        self, said: Predictions, manifest: Manifest | None, advance: Callable[[int], None]
    ) -> None:
        self.said = said
        self.manifest = manifest
        self.advance = advance
        self.classes = [shown(name) for name in said.classes]

    def mistakes(self) -> Gallery:
        """The images that are wrong with the highest loss."""
        wrong = np.flatnonzero(~self.said.is_right)
        chosen = wrong[np.argsort(-self.said.losses[wrong], kind="stable")][:MOST_PICTURES]
        rows = chosen.tolist()
        tiles = [
            self._tile(
                row,
                address,
                f"taken for {self._names(self.said.predicted[row])}",
                f"loss {self.said.losses[row]:.2f}",
            )
            for row, address in zip(rows, self._addresses(rows), strict=True)
        ]
        return Gallery(tuple(tiles), len(wrong))

    def wrong_labels(self) -> Gallery:
        """The images whose label is probably wrong, the surest first; none of several labels."""
        if self.said.is_multilabel:
            self.advance(MOST_PICTURES)
            return Gallery()
        found = wrong_labels(self.said.probabilities, self.said.truth)
        some = found[:MOST_PICTURES]
        addresses = self._addresses([one.place for one in some])
        tiles = [
            self._tile(
                one.place,
                address,
                f"perhaps {self.classes[one.suggested]}",
                f"{100 * one.margin:.1f} points more probable",
            )
            for one, address in zip(some, addresses, strict=True)
        ]
        return Gallery(tuple(tiles), len(found))

    def _tile(self, row: int, address: str, heading: str, note: str) -> Tile:
        probabilities, truth = self.said.probabilities[row], self.said.truth[row]
        true = self._places(truth)
        top = np.argsort(-probabilities, kind="stable")[:TOP].tolist()
        places = [*top, *(place for place in true if place not in top)]
        guesses = [
            Guess(self.classes[place], float(probabilities[place]), place in true)
            for place in places[: TOP + MOST_TRUE]
        ]
        return Tile(
            address=address,
            heading=heading,
            truth=self._names(truth),
            note=note,
            file=_cut(self.said.paths[row]),
            guesses=tuple(guesses),
        )

    def _names(self, labels: np.ndarray) -> str:
        names = [self.classes[place] for place in self._places(labels)]
        rest = len(names) - 2 * MOST_TRUE
        more = f", ... ({rest} more)" if rest > 0 else ""
        return (", ".join(names[: 2 * MOST_TRUE]) or "nothing") + more

    def _places(self, labels: np.ndarray) -> list[int]:
        """Classes of one image: of a single label, or of 0 and 1 for each class."""
        return np.flatnonzero(labels).tolist() if np.ndim(labels) else [int(labels)]

    def _addresses(self, rows: list[int]) -> Iterator[str]:
        """`data:` addresses of small pictures; empty where there is none."""
        try:
            read = None if self.manifest is None else contents(self.manifest)
        except DataError:
            read = None

        def made(row: int) -> str:
            self.advance(1)
            place = int(self.said.places[row])
            try:
                return "" if read is None else small_picture(lambda: read(place), side=SIDE_PX)
            except DataError:  # the file that it is in was exchanged since it was judged
                return ""

        with ThreadPoolExecutor(usable_cores()) as pool:
            yield from pool.map(made, rows)
        self.advance(MOST_PICTURES - len(rows))


def _cut(name: str) -> str:
    """The end of a name, where files differ, on one line."""
    plain = escaped(name)
    return plain if len(plain) <= LONGEST_NAME else "…" + plain[-LONGEST_NAME + 1 :]
