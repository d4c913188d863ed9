"""The page of an evaluation: whole in itself, escaped, of bounded size, for all kinds of data."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from striate.data import index
from striate.evaluate.report import STEPS, Story, page, write_report
from striate.evaluate.report.gallery import MOST_PICTURES
from tests.data.pictures import png, write
from tests.evaluate.report.judged import drawn, evaluation_of, manifest_of, number, said_of
from tests.pages import Tags

BAD = ("<script>alert(1)</script>", "a\nb", "\u202eabc", "x" * 300, "{{ 7 * 7 }}", '"><img src=x>')
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def story(**more: object) -> Story:
    rows = [
        {"epoch": n, "train_loss": 2 / n, "val_macro_f1": 1 - 1 / n, "lr": 0.1, "images_per_s": 9.0}
        for n in range(1, 6)
    ]
    values: dict[str, object] = {"log": rows, "best_epoch": 5, "audit": ["all are 8x8"]}
    facts = {"Versions": {"torch": "2.13"}}
    return Story(**{**values, "facts": facts, **more})  # type: ignore[arg-type]


def hostile_page(folder: Path) -> str:
    """Classes and files with names that try to be more than names."""
    probabilities, labels = drawn(60, len(BAD))
    files = [f"<img src=x onerror=alert({row})>.png" if row % 2 else f"{row}.png" for row in
             range(60)]  # fmt: skip
    for row, name in enumerate(files):
        write(folder / name, png(np.full((8, 8, 3), row, np.uint8)))
    said = said_of(probabilities[:, ::-1], labels, BAD, files)
    told = story(audit=list(BAD), facts={BAD[0]: {BAD[1]: BAD[2]}})
    given: dict[str, object] = {name: {"value": name, "origin": "option"} for name in BAD}
    evaluation = evaluation_of(
        said, settings=given, notes=BAD, unreadable=tuple((name, name) for name in BAD)
    )
    return page(evaluation, said, manifest_of(folder, files, labels, BAD), told)


def test_names_are_text_and_never_part_of_the_page(tmp_path: Path) -> None:
    found = Tags(hostile_page(tmp_path))
    names = {tag for tag, _ in found.tags}
    assert names.isdisjoint({"script", "iframe", "object", "link"})
    assert not [key for _, keys in found.tags for key in keys if key.startswith("on")]
    assert BAD[0] in found.text
    assert "<img src=x onerror=alert(" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert "\u202e" not in found.text.replace(BAD[2], "")  # notes are sentences, not names
    assert "a\\nb" in found.text


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    text = hostile_page(tmp_path)
    found = Tags(text)
    addresses = [keys[key] for _, keys in found.tags for key in ("src", "href") if key in keys]
    assert len(addresses) > MOST_PICTURES
    assert all(str(address).startswith("data:image/") for address in addresses)
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)


def test_a_thousand_classes_give_a_page_of_bounded_size() -> None:
    probabilities, labels = drawn(3000, 1000)
    said = said_of(probabilities, labels, [f"class {k}" for k in range(1000)])
    text = page(evaluation_of(said), said, None, story())
    assert len(text) < 1_500_000
    found = Tags(text)
    assert "Each point stands for 4 by 4 classes" in found.text
    assert "940 more classes" in found.text
    assert sum(1 for tag, keys in found.tags if keys.get("class") == "map") == 1


def test_pictures_are_the_worst_mistakes_first_and_few(tmp_path: Path) -> None:
    probabilities, labels = drawn(200, 4)
    said = said_of(probabilities[:, [1, 2, 3, 0]], labels, list("abcd"))
    steps: list[int] = []
    text = page(evaluation_of(said), said, None, advance=steps.append)
    assert sum(steps) == STEPS
    losses = [float(word) for word in re.findall(r"loss (\d+\.\d+)", text)]
    assert len(losses) == MOST_PICTURES
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(said.losses.max(), abs=0.005)
    assert f"of {int((~said.is_right).sum()):,}; all images are in" in Tags(text).text


def test_images_that_are_gone_are_named_without_a_picture(tmp_path: Path) -> None:
    probabilities, labels = drawn(20, 3)
    said = said_of(probabilities[:, ::-1], labels, list("abc"))
    write(tmp_path / "0.png", b"no image")
    manifest = manifest_of(tmp_path, said.paths, labels, "abc")
    found = Tags(page(evaluation_of(said), said, manifest))
    assert not [tag for tag, _ in found.tags if tag == "img"]
    assert "no picture" in found.text
    assert "7.png" in found.text


def test_a_table_of_images_that_was_exchanged_costs_the_pictures_alone(tmp_path: Path) -> None:
    content = png(np.zeros((8, 8, 3), np.uint8))
    table = pa.table({"image": [{"bytes": content, "path": None}] * 6, "label": [0, 1, 2] * 2})
    pq.write_table(table, tmp_path / "photos.parquet")
    manifest = index(tmp_path / "photos.parquet")
    said = said_of(np.eye(3, dtype=np.float32)[[1, 2, 0] * 2], np.array([0, 1, 2] * 2), "abc")
    length = (tmp_path / "photos.parquet").stat().st_size
    write(tmp_path / "photos.parquet", bytes(length))
    found = Tags(page(evaluation_of(said), said, manifest))
    assert "no picture" in found.text
    assert not [tag for tag, _ in found.tags if tag == "img"]


@pytest.mark.parametrize("classes", [1, 2, 24, 25])
def test_any_number_of_classes_can_be_shown(classes: int) -> None:
    probabilities, labels = drawn(100, classes)
    said = said_of(probabilities, labels, [f"class {k}" for k in range(classes)])
    found = Tags(page(evaluation_of(said), said, None, story()))
    assert [keys for _, keys in found.tags if keys.get("class") == "matrix"]
    assert "Brier" not in found.text


def test_without_a_mistake_the_page_says_so() -> None:
    said = said_of(np.eye(3, dtype=np.float32), np.arange(3), list("abc"))
    text = Tags(page(evaluation_of(said), said, None)).text
    assert "Not one image is wrong." in text
    assert "No image was taken for another class." in text


def test_several_labels_have_thresholds_and_no_confusion() -> None:
    random = np.random.default_rng(0)
    truth = (random.random((40, 3)) < 0.4).astype(np.float32)
    probabilities = np.clip(0.7 * truth + 0.3 * random.random((40, 3)), 0, 1).astype(np.float32)
    probabilities[:4] = 1 - probabilities[:4]
    said = said_of(probabilities, truth, ["sea", "sky", "sun"])
    evaluation = evaluation_of(said, scores={
        "macro_f1": number(0.8), "average_precision": number(0.7), "accuracy": number(0.6),
        "log_loss": number(0.3), "ece": number(0.1)})  # fmt: skip
    text = Tags(page(evaluation, said, None)).text
    assert "exact match" in text
    assert "threshold" in text
    assert "probability of a label" in text
    assert "taken for what" not in text
    assert "Labels that may be wrong" not in text


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ("trained", "most stay undiscovered."),
        ("validated", "have chosen the best epoch"),
        ("new", "held out of the training, as they must."),
        ("unknown", "Nobody can tell"),
    ],
)
def test_suspicions_say_how_far_to_trust_them(known: str, words: str) -> None:
    probabilities, labels = drawn(20, 2)
    said = said_of(probabilities, labels, ["cat", "dog"])
    text = Tags(page(evaluation_of(said), said, None, story(known=known))).text
    assert words in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to open the page with")
def test_a_browser_opens_it_without_a_complaint(tmp_path: Path) -> None:
    probabilities, labels = drawn(60, 4)
    said = said_of(probabilities[:, ::-1], labels, [BAD[0], *"bcd"])
    path = tmp_path / "report.html"
    write_report(path, evaluation_of(said), said, None, story())
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    assert "The worst mistakes" in done.stdout
    assert "://" not in done.stdout.replace(path.as_uri(), "")
    assert "CONSOLE" not in done.stderr
