"""`striate fit` as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.train.finish import Outcome
from tests.data.pictures import stripe_folder, write

NET = "input(3, 8, 8) -> conv(8) -> bn -> relu -> conv(8, s=2) -> bn -> relu -> fc(2)"
QUICK = ("--net", NET, "--epochs", "6", "--batch", "8", "--no-flip")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return stripe_folder(tmp_path / "photos")


def test_results_are_on_stdout_and_progress_on_stderr(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "photos", *QUICK]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].endswith("of 6, in runs/photos-network-1")
    assert lines[1] == (
        "validation accuracy 100.00 % (95 % interval 43.85 to 100.00) on 3 images"  # scipy: 0.43850
    )
    assert lines[2].split() == ["class", "images", "precision", "recall", "F1"]
    assert [line for line in told.err.splitlines() if line.startswith("epoch 6/6  loss ")]
    assert "next: striate eval runs/photos-network-1" in told.err


def test_json_is_one_document(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "photos", *QUICK, "--out", "here", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == "here"
    assert found["epochs"] == 6
    assert found["validation"]["images"] == 3
    assert [row["class"] for row in found["validation"]["classes"]] == ["across", "upright"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fotos", *QUICK], "there is no folder or file fotos; did you mean 'photos'?"),
        (["photos", *QUICK, "--epoch", "3"], "striate fit has no option '--epoch'"),
        (["photos", *QUICK, "--batch", "1"], "--batch takes a whole number from 2 to 65536"),
        (["photos", "--pretrained", "w.pt"], "names the weights w.pt, but not their network"),
        (
            ["photos", "--net", NET.replace("fc(2)", "fc(5)")],
            "ends in 5 outputs but the data has 2",
        ),
        (["photos", "--net", "input(3, 8, 8) -> konv(8)"], "did you mean 'conv'?"),
        (["photos", "--net", "input(3, 16, 16) -> conv(8) -> gap -> fc"], "fc needs its width"),
        (["photos", "--net", "(conv(8) -> maxpool)*5 -> gap -> fc(2)"], "1x1"),
        (["photos", *QUICK, "--lr", "1e30"], "the loss is no longer a number, in epoch 1"),
        (["photos", *QUICK, "--out", "photos"], "photos holds something already"),
    ],
)
def test_a_mistake_gives_one_message_and_code_two(
    photos: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*.png")}
    assert run(["fit", *arguments]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("error: ") == 1
    assert "Traceback" not in told.err
    assert told.out == ""
    assert {path: path.read_bytes() for path in photos.rglob("*.png")} == before


def test_an_empty_class_and_an_unreadable_image_are_named(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(photos / "across" / "7.png", b"oops")
    assert run(["fit", "photos", *QUICK]) == 2
    assert "across/7.png: not an image" in capsys.readouterr().err
    bad.unlink()
    (photos / "zigzag").mkdir()
    assert run(["fit", "photos", *QUICK]) == 2
    assert "the class folder photos/zigzag holds no images" in capsys.readouterr().err


def test_ctrl_c_saves_and_gives_code_130(photos: Path) -> None:
    command = [sys.executable, "-m", "striate", "fit", "photos", *QUICK, "--epochs", "100000"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline()]
        while not lines[-1].startswith("epoch      2/"):
            assert lines[-1], "".join(lines)
            lines.append(process.stderr.readline())
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "stopping after this batch" in rest
    assert rest.splitlines()[-1] == (
        "stopped and saved; go on with: striate fit --resume runs/photos-network-1"
    )
    facts = json.loads(Path("runs/photos-network-1/last.json").read_text())
    assert facts["epoch"] >= 2


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (5.0, "best epoch 4 of 5, in run\n"),
        (4.258, "best epoch 4 of 5 (4.26 times the images), in run\n"),
    ],
)
def test_the_end_says_when_the_clock_cut_the_last_epoch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shown: float, said: str
) -> None:
    ended = Outcome(Path("run"), 5, 4, None, 600.0, is_interrupted=False, shown=shown)
    monkeypatch.setattr("striate.train.fit", lambda *_, **__: ended)
    assert run(["fit", "digits"]) == 0
    assert capsys.readouterr().out == said
