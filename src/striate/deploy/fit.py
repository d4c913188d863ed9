"""Training as one call from Python that gives back what can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from striate.deploy.bundle import Bundle, load
from striate.networks import Network
from striate.train import Options, Reporter
from striate.train import fit as train_into_folder


def fit(
    net: str | Network | None = None,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    preview: str | Path | None = None,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> Bundle:
    """Train `net` on `data`; the network with its best weights, read back from the run folder.

    Arguments and options as in `striate.train.fit`.

    Raises:
        StriateError: with what is wrong and what to do.
        KeyboardInterrupt: Ctrl-C was pressed; all was saved that `resume` needs.
    """
    outcome = train_into_folder(
        net, data, out=out, resume=resume, preview=preview, reporter=reporter, **options
    )
    if outcome.is_interrupted:
        raise KeyboardInterrupt
    return load(outcome.folder)
