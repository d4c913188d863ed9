"""The handwritten digits that come with scikit-learn: 1,797 grey pictures of 8×8 pixels."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

from striate.data.layouts import Reading
from striate.data.layouts._columns import refuse_columns, refuse_links
from striate.data.manifest import Manifest, manifest_table
from striate.data.splits import stratified

DIGITS = "digits"
# The split into training and test images is part of the data set, not of a training.
TEST_SHARE, SPLIT_SEED = 0.2, 0


def recognises(data: str) -> bool:
    """Whether it is the word `digits`."""
    return data == DIGITS


def index(data: str, how: Reading) -> Manifest:
    """The digits, 1,437 of them for training and 360 held out as the test split.

    Source: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI repository,
    1998, in the copy of scikit-learn.
    """
    from sklearn.datasets import load_digits

    refuse_columns(how, "the digits")
    refuse_links(how, data, "built in")
    labels = load_digits().target
    is_test = stratified(labels, share=TEST_SHARE, seed=SPLIT_SEED)
    columns = {
        "path": [DIGITS] * len(labels),
        "place": range(len(labels)),
        "labels": labels,
        "split": np.where(is_test, "test", "train").tolist(),
        "bytes": [-1] * len(labels),
    }
    return Manifest(data, DIGITS, tuple("0123456789"), manifest_table(columns))


class Digits:
    """The digits as the contents of PNG files, their 17 grey levels spread over 0..255."""

    def __init__(self, manifest: Manifest) -> None:
        self.rows = manifest.column("place")

    def __call__(self, place: int, /) -> bytes:
        return _files()[int(self.rows[place])]


read = Digits


@cache
def _files() -> list[bytes]:
    from sklearn.datasets import load_digits

    levels: np.ndarray = load_digits().images
    return [_png(np.round(picture * (255 / 16)).astype(np.uint8)) for picture in levels]


def _png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
