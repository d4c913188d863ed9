"""What users give by mistake: one message that says what to do, code 2, and nothing left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.evaluate.report import read_log
from tests.data.pictures import png, stripe_folder, stripes, write
from tests.deploy.runs import NET, stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.fixture
def copy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder to damage, in the working directory, beside good and bad images."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, "run")
    write(Path("good.png"), png(stripes(0, is_upright=True)))
    Path("empty.png").touch()
    Path("folder").mkdir()
    return Path("run")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one message of a command that must fail."""
    assert run(arguments) == 2
    found = capsys.readouterr().err
    assert found.count("error: ") == 1
    assert "Traceback" not in found
    return found


def edited(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change a file of JSON."""
    values = json.loads(path.read_text("utf-8"))
    change(values)
    path.write_text(json.dumps(values), "utf-8")


@pytest.mark.parametrize("verb", ["eval", "predict", "explain", "export", "compare"])
def test_a_folder_that_is_no_run(copy: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    rest = {"eval": [], "export": ["-o", "m.onnx"], "compare": ["run"]}.get(verb, ["good.png"])
    assert told(capsys, verb, "folder", *rest) == (
        "error: folder is no run folder: network.cnn and best.json are missing  [no-run]\n"
        "   = help: name a folder that striate fit made, such as runs/photos-resnet18-1\n"
    )


@pytest.mark.parametrize("verb", ["eval", "predict", "explain", "export"])
@pytest.mark.parametrize("names", [["across"], ["across", "across"], ["across", "b", "c"]])
def test_a_run_with_other_class_names_than_outputs(
    copy: Path, capsys: pytest.CaptureFixture[str], verb: str, names: list[str]
) -> None:
    edited(copy / "best.json", lambda facts: facts.update(classes=names))
    rest = {"eval": [], "export": ["-o", "m.onnx"]}.get(verb, ["good.png"])
    assert told(capsys, verb, "run", *rest) == (
        f"error: run/best.json: {len(set(names))} different class names, "
        "but network.cnn ends in 2  "
        "[bundle-facts]\n   = help: restore the file from where it came, or train again\n"
    )
    assert not Path("m.onnx").exists()


def test_a_folder_where_a_file_of_the_run_should_be(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, code in (("best.json", "bundle-damaged"), ("network.cnn", "network-unreadable")):
        content = (copy / name).read_bytes()
        (copy / name).unlink()
        (copy / name).mkdir()
        message = told(capsys, "predict", "run", "good.png")
        assert message.startswith(f"error: run/{name}: Is a directory  [{code}]\n")
        (copy / name).rmdir()
        (copy / name).write_bytes(content)


def test_cut_weights(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = copy / "best.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    for command in (["eval", "run"], ["predict", "run", "good.png"], ["compare", "run", "run"]):
        message = told(capsys, *command)
        assert message.startswith(f"error: {weights}: ")
        assert "restore the file from where it came, or train again" in message


def test_explain_tells_an_unreadable_image_once(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("captum")
    message = told(capsys, "explain", "run", "empty.png", "--out", "out")
    assert message.endswith(
        "error: empty.png: the file is empty  [unreadable-image]\n"
        "   = help: replace or remove the file, or convert it to PNG or JPEG\n"
    )


def test_a_log_that_is_none_costs_the_report_nothing_but_its_curves(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "log.csv").write_text("epoch,val_loss\nnan,3\ninf,4\n2,x\n")
    (copy / "timing.csv").write_bytes(b"\xff\xfe\x00")
    assert run(["eval", "run", "--out", "out"]) == 0
    assert "<h2>Scores</h2>" in Path("out/report.html").read_text("utf-8")
    assert [row["epoch"] for row in read_log(copy / "log.csv")] == [2.0]


@pytest.mark.parametrize("out", ["good.png", "good.png/deeper"])
def test_eval_looks_where_it_will_write_before_it_begins(
    copy: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    message = told(capsys, "eval", "run", "--out", out)
    assert f"error: {out} cannot be written: " in message
    assert (
        "good.png is a file  [cannot-write]\n   = help: name another folder with --out" in message
    )
    assert capsys.readouterr().out == ""


def test_compare_of_a_file_of_predictions_that_is_not_there(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = told(capsys, "compare", "run", "said.parquet")
    assert "there is no file said.parquet  [no-predictions]" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "good.png/run"], "good.png is a file  [out-is-a-file]"),
        (["--recipe", "scrach"], "there is no recipe 'scrach'; did you mean 'scratch'?"),
        (["--batch", "8", "--accumulate", "9"], "leaves parts without an image of a batch of 8  "),
        (["--metric", "map"], "mAP is for images with several labels; these have one each"),
        (["--find-lr", "--resume", "run"], "--find-lr makes no use of --resume  "),
        (["--find-lr", "--out", "a", "--lr", "1"], "--find-lr makes no use of --out, --lr  "),
    ],
)
def test_a_training_that_cannot_be(
    copy: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    photos = stripe_folder(Path("photos"))
    before = sorted(Path().rglob("*"))
    assert message in told(
        capsys, "fit", str(photos), "--net", NET, "--epochs", "1", *options
    )  # fmt: skip
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("command", [["fit"], ["scan"], ["eval", "run"]])
def test_data_of_an_empty_name(
    copy: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert "the name of the data is empty  [data-not-found]" in told(capsys, *command, "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"settings": 3}', "run/settings.json: it holds no table of settings with their origins"),
        ('{"settings": {"lr": 3}}', "it holds no table of settings with their origins"),
        ("{", "run/settings.json: Expecting property name"),
    ],
)
def test_going_on_with_damaged_settings(
    copy: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    (copy / "settings.json").write_text(content)
    assert message in told(capsys, "fit", "--resume", "run")


@pytest.mark.parametrize("folder", ["good.png", "folder", "nowhere"])
def test_going_on_with_what_is_no_run(
    copy: Path, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    assert told(capsys, "fit", "--resume", folder) == (
        f"error: {folder} is no run folder: settings.json is missing  [no-run]\n"
        "   = help: name a folder that striate fit made, such as runs/photos-resnet18-1\n"
    )
