"""Images that cannot be read, before and while a network is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import DataError
from tests.data.pictures import stripe_folder, write
from tests.train.runs import trained


def test_an_unreadable_image_is_left_out_and_listed(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos")
    write(tmp_path / "photos" / "across" / "5.png", b"not a picture")
    trained(tmp_path, max_unreadable=0.05, epochs=1)
    assert (tmp_path / "run" / "unreadable.csv").read_text().splitlines()[1:] == [
        'across/5.png,"not an image, or of a kind pillow cannot read"'
    ]


def test_too_many_unreadable_images_stop_before_a_folder_is_made(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos")
    write(tmp_path / "photos" / "across" / "5.png", b"not a picture")
    with pytest.raises(DataError, match=r"1 of 24 images cannot be read; 1\.0% are allowed"):
        trained(tmp_path)
    assert not (tmp_path / "run").exists()


def test_images_met_unreadable_while_training_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of large sets only a sample is decoded before the training begins."""
    monkeypatch.setattr("striate.train.prepare.FEWEST_SAMPLED", 2)
    monkeypatch.setattr("striate.train.prepare.SAMPLED_PIXELS", 0)
    stripe_folder(tmp_path / "photos")
    for name in ("across/5.png", "upright/7.png"):
        # A whole head, and nothing behind it.
        file = tmp_path / "photos" / name
        file.write_bytes(file.read_bytes()[:60])
    trained(tmp_path, max_unreadable=0.1, epochs=2, val_share=0)
    rows = (tmp_path / "run" / "unreadable.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["across/5.png", "upright/7.png"]


def test_too_many_met_while_training_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("striate.train.prepare.FEWEST_SAMPLED", 2)
    monkeypatch.setattr("striate.train.prepare.SAMPLED_PIXELS", 0)
    stripe_folder(tmp_path / "photos")
    file = tmp_path / "photos" / "across" / "5.png"
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(DataError, match=r"1 of 24 images cannot be read; 1\.0% are allowed"):
        trained(tmp_path, val_share=0)
    assert "across/5.png" in (tmp_path / "run" / "unreadable.csv").read_text()


def test_a_step_left_with_one_image_does_not_reach_batch_norm(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos", images=3)
    write(tmp_path / "photos" / "across" / "1.png", b"not a picture")
    net = "input(3, 8, 8) -> conv(4) -> gap -> bn -> fc(2)"
    assert trained(tmp_path, net, val_share=0, epochs=2, batch=2, max_unreadable=0.5).epochs == 2
