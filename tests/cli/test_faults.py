"""The commands on folders that hold bad files: left out by name, counted, never replaced."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.data import load_manifest
from tests.data.faults.corpus import corpus
from tests.data.faults.entries import ODD_NAMES, hidden, no_files
from tests.data.pictures import png, stripe_folder, stripes, write
from tests.deploy.runs import NET

QUICK = ("--net", NET, "--epochs", "1", "--batch", "16", "--no-flip")
REFUSED = sorted(case.name for case in corpus().values() if not case.is_legal)
GOOD = 2 * 12


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve good pictures in each of two classes, and every bad file of the corpus in one."""
    root = stripe_folder(tmp_path_factory.mktemp("bad") / "photos")
    for name in REFUSED:
        write(root / "across" / name, corpus()[name].content)
    return root


@pytest.fixture(scope="module")
def made(photos: Path) -> Path:
    """A run on them."""
    out = photos.parent / "run"
    options = ("--max-unreadable", "0.9", "--out", str(out))
    assert run(["fit", str(photos), *QUICK, *options]) == 0
    return out


def told(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    found = capsys.readouterr()
    assert "Traceback" not in found.err
    return found.out, found.err


def test_fit_refuses_too_many_bad_files_and_names_some(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert run(["fit", str(photos), *QUICK, "--out", str(out)]) == 2
    _, err = told(capsys)
    total = GOOD + len(REFUSED)
    assert f"{len(REFUSED)} of {total} images cannot be read; 1.0% are allowed" in err
    assert "[too-many-unreadable]" in err
    assert "--max-unreadable" in err
    assert "Exception" not in err
    assert not out.exists()


def test_show_batch_shows_the_good_files(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "batch.png"
    command = ["show-batch", str(photos), "--net", NET, "-o", str(page), "--json"]
    assert run(command) == 2
    assert "--max-unreadable" in told(capsys)[1]
    assert run([*command, "--max-unreadable", "0.9"]) == 0
    assert page.stat().st_size > 0
    assert not any(name in told(capsys)[0] for name in REFUSED)


def test_fit_leaves_bad_files_out_by_name(made: Path) -> None:
    with (made / "unreadable.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["path"] for row in rows) == [f"across/{name}" for name in REFUSED]
    assert all(row["reason"] for row in rows)


def test_fit_tells_a_class_of_which_nothing_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = stripe_folder(tmp_path / "photos")
    for file in (root / "across").iterdir():
        file.write_bytes(file.read_bytes()[:60])
    options = ("--max-unreadable", "0.9", "--val-share", "0", "--out", str(tmp_path / "run"))
    assert run(["fit", str(root), *QUICK, *options]) == 0
    assert "no image to train on can be read of: across" in told(capsys)[1]


def test_eval_of_the_run_scores_the_good_files_alone(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held_out = load_manifest(made / "manifest.parquet").only("val").column("path").tolist()
    bad = [path for path in held_out if Path(path).name in REFUSED]
    assert run(["eval", str(made), "--max-unreadable", "1", "--json"]) == 0
    out, _ = told(capsys)
    found = json.loads(out)
    assert found["images"] == len(held_out) - len(bad)
    assert sorted(found["unreadable"]) == sorted(bad)


def test_eval_of_a_folder_refuses_or_counts(
    made: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", str(made), str(photos)]) == 2
    assert "[too-many-unreadable]" in told(capsys)[1]
    assert run(["eval", str(made), str(photos), "--max-unreadable", "0.9", "--json"]) == 0
    out, err = told(capsys)
    found = json.loads(out)
    assert found["images"] == GOOD
    assert len(found["unreadable"]) == len(REFUSED)
    assert all(name in err for name in REFUSED)


def test_predict_answers_the_good_and_tells_the_bad(
    made: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [str(photos / "across" / name) for name in REFUSED]
    good = [str(photos / "across" / f"{number}.png") for number in range(12)]
    assert run(["predict", str(made), *bad, *good]) == 2
    out, err = told(capsys)
    assert [line.split("  ")[0].strip() for line in out.splitlines()] == good
    assert err.count("[unreadable-image]") == len(bad)
    assert all(f"error: {file}: " in err for file in bad)


def test_names_in_lists_are_those_of_the_files_and_in_messages_they_are_harmless(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("line\nbreak.png", "\x1b[31mred.png", "x" * 200 + ".png")
    root = stripe_folder(tmp_path / "photos")
    for name in names:
        write(root / "across" / name, b"no image")
    options = ("--max-unreadable", "0.5")
    assert run(["fit", str(root), *QUICK, *options, "--out", str(tmp_path / "run")]) == 0
    assert run(["eval", str(made), str(root), *options]) == 0
    files = [str(root / "across" / name) for name in (*names, "1.png")]
    assert run(["predict", str(made), *files]) == 2
    out, err = told(capsys)
    assert out.isascii()
    assert "\x1b" not in out + err
    assert "break.png" not in [line[:9] for line in err.splitlines()]
    with (tmp_path / "run" / "unreadable.csv").open(newline="") as file:
        listed = {row["path"] for row in csv.DictReader(file)}
    assert listed == {f"across/{name}" for name in names}


def test_odd_names_and_entries_that_are_no_files_do_not_stop_a_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = stripe_folder(tmp_path / "photos")
    for name in ODD_NAMES:
        write(root / "across" / name, png(stripes(3, is_upright=False)))
    no_files(root / "across")
    hidden(root, "across")
    out = tmp_path / "run"
    assert run(["fit", str(root), *QUICK, "--out", str(out), "--max-unreadable", "0"]) == 0
    told(capsys)
    listed = load_manifest(out / "manifest.parquet").column("path").tolist()
    assert len(listed) == GOOD + len(ODD_NAMES)
