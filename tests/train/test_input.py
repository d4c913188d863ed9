"""Advice for trainings that wait for their images: only where there is a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from striate.data import Loader, Preprocessing, Store, index, open_cache, usable_cores
from striate.train import Options, Silent, fit, load_checkpoint
from striate.train.input import input_advice
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3)


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    """Without a cache; after a pass that was half waiting."""
    made = Loader(index(stripe_folder(tmp_path / "photos", images=2)), RECORD, 2, workers=1)
    made.waited_s = made.used_s = 10.0
    return made


def test_the_share_is_told_with_what_can_be_done(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("striate.train.input.usable_cores", lambda: 4)
    assert input_advice(loader) == (
        "images are the limit: the network waited for them 50% of the epoch; keep decoded images, "
        "on a fast disk with room: --cache DIR; or store the files smaller, nearer to the size "
        "that the network takes; load with more threads than 1: --workers 4"
    )


@pytest.mark.parametrize(("waited_s", "used_s"), [(1.0, 9.0), (2.0, 1.0), (0.0, 0.0)])
def test_short_waits_and_short_passes_are_not_worth_it(
    loader: Loader, waited_s: float, used_s: float
) -> None:
    loader.waited_s, loader.used_s = waited_s, used_s
    assert input_advice(loader) is None


def test_a_pass_that_fills_the_cache_is_not_the_measure(loader: Loader, tmp_path: Path) -> None:
    cache = open_cache(loader.manifest, RECORD, Store(str(tmp_path / "kept")))
    assert cache is not None
    cached = Loader(loader.manifest, RECORD, 2, cache=cache, workers=usable_cores())
    for advised in (False, True):
        list(cached.batches())
        cached.waited_s = cached.used_s = 10.0
        assert bool(input_advice(cached)) is advised
    cache.failure, cached.kept_before = "No space left on device", 0.0
    assert "could not be kept (No space left on device)" in str(input_advice(cached))


def test_a_training_is_the_same_with_a_cache_and_without(tmp_path: Path) -> None:
    photos = stripe_folder(tmp_path / "photos", images=6, side=20)
    net = "input(3, 8, 8) -> conv(4) -> relu -> fc(2)"
    kept = str(tmp_path / "kept")
    for number, cache in enumerate([kept, kept, "off"]):
        options = Options(epochs=2, batch=4, crop_scale=0.4, cache=cache)
        fit(net, photos, out=tmp_path / str(number), reporter=Silent(), **options)
    weights = [load_checkpoint(tmp_path / str(number), "last").tensors for number in range(3)]
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name])
        assert torch.equal(tensor, weights[2][name])
