"""Preprocessing records for odd files."""

from __future__ import annotations

import numpy as np

from striate.data import Preprocessing


def record(picture: np.ndarray | None) -> Preprocessing:
    """The record that leaves a picture H×W×C as it is: 3 channels are RGB, more are bands."""
    assert picture is not None
    height, width, channels = picture.shape
    if channels == 3:
        return Preprocessing(height, width, channels)
    plain = (0.5,) * channels
    return Preprocessing(height, width, channels, colour="bands", mean=plain, deviation=plain)
