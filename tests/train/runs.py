"""Quick trainings on striped pictures, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from striate.train import Options, Outcome, Silent, fit
from striate.train.reporter import Show
from tests.data.pictures import stripe_folder

NET = "input(3, 8, 8) -> conv(8) -> bn -> relu -> conv(8, s=2) -> bn -> relu -> fc(2)"
QUICK = Options(epochs=4, batch=8, flip=False)


def trained(folder: Path, net: str = NET, **options: int | float) -> Outcome:
    """A quick run on 24 pictures, in `folder`/run."""
    photos = folder / "photos"
    if not photos.exists():
        stripe_folder(photos)
    merged: Options = {**QUICK, **options}  # type: ignore[typeddict-item]
    return fit(net, photos, out=folder / "run", reporter=Silent(), **merged)


class Counting(Silent):
    """Calls back after each step, with the lines that were told so far at hand."""

    def __init__(self, at_step: Callable[[], None] = lambda: None) -> None:
        self.at_step = at_step
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def live(self, title: str, total: int) -> Iterator[Show]:
        yield lambda images, figures: self.at_step()
