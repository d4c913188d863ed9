"""Trained networks in use: loading them, and asking them about images."""

from striate.deploy.bundle import Bundle, load
from striate.deploy.fit import fit
from striate.deploy.predict import Belief, Guess, Prediction, belief, predict
from striate.deploy.pretrained import open_bundle, pretrained

__all__ = [
    "Belief",
    "Bundle",
    "Guess",
    "Prediction",
    "belief",
    "fit",
    "load",
    "open_bundle",
    "predict",
    "pretrained",
]
