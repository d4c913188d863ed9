"""Quick trainings on striped pictures, for tests."""

from __future__ import annotations

from pathlib import Path

from striate.train import Options, Outcome, Silent, fit
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
