"""One small trained run, shared by the tests of a file."""

from __future__ import annotations

from pathlib import Path

from striate.train import Silent, fit
from tests.data.pictures import stripe_folder

NET = "input(3, 8, 8) -> conv(8) -> bn -> relu -> conv(8, s=2) -> bn -> relu -> fc(2)"


def stripe_run(folder: Path) -> Path:
    """A run folder that tells `across` from `upright`; its pictures are in `folder`/photos."""
    photos = stripe_folder(folder / "photos")
    out = folder / "run"
    return fit(NET, photos, out=out, reporter=Silent(), epochs=8, batch=8, flip=False).folder
