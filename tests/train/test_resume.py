"""A training that is killed at any moment ends, gone on with, as if it had not been."""

from __future__ import annotations

import os
import shutil
import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from striate.errors import BundleError, UsageError
from striate.train import fit, load_checkpoint
from striate.train.saving.state import States
from tests.data.pictures import stripe_folder
from tests.train.killing import NET, RESULTS, results, run, server, train_and_evaluate
from tests.train.runs import Counting


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_folder(tmp_path_factory.mktemp("photos") / "photos", side=12)


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    return server()


@pytest.fixture(scope="module")
def peaceful(
    context: ForkServerContext, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What a training comes to that nobody interrupts."""
    out = tmp_path_factory.mktemp("peaceful") / "run"
    assert run(context, photos, out, None) == 0
    assert not (out / "state").exists()
    return results(out)


@pytest.mark.parametrize(
    "deaths",
    [
        [("step", 2), ("step", 4), ("step", 1), ("step", 3)],
        [("evaluation", 1), ("evaluation", 2)],
        [("write", 20), ("write", 1), ("write", 3)],
        [("rename", 10), ("rename", 1), ("rename", 9)],
    ],
)
def test_killed_and_gone_on_with_it_ends_the_same_to_the_last_bit(
    context: ForkServerContext,
    photos: Path,
    tmp_path: Path,
    peaceful: dict[str, bytes],
    deaths: list[tuple[str, int]],
) -> None:
    out = tmp_path / "run"
    for deadly in deaths:
        assert run(context, photos, out, deadly) == -9
    assert run(context, photos, out, None) == 0
    killed = results(out)
    assert [name for name in RESULTS if killed[name] != peaceful[name]] == []
    assert [path.name for path in out.rglob("*.part")] == []


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that Ctrl-C stopped after its second step."""
    folder = tmp_path_factory.mktemp("stopped")
    steps = iter(range(1000))

    def stop() -> None:
        if next(steps) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    outcome = fit(
        NET, stripe_folder(folder / "photos"), out=folder / "run", reporter=Counting(stop),
        epochs=2, batch=8, lr=0.1,
    )  # fmt: skip
    assert outcome.is_interrupted
    assert load_checkpoint(folder / "run", "last").facts["step"] == 2
    return folder / "run"


def test_all_settings_are_those_of_the_run(stopped: Path) -> None:
    with pytest.raises(UsageError) as caught:
        fit(resume=stopped, reporter=Counting(), lr=0.2)
    assert str(caught.value) == (
        f"error: --lr is 0.2, but {stopped} was begun with 0.1  [resume-differs]\n"
        "   = help: leave it out: all settings are those of the run; or train anew"
    )
    with pytest.raises(UsageError, match="data are given, but --resume goes on with what"):
        fit(None, "photos", resume=stopped, reporter=Counting())
    with pytest.raises(UsageError, match="--net is given, but --resume goes on with what"):
        fit(NET, resume=stopped, reporter=Counting())


def test_what_is_given_again_as_it_was_is_no_contradiction(stopped: Path, tmp_path: Path) -> None:
    run = shutil.copytree(stopped, tmp_path / "run")
    notes = Counting()
    outcome = fit(resume=run, reporter=notes, lr=0.1, epochs=2)
    assert outcome.epochs == 2
    assert notes.lines[0] == f"goes on with {run}, from step 2 of epoch 1"
    again = Counting()
    assert fit(resume=run, reporter=again).best == outcome.best
    assert again.lines == [f"{run} is finished: nothing is left to do"]


def test_a_damaged_state_is_passed_over_for_the_one_before(stopped: Path, tmp_path: Path) -> None:
    run = shutil.copytree(stopped, tmp_path / "run")
    before, newest = States(run).files()
    newest.write_bytes(newest.read_bytes()[:-9] + bytes(9))
    notes = Counting()
    fit(resume=run, reporter=notes)
    assert notes.lines[0] == f"goes on with {run}, from step 0 of epoch 1"
    assert before.name < newest.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "network.cnn is missing  [network-missing]"),
        ("input(3, 8, 8) -> conv(", "network.cnn is not the text of a network  [network-damaged]"),
        (
            NET.replace("conv(8)", "conv(9)", 1),
            "do not fit network.cnn: 0.bias is 8 in the one, 9 in the other",
        ),
        (
            NET.replace("conv(8) -> bn", "a: conv(8) -> bn", 1),
            "do not fit network.cnn: 0.bias is 8 in the one, not there in the other",
        ),
    ],
)
def test_a_network_that_was_changed_or_lost_is_told(
    stopped: Path, tmp_path: Path, text: str | None, message: str
) -> None:
    run = shutil.copytree(stopped, tmp_path / "run")
    (run / "network.cnn").unlink()
    if text is not None:
        (run / "network.cnn").write_text(text)
    with pytest.raises(BundleError) as caught:
        fit(resume=run, reporter=Counting())
    assert message in str(caught.value)


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"is no run folder: settings.json is missing"):
        fit(resume=tmp_path, reporter=Counting())


def test_neither_training_nor_evaluation_opens_a_socket(
    context: ForkServerContext, photos: Path, tmp_path: Path
) -> None:
    process = context.Process(target=train_and_evaluate, args=(photos, tmp_path / "run"))
    process.start()
    process.join(60)
    assert process.exitcode == 0
