"""Weights from elsewhere: found, read without running code, and put where they belong."""

from striate.weights.find import PRETRAINED, Source, find_weights, missing_extra, offline_weights
from striate.weights.imagenet import imagenet_classes, imagenet_names
from striate.weights.load import load_into
from striate.weights.preparation import usual
from striate.weights.record import Loaded, Weights

__all__ = [
    "PRETRAINED",
    "Loaded",
    "Source",
    "Weights",
    "find_weights",
    "imagenet_classes",
    "imagenet_names",
    "load_into",
    "missing_extra",
    "offline_weights",
    "usual",
]
