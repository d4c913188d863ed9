"""Previews show what the network sees: checked against the files themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate.data import Loader, Preprocessing, index
from striate.errors import UsageError
from striate.train import Options, Silent, fit, save_preview, show_batch
from striate.train.pictures.preview import Shown, check_picture_name, first_images, label_lines
from striate.train.settings import resolve
from striate.train.steps import Steps
from tests.data.pictures import noise, png, stripe_folder, write

NET = "input(3, 8, 8) -> conv(4) -> relu -> fc(2)"
RECORD = Preprocessing(8, 8, 3)
PLAIN = Options(batch=4, flip=False, padding=0, crop_scale=1.0)


def shown(data: Path, net: str, **options: object) -> dict[str, np.ndarray]:
    """Pixels by name of file."""
    merged = {**PLAIN, **options}
    found = show_batch(data, net, count=100, reporter=Silent(), **merged)  # type: ignore[arg-type]
    return {image.name: image.pixels for image in found.images}


@pytest.mark.parametrize("channels", [1, 3])
def test_untouched_images_are_the_files_to_the_pixel(tmp_path: Path, channels: int) -> None:
    for number in range(12):
        write(tmp_path / "ab"[number % 2] / f"{number}.png", png(noise(number, channels=channels)))
    net = f"input({channels}, 8, 8) -> conv(4) -> relu -> fc(2)"
    found = shown(tmp_path, net, val_share=0.0)
    assert len(found) == 12
    for name, pixels in found.items():
        expected = np.asarray(Image.open(tmp_path / name)).reshape(8, 8, channels)
        assert np.array_equal(pixels, expected)


def test_what_is_told_of_a_crop_is_what_was_cut(tmp_path: Path) -> None:
    for number in range(6):
        write(
            tmp_path / "ab"[number % 2] / f"{number}.png", png(noise(number, height=40, width=60))
        )
    options = Options(size=24, val_share=0.0, flip=False, padding=0, crop_scale=0.3)
    found = show_batch(tmp_path, count=6, reporter=Silent(), **options)
    for image in found.images:
        crop = image.to_json()["done"]["crop"]  # type: ignore[index,call-overload]
        assert crop["of_px"] == [60, 40]  # type: ignore[index,call-overload]
        box = tuple(crop["box_px"])  # type: ignore[index,call-overload,arg-type]
        assert (box[2] - box[0]) * (box[3] - box[1]) >= 0.29 * 60 * 40
        file = Image.open(tmp_path / image.name)
        expected = file.crop(box).resize((24, 24), Image.Resampling.BILINEAR)
        assert np.abs(image.pixels.astype(int) - np.asarray(expected)).max() <= 1


def test_mixed_images_name_their_classes_and_their_partner(tmp_path: Path) -> None:
    stripe_folder(tmp_path)
    found = show_batch(tmp_path, count=8, mixup=1.0, batch=4, reporter=Silent())
    mixed = [image for image in found.images if "mixup" in image.done]
    assert mixed
    for image in mixed:
        told = image.done["mixup"]
        assert isinstance(told, dict)
        assert (tmp_path / str(told["partner"])).is_file()
        assert sum(image.classes.values()) == pytest.approx(1, abs=1e-6)


def shown_with_several(photos: Path, *, mixup: float = 0.0) -> list[Shown]:
    """What is shown of images of which one has no label, one all three, the others one."""
    manifest = replace(index(photos), classes=("a", "b", "c"))
    manifest = manifest.with_columns(labels=[[], [2, 0, 1], *([[0]] * (len(manifest) - 2))])
    plain = resolve(
        Options(**PLAIN, mixup=mixup), manifest=index(photos), record=RECORD, is_colour=True,
        is_varied=False,
    )  # fmt: skip
    return first_images(Steps(Loader(manifest, RECORD, 4), RECORD, plain, torch.device("cpu")))


def test_several_labels_an_image_are_all_named(tmp_path: Path) -> None:
    stripe_folder(tmp_path, images=4)
    found = {image.name: image for image in shown_with_several(tmp_path)}
    assert found["across/0.png"].classes == {}
    assert found["across/1.png"].classes == {"a": 1, "b": 1, "c": 1}
    assert found["upright/1.png"].classes == {"a": 1}
    assert label_lines(found["across/0.png"]) == ["no label"]
    assert label_lines(found["across/1.png"]) == ["a", "b", "c"]


def test_mixed_images_with_several_labels_tell_the_share_of_each(tmp_path: Path) -> None:
    stripe_folder(tmp_path, images=4)
    found = {image.name: image for image in shown_with_several(tmp_path, mixup=1.0)}
    mix = found["across/1.png"].done["mixup"]
    assert isinstance(mix, dict)
    share = float(str(mix["share"]))
    partner = {"across/0.png": 0.0}.get(str(mix["partner"]), 1.0)
    assert found["across/1.png"].classes["b"] == pytest.approx(share, abs=1e-3)
    a = share + (1 - share) * partner
    assert found["across/1.png"].classes["a"] == pytest.approx(a, abs=1e-3)
    many = Shown("x", {"a": 1.0, "b": 0.5, "c": 0.5, "d": 0.25}, {}, np.zeros((8, 8, 3), np.uint8))
    assert label_lines(many) == ["100% a", "50% b", "50% c, 25% d"]


def test_fit_writes_the_picture_that_show_batch_makes(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos")
    options = Options(epochs=1, batch=8, rotate=20, erase=0.5, cutmix=1.0, seed=3)
    found = show_batch(tmp_path / "photos", NET, reporter=Silent(), **options)
    save_preview(tmp_path / "shown.png", found.images, title=found.title)
    fit(
        NET, tmp_path / "photos", out=tmp_path / "run", preview=tmp_path / "fit.png",
        reporter=Silent(), **options,
    )  # fmt: skip
    assert (tmp_path / "fit.png").read_bytes() == (tmp_path / "shown.png").read_bytes()


def test_epochs_are_shown_as_they_come(tmp_path: Path) -> None:
    stripe_folder(tmp_path)
    one, two = (
        [image.name for image in show_batch(tmp_path, epoch=epoch, reporter=Silent()).images]
        for epoch in (1, 2)
    )
    assert one != two
    assert set(one) <= {f"{name}/{i}.png" for name in ("across", "upright") for i in range(12)}


@pytest.mark.parametrize("name", ["batch.png", "batch.JPG", "batch.webp"])
def test_the_kind_of_picture_follows_the_name(tmp_path: Path, name: str) -> None:
    stripe_folder(tmp_path / "photos")
    found = show_batch(tmp_path / "photos", count=4, reporter=Silent())
    save_preview(tmp_path / name, found.images, title=found.title)
    kind = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}[Path(name).suffix.lower()]
    with Image.open(tmp_path / name) as picture:
        assert picture.format == kind
        assert picture.mode == "RGB"


@pytest.mark.parametrize(
    ("name", "code"), [("batch.txt", "preview-kind"), ("no/such/batch.png", "preview-folder")]
)
def test_names_that_cannot_be_written_are_refused_before_any_work(
    tmp_path: Path, name: str, code: str
) -> None:
    with pytest.raises(UsageError) as refused:
        check_picture_name(tmp_path / name)
    assert refused.value.code == code
