"""What is measured before a training, and what is left as the user said."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import cast

import pytest
import torch

from striate.data import Batch, Loader, Preprocessing
from striate.errors import TrainingError, UsageError
from striate.networks import Network, network
from striate.train.compute import batch_size, tune
from striate.train.compute.tune import with_batch, with_way
from striate.train.reporter import Reporter, Silent
from striate.train.settings import Origin, Settings

CPU = torch.device("cpu")
RECORD = Preprocessing(8, 8, 3, mean=(0.5,) * 3, deviation=(0.25,) * 3)


class Told(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def net() -> Network:
    return network("input(3, 8, 8) -> conv(4) -> bn -> relu -> gap -> fc(2)")


def settings(**given: object) -> Settings:
    """Settings of a long training, with what the user gave."""
    origins: dict[str, Origin] = dict.fromkeys((one.name for one in fields(Settings)), "default")
    origins |= dict.fromkeys(given, "option")
    plain = Settings(epochs=1000, size=8, batch=64, lr=0.1, origins=origins)
    return replace(plain, **given)  # type: ignore[arg-type]


def loader(images: int = 10_000) -> Loader:
    """Batches of 64 grey images."""

    def batches() -> Generator[Batch]:
        pixels = torch.full((64, 8, 8, 3), 128, dtype=torch.uint8)
        yield Batch(pixels, torch.arange(64) % 2, torch.arange(64))

    return cast("Loader", SimpleNamespace(manifest=range(images), batches=batches))


def chosen_way(
    net: Network, tell: Reporter, given: Settings, images: int = 10_000
) -> tuple[Settings, dict[str, object]]:
    found, figures = with_way(given, net, loader(images), RECORD, CPU, reporter=tell)
    return found, dict(figures)


def test_a_long_training_is_done_the_measured_way(net: Network) -> None:
    tell = Told()
    found, figures = chosen_way(net, tell, settings(compile=False, replicas=1))
    assert found.origins["precision"] == found.origins["channels_last"] == "measured"
    assert tell.lines[0].startswith("measured: ")
    rates = figures["images_per_s"]
    assert isinstance(rates, dict)
    assert set(rates) == {
        "float32, channels first",
        "float32, channels last",
        "bfloat16, channels last",
    }


def test_a_short_training_is_not_worth_measuring(net: Network) -> None:
    tell = Told()
    found, figures = chosen_way(net, tell, replace(settings(), epochs=1), images=100)
    assert (found.precision, found.channels_last, found.compile) == ("float32", True, False)
    assert not tell.lines
    assert not figures


def test_with_everything_said_nothing_is_measured(net: Network) -> None:
    tell = Told()
    given = settings(precision="bfloat16", channels_last=False, compile=False, replicas=1)
    found, _ = chosen_way(net, tell, given)
    assert found == given
    assert not tell.lines


def test_compiling_and_forgetting_exclude_each_other(net: Network) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_way(net, Silent(), settings(compile=True, checkpointing=True))
    assert str(caught.value) == (
        "error: --compile and --checkpointing exclude each other: a compiled network keeps what it "
        "chooses  [compile-checkpointing]\n   = help: leave one of the two out"
    )


def test_replicas_are_measured_where_there_are_cores_and_images(
    monkeypatch: pytest.MonkeyPatch, net: Network
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    given = settings(precision="float32", channels_last=True, compile=False)
    tell = Told()
    found, figures = chosen_way(net, tell, given)
    rates = figures["images_per_s"]
    assert isinstance(rates, dict)
    assert set(rates) == {"float32, channels last", "float32, channels last, 2 replicas"}
    assert found.origins["replicas"] == "measured"


@pytest.mark.parametrize(
    ("text", "given", "reason"),
    [
        ("conv(4)", {"checkpointing": True}, "--checkpointing works on one network only"),
        ("conv(4)", {"compile": True}, "a compiled network runs in one thread only"),
        ("conv(4) -> dropout", {}, "what a layer drops by chance"),
        ("conv(4)", {"drop_path": 0.1}, "what a layer drops by chance"),
    ],
)
def test_replicas_are_refused_where_there_can_be_none(
    text: str, given: dict[str, object], reason: str
) -> None:
    chance = network(f"input(3, 8, 8) -> {text} -> gap -> fc(2)")
    with pytest.raises(UsageError, match=f"--replicas 2 cannot be had here: {reason}"):
        chosen_way(chance, Silent(), settings(replicas=2, **given))


@pytest.mark.parametrize(("world", "batch"), [(1, 64), (2, 128)])
def test_the_batch_and_its_learning_rate_are_those_of_the_fastest_steps(
    monkeypatch: pytest.MonkeyPatch, net: Network, world: int, batch: int
) -> None:
    monkeypatch.setattr(batch_size.Trial, "seconds", lambda self, size: max(size, 64) / 1000)
    given = replace(settings(), batch=32, lr=0.05)
    found, figures = with_batch(given, net, 100_000, CPU, world=world, reporter=Silent())
    assert found.batch == batch
    assert found.lr == pytest.approx(0.05 * batch / 32)
    assert found.origins["batch"] == "measured"
    assert figures["images_per_s"] == {"16": 250, "32": 500, "64": 1000, "128": 1000, "256": 1000}


def test_a_learning_rate_that_the_user_gave_stays(
    monkeypatch: pytest.MonkeyPatch, net: Network
) -> None:
    monkeypatch.setattr(batch_size.Trial, "seconds", lambda self, size: 1.0)
    found, _ = with_batch(settings(lr=0.3), net, 1000, CPU, world=1, reporter=Silent())
    assert found.lr == 0.3


def test_where_not_two_images_fit_the_message_says_what_would(
    monkeypatch: pytest.MonkeyPatch, net: Network
) -> None:
    monkeypatch.setattr(tune, "available_bytes", lambda device: 1000)
    with pytest.raises(TrainingError, match="not even two images fit into the 1000 B that"):
        with_batch(settings(), net, 1000, CPU, world=1, reporter=Silent())
