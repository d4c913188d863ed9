"""One file per layout of a data set; the folder is the list of layouts.

A file is named like the `kind` of its manifests and holds the functions of `Layout`. It may hold
`read(manifest) -> Contents` where its images are not files of their own. It states
`FALLBACK = True` if it takes what another layout recognises as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from striate.data.manifest import Manifest


class Wishes(TypedDict, total=False):
    """What may be asked for about the reading of a data set; see `Reading`."""

    follow_links: bool
    allow_empty: bool
    group: str | None
    label: str | None
    images: str | Path | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was asked for about the reading of a data set.

    follow_links: take what lies outside the data folder but is linked from it.
    allow_empty: keep classes whose folders hold no images.
    group: column whose values must not be torn between splits; None: one with such a name.
    label: column of the labels; None: one with such a name.
    images: folder that the paths of a list start from; None: the one with the list.
    """

    follow_links: bool = False
    allow_empty: bool = False
    group: str | None = None
    label: str | None = None
    images: str | Path | None = None


class Layout(Protocol):
    """What a file of this folder offers."""

    def recognises(self, data: str) -> bool:
        """Whether `data`, a path or a word, is of this layout; looks at little of it."""

    def index(self, data: str, how: Reading) -> Manifest:
        """All images of it.

        Raises:
            DataError: with what is wrong, and where.
        """
