"""Trained networks in use: loading them, and asking them about images."""

from striate.deploy.bundle import Bundle, load
from striate.deploy.fit import fit
from striate.deploy.predict import Guess, Prediction, predict
from striate.deploy.pretrained import open_bundle, pretrained

__all__ = [
    "Bundle",
    "Guess",
    "Prediction",
    "fit",
    "load",
    "open_bundle",
    "predict",
    "pretrained",
]
