"""Options win over choices, and every setting says where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.data import Preprocessing, index
from striate.data.augment import RandomCrop
from striate.errors import UsageError
from striate.options import Options, check_options
from striate.train.settings import Settings, default_epochs, resolve

RECORD = Preprocessing(32, 32, 3)


def settings_of(options: Options, *, is_colour: bool = True, is_varied: bool = False) -> Settings:
    return resolve(
        options,
        manifest=index("digits").only("train"),
        record=RECORD,
        is_colour=is_colour,
        is_varied=is_varied,
        pretrained=options.get("pretrained", False),
    )


def resolved(options: Options, *, is_colour: bool = True) -> dict[str, object]:
    return dict(settings_of(options, is_colour=is_colour).to_json())


def test_what_the_user_gives_always_wins() -> None:
    given = Options(
        epochs=3,
        batch=7,
        lr=0.5,
        weight_decay=0.0,
        smoothing=0.0,
        seed=0,
        flip=False,
        padding=0,
        val_share=0.0,
        max_unreadable=0.0,
        precision="bfloat16",
        workers=3,
        cache="here",
        rebuild_cache=True,
        follow_links=True,
        crop_scale=0.2,
        rotate=15,
        trivial_augment=True,
        jitter=0.4,
        erase=0.25,
        mixup=0.2,
        cutmix=1.0,
    )
    check_options(given)
    found = resolved(given)
    for name, value in given.items():
        assert found[name] == {"value": value, "origin": "option"}


def test_what_is_left_out_is_chosen_and_says_so() -> None:
    found = resolved({"batch": 128})
    assert found["lr"] == {"value": 0.2, "origin": "default"}  # 0.4 per 256 images
    assert found["pretrained"] == {"value": False, "origin": "default"}
    assert found["padding"] == {"value": 32 // 8, "origin": "network"}
    assert found["flip"] == {"value": True, "origin": "data"}
    assert found["size"] == {"value": 32, "origin": "network"}


def test_what_is_trained_already_gets_a_tenth_of_the_rate() -> None:
    found = resolved({"batch": 128, "pretrained": True})
    assert found["lr"] == {"value": pytest.approx(0.02), "origin": "default"}
    assert found["pretrained"] == {"value": True, "origin": "option"}


def test_grey_images_are_not_flipped() -> None:
    assert resolved({}, is_colour=False)["flip"] == {"value": False, "origin": "data"}


@pytest.mark.parametrize(("images", "epochs"), [(2, 40), (1293, 40), (47_500, 11), (10**6, 10)])
def test_small_sets_get_more_epochs(images: int, epochs: int) -> None:
    assert default_epochs(images) == epochs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "--epochs takes a whole number from 1 to 100000, found 0"),
        ({"epochs": 1.5}, "--epochs takes a whole number from 1 to 100000, found 1.5"),
        ({"batch": 1}, "--batch takes a whole number from 2 to 65536 or auto, found 1"),
        ({"lr": -0.1}, "--lr takes a number from 0 up, found -0.1"),
        ({"lr": float("inf")}, "--lr takes a number from 0 up, found inf"),
        ({"lr": float("nan")}, "--lr takes a number from 0 up, found nan"),
        ({"val_share": 1.0}, "--val-share takes a number from 0 to 0.9, found 1.0"),
        ({"crop_scale": 0}, "--crop-scale takes a number from 0.01 to 1, found 0"),
        ({"rotate": 200}, "--rotate takes a number from 0 to 180, found 200"),
        ({"jitter": 1.5}, "--jitter takes a number from 0 to 1, found 1.5"),
        ({"erase": True}, "--erase takes a number from 0 to 1, found True"),
        ({"cutmix": -1}, "--cutmix takes a number from 0 to 100, found -1"),
        ({"workers": 0}, "--workers takes a whole number from 1 to 1024, found 0"),
        ({"cache": ""}, "--cache takes auto, off or a folder, found ''"),
        ({"flip": "no"}, "--flip takes yes or no, in Python True or False, found 'no'"),
        ({"precision": "int8"}, "--precision takes float32, bfloat16 or float16, found 'int8'"),
    ],
)
def test_values_out_of_range_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_options(options)
    (name,) = options
    option = name.replace("_", "-")
    assert str(caught.value) == (
        f"error: {message}  [bad-setting]\n   = help: striate fit --help tells what --{option} does"
    )


def test_an_unknown_setting_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        check_options({"epoch": 3})
    assert str(caught.value) == (
        "error: a training has no setting 'epoch'; did you mean 'epochs'?  [unknown-setting]\n"
        f"   = help: the settings are: {', '.join(sorted(Options.__annotations__))}"
    )


def test_pictures_alike_in_size_are_shifted_and_photos_of_other_sizes_cropped() -> None:
    alike, photos = settings_of({}), settings_of({}, is_varied=True)
    assert (alike.crop_scale, alike.padding, alike.view(32, 32)) == (1, 4, None)
    assert (photos.crop_scale, photos.padding, photos.flip) == (0.35, 0, True)
    assert photos.view(32, 64) == RandomCrop(0.35, aspect=2.0)


def test_trained_weights_are_shown_more_of_each_photo() -> None:
    assert settings_of({"pretrained": True}, is_varied=True).crop_scale == 0.5


def test_grey_images_of_several_sizes_are_still_shown_whole() -> None:
    letters = settings_of({}, is_colour=False, is_varied=True)
    assert (letters.crop_scale, letters.padding, letters.flip) == (1, 4, False)


def test_whole_pictures_asked_for_are_shifted_again_and_crops_are_not() -> None:
    assert settings_of({"crop_scale": 1.0}, is_varied=True).padding == 4
    assert settings_of({"crop_scale": 0.5}).padding == 0
    assert settings_of({"crop_scale": 0.5, "padding": 2}).padding == 2


def test_what_images_go_through_is_told_in_words() -> None:
    assert settings_of({}).changes == "shifts of 4 px, flips"
    told = settings_of({"crop_scale": 0.5, "rotate": 15, "mixup": 0.2, "flip": False}).changes
    assert told == "crops of 50 % of the area and more, no flips, turns of 15 degrees, mixup 0.2"


def test_keeping_nothing_and_making_what_is_kept_anew_exclude_each_other() -> None:
    with pytest.raises(UsageError) as caught:
        check_options({"cache": "off", "rebuild_cache": True})
    assert caught.value.code == "cache-off"


def test_augmentation_is_checked_against_the_channels_of_the_network() -> None:
    with pytest.raises(UsageError, match="1 or 3 channels, these have 5"):
        resolve(
            {"trivial_augment": True},
            manifest=index("digits").only("train"),
            record=Preprocessing(32, 32, 5),
            is_colour=True,
        )


def test_trained_weights_need_fewer_epochs() -> None:
    assert default_epochs(240, is_pretrained=True) == 10
    assert default_epochs(50_000, is_pretrained=True) == 5


def test_rates_are_those_of_the_optimizer() -> None:
    adamw = settings_of({"optimizer": "adamw", "batch": 256})
    assert (adamw.lr, adamw.weight_decay) == (0.002, 0.05)
    assert settings_of({"batch": 256}).weight_decay == 5e-4


def test_epochs_of_the_user_take_the_place_of_a_time_of_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "hasty.toml"
    path.write_text('[options]\ntime = "10m"\n', "utf-8")
    settings = settings_of({"recipe": str(path), "epochs": 3})
    assert settings.time is None
    assert settings.epochs == 3
    assert settings_of({"recipe": str(path)}).budget_s == 600
